"""HDF5 files: datasets of numbers, read in slices.

Only what lies in the file itself is read: links, virtual datasets and external storage, all of
which can lead to other files, are refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from preprocessing.files.hdf5_file import DAMAGE, obstacle, open_hdf5
from preprocessing.importing.feature_files.arrays import Array, Read, unusable
from preprocessing.importing.feature_files.base import refusing


def arrays(path: Path, matlab: bool = False) -> Mapping[str, Array]:
    """Returns the datasets in a file, not read yet, by full name.

    Args:
        path: the file.
        matlab: True if MATLAB wrote the file, which reverses the axes.

    Raises:
        InputError: the file is not HDF5.
    """
    found: dict[str, Array] = {}
    with refusing(f"{path}", DAMAGE), open_hdf5(path) as file:

        def visit(name: str, link: Any) -> None:
            if matlab and name.startswith("#"):
                return
            if not isinstance(link, h5py.HardLink):
                found[name] = _link(path, name)
            elif isinstance(file[name], h5py.Dataset):
                found[name] = _array(path, name, file[name], matlab)

        file.visititems_links(visit)
    return found


def _link(path: Path, name: str) -> Array:
    obstacle = "a link, which is not followed; copy what it means into the file"
    return unusable(f"{path}: {name}", obstacle)


def _array(path: Path, name: str, dataset: h5py.Dataset, matlab: bool) -> Array:
    where = f"{path}: {name}"
    if reason := obstacle(dataset) or (matlab and _not_numbers(dataset)):
        return unusable(where, reason)
    if dataset.shape is None:
        return unusable(where, "empty")

    @contextmanager
    def reader(axis: int) -> Iterator[Read]:
        along = dataset_axes - 1 - axis if matlab else axis
        with refusing(where, DAMAGE), open_hdf5(path) as file:
            opened = file[name]

            def read(start: int, stop: int) -> Any:
                part = opened[(slice(None),) * along + (slice(start, stop),)]
                return part.T if matlab else part

            yield read

    dataset_axes = len(dataset.shape)
    shape = dataset.shape[::-1] if matlab else dataset.shape
    return Array(where, tuple(shape), dataset.dtype, reader)


def _not_numbers(dataset: h5py.Dataset) -> str:
    """Returns what a dataset of MATLAB is, if it is no array of numbers; else empty."""
    kind = dataset.attrs.get("MATLAB_class", b"double")
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
    if dataset.attrs.get("MATLAB_empty", 0):
        return "empty"
    numbers = kind in ("double", "single") or kind.startswith(("int", "uint"))
    return "" if numbers else f"a MATLAB {kind}, not an array of numbers"
