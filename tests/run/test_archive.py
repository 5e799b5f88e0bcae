"""Checkpoints and states of streams are used only if they are what was written."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from preprocessing.errors import InputError
from trainer.run.archive import DAMAGE, PLAIN, read_archive, write_archive
from trainer.run.checkpoint import Checkpoints, Progress

# Larger than the 4 KB that zip archives are read in, and one that is not.
ARRAYS = {"variables/00000": np.arange(600.0), "carry/00000": np.ones((2, 3), "float32")}


def written(path: Path, plain: dict[str, Any] | None = None) -> bytes:
    write_archive(path, {"epoch": 3} if plain is None else plain, ARRAYS)
    return path.read_bytes()


def written_before(path: Path, **members: np.ndarray) -> bytes:
    """As it was done before there was a digest."""
    np.savez(path, allow_pickle=False, **{**ARRAYS, PLAIN: np.array('{"epoch": 3}'), **members})
    return path.read_bytes()


@given(
    st.dictionaries(
        st.sampled_from(["variables/00000", "variables/00001", "callbacks/0/best/00000"]),
        hnp.arrays(
            st.sampled_from(["float32", "float64", "int64", "uint8", "bool", "float16", "<U3"]),
            hnp.array_shapes(min_dims=0, min_side=0),
        ),
    ),
    st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.none()),
)
def test_what_was_written_is_read_again_by_numpy_too(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Any], plain: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    write_archive(path, plain, arrays)
    told, read = read_archive(path)
    assert told == plain
    assert read.keys() == arrays.keys()
    with np.load(path, allow_pickle=False) as file:
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)
            assert (read[name].dtype, read[name].flags.writeable) == (array.dtype, True)
            np.testing.assert_array_equal(file[name], array)


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_archive(path, {"epoch": 3}, {"variables/00000": np.arange(4.0)})
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(DAMAGE):
                read_archive(path)


@given(st.data())
def test_other_damage_is_noticed_too(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    whole = written(path)
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    changed = whole[:begin] + data.draw(st.binary(max_size=600)) + whole[end:]
    if changed == whole:
        return
    path.write_bytes(changed)
    with pytest.raises(DAMAGE):
        read_archive(path)


@pytest.mark.parametrize("place", [8, 9, 21, 61, 62])
def test_damage_in_the_header_of_a_large_array_leads_to_the_checkpoint_before(
    tmp_path: Path, place: int, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Progress(items=1), ARRAYS, keep=2)
    path = checkpoints.save(Progress(items=2), ARRAYS, keep=2)
    content = bytearray(path.read_bytes())
    content[content.index(b"\x93NUMPY") + place] ^= 16
    path.write_bytes(content)
    assert checkpoints.latest().progress == checkpoints.progress() == Progress(items=1)
    assert f"note: {path} is damaged (it is not what its digest says)" in capfd.readouterr().err


def test_a_file_of_before_there_was_a_digest_is_read_and_checked_by_its_checksums(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.npz"
    whole = written_before(path)
    assert read_archive(path)[0] == {"epoch": 3}
    for place in range(whole.index(b"\x93NUMPY"), whole.index(b"\x93NUMPY") + 128):
        for bit in range(8):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(DAMAGE):
                read_archive(path)


def declared(shape: tuple[int, ...], kind: str = "<f4") -> bytes:
    header = io.BytesIO()
    described = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()


HOSTILE: dict[str, Callable[[zipfile.ZipFile], None]] = {
    "a terabyte that is not there": lambda z: z.writestr("x.npy", declared((2**40,))),
    "more than there are numbers": lambda z: z.writestr("x.npy", declared((2**70, 2**70))),
    "less than nothing": lambda z: z.writestr("x.npy", declared((-1,)) + b"\0" * 4),
    "nothing, very often": lambda z: z.writestr("x.npy", declared((2**62,), "<U0")),
    "compressed": lambda z: z.writestr("x.npy", b"\0" * 10**6, zipfile.ZIP_DEFLATED),
    "objects": lambda z: z.writestr("x.npy", declared((1,), "|O") + b"\0" * 8),
    "no array": lambda z: z.writestr("x.npy", b"hello"),
    "nested beyond measure": lambda z: z.writestr(
        "x.npy", b"\x93NUMPY\x01\x00" + (9000).to_bytes(2, "little") + b"(" * 9000
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_before_memory_is_taken(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.npz"
    written_before(path)
    with zipfile.ZipFile(path, "a") as archive:
        HOSTILE[name](archive)
    with pytest.raises(DAMAGE):
        read_archive(path)


@pytest.mark.parametrize(
    "plain",
    [
        {"epoch": "3"},
        {"history": 5},
        {"best_loss": None},
        {"unknown": 1},
        {"callbacks": {}},
    ],
    ids=str,
)
def test_a_progress_that_is_none_is_damage(tmp_path: Path, plain: dict[str, Any]) -> None:
    path = tmp_path / "000000-000000000.npz"
    written(path, plain)
    assert Checkpoints(tmp_path).progress() == Progress()
    with pytest.raises(InputError, match="all checkpoints in"):
        Checkpoints(tmp_path).latest()


def test_a_text_nested_beyond_measure_is_damage(tmp_path: Path) -> None:
    written_before(tmp_path / "a.npz", progress=np.array("[" * 200_000))
    with pytest.raises(DAMAGE):
        read_archive(tmp_path / "a.npz")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(DAMAGE, match="not an ordinary file"):
        read_archive(tmp_path / "a.npz")
