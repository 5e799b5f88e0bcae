"""Tensors from a PyTorch weights file, without PyTorch and without trusting the file.

The format is the one ``torch.save`` wrote before version 1.6: five pickles (a magic number, a
protocol version, facts about the machine, the object, the keys of its storages), then for each key
its number of elements as int64 and the raw little-endian elements.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8"}


class _Storage:
    """Numbers that are filled in after the object that refers to them was read."""

    def __init__(self, dtype: str):
        self.dtype = np.dtype(dtype)
        self.data: NDArray[Any] = np.empty(0, dtype)


class _Tensor:
    """A view of a storage, in elements."""

    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> NDArray[Any]:
        span = 1 + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        data: NDArray[Any] = self.storage.data[self.offset :]
        if min(self.shape, default=1) < 1 or min(self.strides, default=0) < 0 or span > len(data):
            raise pickle.UnpicklingError("a tensor reaches beyond its storage")
        steps = [stride * data.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(data, self.shape, steps)
        return np.array(view)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _TensorUnpickler(pickle.Unpickler):
    """Knows ordered dictionaries, tensors and storages; whatever else a file names is refused."""

    def __init__(self, file: BinaryIO):
        super().__init__(file, encoding="latin-1")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _location, _elements, view = pid
        if kind != "storage" or storage_type not in DTYPES or view is not None:
            raise pickle.UnpicklingError(f"it refers to {kind!r}, which is not a storage")
        return self.storages.setdefault(key, _Storage(DTYPES[storage_type]))


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Reads a state dictionary: tensor name to array.

    Raises:
        InputError: the file is missing, is not of this format, or holds anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is not a PyTorch weights file: {error}") from None


def _read(file: BinaryIO) -> dict[str, NDArray[Any]]:
    if (_TensorUnpickler(file).load(), _TensorUnpickler(file).load()) != (MAGIC, PROTOCOL):
        raise pickle.UnpicklingError("its first bytes are not those of such a file")
    _TensorUnpickler(file).load()
    reader = _TensorUnpickler(file)
    tensors = reader.load()
    if not isinstance(tensors, dict):
        raise pickle.UnpicklingError(f"it holds a {type(tensors).__name__}, not named tensors")
    for key in _TensorUnpickler(file).load():
        storage = reader.storages[key]
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        storage.data = np.frombuffer(file.read(count * storage.dtype.itemsize), storage.dtype)
    return {name: value.array() for name, value in tensors.items() if isinstance(value, _Tensor)}
