"""Tensors from a PyTorch weights file, without PyTorch and without trusting the file.

The format is the one ``torch.save`` wrote before version 1.6: five pickles (a magic number, a
protocol version, facts about the machine, the object, the keys of its storages), then for each key
its number of elements as int64 and the raw little-endian elements.
"""

import io
import math
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.plain_pickle import PlainPickle
from preprocessing.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8"}
COUNT_BYTES = 8
# What a file that is damaged, or something else, leads to.
DAMAGE = (OSError, pickle.UnpicklingError, ValueError, TypeError, LookupError)


class _Storage:
    """Numbers that are filled in after the object that refers to them was read."""

    def __init__(self, dtype: str):
        self.dtype = np.dtype(dtype)
        self.data: NDArray[Any] = np.empty(0, dtype)


class _Tensor(NamedTuple):
    """A view of a storage, in elements."""

    storage: _Storage
    offset: int
    shape: Sequence[int]
    strides: Sequence[int]

    def array(self) -> NDArray[Any]:
        """Returns a read-only view of the storage; a copy of each tensor could exceed the file."""
        pairs = list(zip(self.shape, self.strides, strict=True))
        span = 1 + sum((length - 1) * stride for length, stride in pairs)
        data: NDArray[Any] = self.storage.data[self.offset :]
        inside = span <= len(data) and math.prod(self.shape) <= len(data) and self.offset >= 0
        if not inside or min(self.shape, default=1) < 1 or min(self.strides, default=0) < 0:
            raise pickle.UnpicklingError("a tensor reaches beyond its storage")
        steps = [stride * data.itemsize if length > 1 else 0 for length, stride in pairs]
        return np.lib.stride_tricks.as_strided(data, self.shape, steps, writeable=False)


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    if not (isinstance(storage, _Storage) and isinstance(shape, tuple)):
        raise pickle.UnpicklingError("a tensor has no storage or no shape")
    if not all(isinstance(number, int) for number in (offset, *shape, *strides)):
        raise pickle.UnpicklingError("a tensor's place is no number")
    return _Tensor(storage, offset, shape, strides)


def _no_items() -> dict[str, Any]:
    return {}


class _Storages(dict[str, _Storage]):
    """The storages that a file refers to, by their keys."""

    def named(self, module: str, name: str) -> Any:
        """Returns the class for ordered dictionaries, tensors and storages; refuses other names."""
        if (module, name) == ("collections", "OrderedDict"):
            return _no_items
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not a tensor")

    def stored(self, reference: Any) -> _Storage:
        """Returns the storage that is referred to, empty at first."""
        kind, storage_type, key, _location, _elements, view = reference
        if not all(isinstance(name, str) for name in (kind, storage_type, key)):
            raise pickle.UnpicklingError("it refers to what is not a storage")
        if kind != "storage" or storage_type not in DTYPES or view is not None:
            raise pickle.UnpicklingError(f"it refers to {kind!r}, which is not a storage")
        return self.setdefault(key, _Storage(DTYPES[storage_type]))

    def load(self, file: BinaryIO) -> Any:
        """Reads the next pickle."""
        return PlainPickle(file, self.named, self.stored).load()


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Reads a state dictionary: tensor name to array, which cannot be written to.

    Raises:
        InputError: the file is missing, is not of this format, or holds anything but tensors.
    """
    try:
        # In memory, where reading never makes room for more than there is.
        return _read(io.BytesIO(path.read_bytes()))
    except DAMAGE as error:
        raise InputError(f"{path} is not a PyTorch weights file: {error}") from None


def _read(file: BinaryIO) -> dict[str, NDArray[Any]]:
    storages = _Storages()
    if [storages.load(file), storages.load(file)] != [MAGIC, PROTOCOL]:
        raise pickle.UnpicklingError("its first bytes are not those of such a file")
    storages.load(file)
    tensors = storages.load(file)
    if not isinstance(tensors, dict):
        raise pickle.UnpicklingError(f"it holds a {type(tensors).__name__}, not named tensors")
    for key in storages.load(file):
        _fill(storages[str(key)], file)
    return {name: value.array() for name, value in tensors.items() if isinstance(value, _Tensor)}


def _fill(storage: _Storage, file: BinaryIO) -> None:
    count = int.from_bytes(file.read(COUNT_BYTES), "little", signed=True)
    if count < 0:
        raise pickle.UnpicklingError(f"a storage has {count} elements")
    content = file.read(min(count * storage.dtype.itemsize, sys.maxsize))
    storage.data = np.frombuffer(content, storage.dtype)
    if len(storage.data) < count:
        raise pickle.UnpicklingError("it ends too early")
