"""Files of one array or several, in each of the formats that import reads."""

from pathlib import Path

import h5py
import numpy as np
import scipy.io
import scipy.sparse


def write(folder: Path, form: str, array: np.ndarray, **others: np.ndarray) -> Path:
    """Writes an array named x, and others, in a format."""
    path = folder / f"a.{form.split()[0]}"
    named = {"x": array, **others}
    if form == "npy":
        np.save(path, array)
    elif form == "npz":
        np.savez(path, **named)
    elif form == "npz packed":
        np.savez_compressed(path, **named)
    elif form == "mat":
        scipy.io.savemat(path, named)
    elif form == "mat 7.3":
        write_mat_73(path, named)
    else:
        with h5py.File(path, "w") as file:
            for name, values in named.items():
                file[name] = values
    return path


def write_mat_73(path: Path, named: dict[str, np.ndarray]) -> None:
    """HDF5 as MATLAB lays it out: a block of its own first, and the axes reversed."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in named.items():
            file[name] = np.atleast_2d(values).T
            kind = {"f8": "double", "f4": "single"}.get(values.dtype.str[1:], str(values.dtype))
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        file["#refs#/a"] = np.zeros((3, 3))
    with path.open("rb+") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))
