"""Memory does not grow with the length of what is imported."""

from pathlib import Path

import pytest
from peaks import ALLOWED_MB, LONG, SHORT, peak_mb

WORK = r"""
import h5py
from preprocessing.importing.options import ImportConfig
from preprocessing.importing.command import run

def write_npy(path, steps):
    np.lib.format.open_memmap(path, "w+", "float32", (256, steps)).flush()
    return {"fps": 4.0, "time_axis": "last"}

def write_h5(path, steps):
    with h5py.File(path, "w") as file:
        made = file.create_dataset("x", (steps, 256), "float32")
        for start in range(0, steps, 500):
            made[start : start + 500] = np.full((500, 256), start % 1000)
    return {"fps": 4.0}

def write_csv(path, steps):
    with path.open("w") as file:
        file.write("t,x,y\n")
        file.writelines(f"{step},{step % 10},{step % 7}\n" for step in range(steps))
    return {"time_column": "t"}

def work(folder, steps):
    folder.mkdir()
    path = folder / "a.SUFFIX"
    options = write_SUFFIX(path, steps)
    assert run(ImportConfig((path,), folder / "store", **options)) == 0
"""


@pytest.mark.parametrize("suffix", [pytest.param("npy", marks=pytest.mark.slow), "h5", "csv"])
def test_peak_memory_of_an_import_does_not_grow_with_its_length(
    tmp_path: Path, suffix: str
) -> None:
    work = WORK.replace("SUFFIX", suffix)
    short, long = (peak_mb(work, tmp_path / str(steps), steps) for steps in (SHORT, LONG))
    assert long - short < ALLOWED_MB
