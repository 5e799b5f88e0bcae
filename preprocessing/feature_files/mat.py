"""MATLAB files.

Those that ``save -v7.3`` makes are HDF5 and are read in slices; of the older ones the wanted
variable has to be loaded whole. Structures, cells, objects and function handles are not opened.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from preprocessing.errors import InputError
from preprocessing.feature_files import h5
from preprocessing.feature_files.arrays import Array, Read
from preprocessing.feature_files.base import refusing

NUMBERS = {
    "double": "float64",
    "single": "float32",
    **{name: name for width in (8, 16, 32, 64) for name in (f"int{width}", f"uint{width}")},
}


def arrays(path: Path) -> Mapping[str, Array]:
    """The variables in a ``.mat`` file, not read yet, by name.

    Raises:
        InputError: it is no such file.
    """
    if h5py.is_hdf5(path):
        return h5.arrays(path, matlab=True)
    import scipy.io

    with _stumbling(f"{path}"), path.open("rb") as file:
        try:
            variables = scipy.io.whosmat(file)
        except TypeError:
            reason = "holds objects of MATLAB classes; save the arrays alone, or with -v7.3"
            raise InputError(f"{path} {reason}") from None
    return {
        name: _array(path, name, tuple(shape), kind)
        for name, shape, kind in variables
        if not name.startswith("__")
    }


def _array(path: Path, name: str, shape: tuple[int, ...], kind: str) -> Array:
    where = f"{path}: {name}"

    @contextmanager
    def reader(axis: int) -> Iterator[Read]:
        values = _load(path, name, where)
        yield lambda start, stop: values[(slice(None),) * axis + (slice(start, stop),)]

    if kind in NUMBERS:
        return Array(where, shape, np.dtype(NUMBERS[kind]), reader)
    return Array(where, shape, np.dtype("V"), reader, f"a MATLAB {kind}, not an array of numbers")


def _load(path: Path, name: str, where: str) -> Any:
    import scipy.io

    with _stumbling(where), path.open("rb") as file:
        values = scipy.io.loadmat(file, variable_names=[name])[name]
    if np.iscomplexobj(values):
        raise InputError(f"{where} holds complex numbers; expected real ones")
    return values


@contextmanager
def _stumbling(where: str) -> Iterator[None]:
    """SciPy raises whatever its parsing of a damaged file runs into."""
    with refusing(where, Exception), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
