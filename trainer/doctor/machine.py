"""The machine: what it has, and whether a folder can be worked in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import joblib

from preprocessing.files.hdf5_file import new_hdf5
from preprocessing.files.lease import Busy, lease
from trainer.batches.cache import free_bytes
from trainer.doctor.child import run_child
from trainer.doctor.finding import Finding, cause
from trainer.doctor.sharing import FILE, NAME, NUMBERS

# What training takes of memory, by docs/benchmarks.md; a store of an hour takes 37 MB of disk.
NEEDED_MEMORY, NEEDED_DISK = 1.1e9, 1e9
PREFIX = ".longtake-doctor-"


def machine_findings(folder: Path) -> Iterator[Finding]:
    """Yields what there is of cores, memory and disk, and whether a folder can be worked in.

    Args:
        folder: where stores and runs are to lie.
    """
    yield Finding("cores", "ok", f"{joblib.cpu_count()} that this process may use")
    yield _memory()
    yield _folder(folder)


def _memory() -> Finding:
    free = free_bytes()
    if free is None:
        return Finding("memory", "missing", "nothing says how much is free")
    figure = f"{free / 1e9:.1f} GB free"
    if free >= NEEDED_MEMORY:
        return Finding("memory", "ok", figure)
    advice = f"training takes {NEEDED_MEMORY / 1e9:.1f} GB: end other programs"
    return Finding("memory", "failed", figure, advice)


def _folder(folder: Path) -> Finding:
    """Looks at the disk of a folder, and has two processes share a file there."""
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as made:
            wrong = _shared(Path(made))
    except OSError as error:
        said = cause(str(error), {folder.absolute(): "FOLDER"})
        return Finding("folder", "failed", said, "give another FOLDER, which may be written to")
    figure = f"{free / 1e9:,.1f} GB free"
    if wrong:
        return Finding("folder", "failed", wrong, "work in a folder of another file system")
    if free < NEEDED_DISK:
        return Finding("folder", "failed", figure, "give another FOLDER, or make room")
    shared = f"HDF5 {h5py.version.hdf5_version} is written, read and shared by processes"
    return Finding("folder", "ok", f"{figure}; {shared}")


def _shared(made: Path) -> str:
    """Returns what went wrong while two processes shared a file; empty if nothing did."""
    with new_hdf5(made / FILE) as writer:
        writer.file[NAME] = NUMBERS
    try:
        with lease(made / FILE):
            return run_child("sharing", made)
    except Busy:
        return "a file that nobody works on counts as taken"
