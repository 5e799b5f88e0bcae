"""HDF5 files: read without trust, and written so that a full disk is survived.

A stranger's file may point to other files (links, external storage, virtual datasets), declare
data that was never written, or unpack into more than memory holds. Only data that lies in the file
itself, was written in full, and fits in memory block by block is read.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path
from typing import Any

import h5py

from preprocessing.errors import Unreachable
from preprocessing.files.guarded_file import GuardedFile
from preprocessing.files.ordinary import require_ordinary
from preprocessing.files.whole_file import partial_path

# Most are OSError, RuntimeError or KeyError, but h5py does not promise that, nor keep to it.
DAMAGE = Exception
# Of the disk or the rights to it, and not of what is in a file.
UNREACHABLE = (errno.EIO, errno.ESTALE, errno.EACCES, errno.EPERM)
# Bytes of a storage block that has to be unpacked as a whole.
LARGEST_PACKED_BLOCK = 1 << 27
# HDF5 reads this layout of files since 2016. Attributes may take more than 64 kB in it, and what
# the library goes by has checksums: without them it may follow damage round and round.
LAYOUT = ("v110", "v110")


def open_hdf5(path: Path, **options: Any) -> h5py.File:
    """Opens a file to read.

    No lock is asked for: files have their name only when they are whole, and some file systems
    have no locks.

    Args:
        path: an ordinary file; pipes and devices may never end.
        **options: those of ``h5py.File``.

    Raises:
        OSError: the file is missing, not an ordinary one, or not HDF5.
    """
    require_ordinary(path)
    return h5py.File(path, "r", locking=False, **options)


def create_hdf5(file: GuardedFile) -> h5py.File:
    """Makes an HDF5 file in an opened one, without times of day: the same content, the same bytes.

    Args:
        file: just opened.
    """
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_libver_bounds(*(getattr(h5py.h5f, f"LIBVER_{bound.upper()}") for bound in LAYOUT))
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, file)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    name = os.fsencode(str(file.name))
    return h5py.File(h5py.h5f.create(name, h5py.h5f.ACC_TRUNC, creation, access))


def require_reachable(path: Path, error: Exception) -> None:
    """Checks that an error is about the content of a file, not about access to it.

    Args:
        path: the file.
        error: the error raised while the file was opened or read.

    Raises:
        Unreachable: the disk failed, or the file may not be read.
    """
    told = re.search(r"errno = (\d+)", str(error))
    number = getattr(error, "errno", None) or (int(told[1]) if told else None)
    if number in UNREACHABLE:
        raise Unreachable(
            f"{path} cannot be read now ({os.strerror(number)}); mend that and start the same "
            "command again"
        ) from None


def own_dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """Returns a dataset whose numbers lie in the file itself.

    Args:
        group: the group of the dataset.
        name: the dataset's name in the group; no path.

    Raises:
        KeyError: there is no such dataset.
        ValueError: it is a link, lies in another file, or was not written in full.
    """
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        missing = name not in group
        raise KeyError(f"no {name!r}") if missing else ValueError(f"{name!r} is a link")
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{name!r} is no dataset")
    if reason := obstacle(dataset):
        raise ValueError(f"{name!r} is {reason}")
    return dataset


def obstacle(dataset: h5py.Dataset) -> str:
    """Returns why the numbers of a dataset cannot be read; empty if they can."""
    if dataset.is_virtual:
        return "a virtual dataset, whose numbers lie elsewhere; copy them into the file"
    if dataset.external:
        return "stored outside of the file; copy it into the file"
    if not dataset.shape or 0 in dataset.shape:
        return ""
    return _unpackable(dataset) or _unwritten(dataset)


def _unpackable(dataset: h5py.Dataset) -> str:
    if not dataset.chunks or not dataset.id.get_create_plist().get_nfilters():
        return ""
    size = prod(dataset.chunks) * dataset.dtype.itemsize
    if size <= LARGEST_PACKED_BLOCK:
        return ""
    return (
        f"packed in blocks of {size:,} bytes, which do not fit in memory; write it in blocks of "
        f"less than {LARGEST_PACKED_BLOCK:,}"
    )


def _unwritten(dataset: h5py.Dataset) -> str:
    """Returns why a dataset was not written in full; unwritten numbers would read as zeros."""
    shape = list(dataset.shape)
    if not dataset.chunks:
        stored, needed = dataset.id.get_storage_size(), dataset.size * dataset.dtype.itemsize
        if stored >= needed:
            return ""
        return f"said to be {shape}, but was not written: it takes {stored} bytes"
    sides = zip(dataset.shape, dataset.chunks, strict=True)
    blocks = prod(ceil(length / side) for length, side in sides)
    written = dataset.id.get_num_chunks()
    if written >= blocks:
        return ""
    return (
        f"said to be {shape}, but {blocks - written:,} of its {blocks:,} storage blocks were never "
        "written; make the file again"
    )


@dataclass(frozen=True)
class Hdf5Writer:
    """A new file under its temporary name.

    Attributes:
        file: the open file to write into.
    """

    file: h5py.File
    _guard: GuardedFile

    def require_success(self) -> None:
        """Raises the first failed write, if there was one.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        self._guard.require_success()


@contextmanager
def new_hdf5(
    path: Path, check: Callable[[Path], object] = lambda partial: None
) -> Iterator[Hdf5Writer]:
    """Yields a writer of a file that has its name only when it is whole.

    If the block or the check raises, or the disk is full, what was written is removed, and a file
    that had the name before stays.

    Args:
        path: the final name.
        check: given the temporary name of what was written, before it gets the final one.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    partial_file = GuardedFile(partial)
    try:
        with create_hdf5(partial_file) as file:
            yield Hdf5Writer(file, partial_file)
        partial_file.require_success()
        os.fsync(partial_file.fileno())
        check(partial)
        partial.replace(path)
    finally:
        partial_file.close()
        partial.unlink(missing_ok=True)
