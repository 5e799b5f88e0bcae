"""The machine: what it has, and whether a folder can be worked in."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import joblib

from preprocessing.files.hdf5_file import new_hdf5, open_hdf5
from preprocessing.files.lease import Busy, lease
from trainer.batches.cache import free_bytes
from trainer.doctor.finding import Finding, cause

# Training takes 1.1 GB of memory, see docs/benchmarks.md; a store of an hour takes 37 MB.
NEEDED_MEMORY, NEEDED_DISK = 1.5e9, 1e9
PREFIX = ".longtake-doctor-"
SECONDS = 30.0
SECOND_PROCESS = """
import sys
from pathlib import Path
from preprocessing.files.hdf5_file import open_hdf5
from preprocessing.files.lease import Busy, lease
with open_hdf5(Path(sys.argv[1])) as file:
    assert file["x"][2] == 2.0, "another process reads other numbers"
try:
    with lease(Path(sys.argv[1])):
        raise SystemExit("a file that one process works on can be had by another")
except Busy:
    pass
"""


def machine_findings(folder: Path) -> Iterator[Finding]:
    """Yields what there is of cores, memory and disk, and whether a folder can be worked in.

    Args:
        folder: where stores and runs are to lie.
    """
    yield Finding("cores", "ok", f"{joblib.cpu_count()} that this process may use")
    free = free_bytes()
    if free is None:
        yield Finding("memory", "missing", "nothing says how much is free")
    elif free < NEEDED_MEMORY:
        figure = f"{free / 1e9:.1f} GB free"
        yield Finding("memory", "failed", figure, "training takes 1.1 GB: end other programs")
    else:
        yield Finding("memory", "ok", f"{free / 1e9:.1f} GB free")
    yield _folder_finding(folder)


def _folder_finding(folder: Path) -> Finding:
    """Looks at the disk of a folder, and has two processes share a file there."""
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as made:
            wrong = _sharing(Path(made) / "shared.h5")
    except (OSError, subprocess.SubprocessError) as error:
        said = cause(str(error), {folder.absolute(): "FOLDER"})
        return Finding("folder", "failed", said, "give another FOLDER, which may be written to")
    figure = f"{free / 1e9:,.1f} GB free"
    if wrong:
        return Finding("folder", "failed", wrong, "work in a folder of another file system")
    if free < NEEDED_DISK:
        return Finding("folder", "failed", figure, "give another FOLDER, or make room")
    shared = f"HDF5 {h5py.version.hdf5_version} is written, read and shared by processes"
    return Finding("folder", "ok", f"{figure}; {shared}")


def _sharing(path: Path) -> str:
    """Returns what went wrong while two processes shared a file; empty if nothing did."""
    with new_hdf5(path) as made:
        made.file["x"] = [0.0, 1.0, 2.0]
    with open_hdf5(path) as file:
        if file["x"][2] != 2.0:
            return "what was written is not what is read"
    try:
        with lease(path):
            command = [sys.executable, "-c", SECOND_PROCESS, str(path)]
            second = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except Busy:
        return "a file that nobody works on counts as taken"
    return cause(second.stderr, {path.parent: "FOLDER"}) if second.returncode else ""
