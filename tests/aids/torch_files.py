"""Files of weights as PyTorch writes them, put together by hand."""

import pickle
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings

from preprocessing.backbones.torch_file import MAGIC, PROTOCOL, read_tensors

quick = settings(deadline=None, max_examples=50)


KINDS = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8"}


def value(item: object) -> bytes:
    return pickle.dumps(item, 2)[2:-1]


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def grouped(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def storage(key: str, kind: str = "FloatStorage", module: str = "torch") -> bytes:
    facts = value(key), value("cpu"), value(0), value(None)
    return grouped(value("storage"), named(module, kind), *facts) + b"Q"


def tensor(stored: bytes, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    facts = value(offset), value(shape), value(strides), value(False), value(None)
    return named("torch._utils", "_rebuild_tensor_v2") + grouped(stored, *facts) + b"R"


def ordered(**items: bytes) -> bytes:
    pairs = b"".join(value(name) + item for name, item in items.items())
    return named("collections", "OrderedDict") + b")R(" + pairs + b"u"


def raw(array: np.ndarray) -> bytes:
    return np.int64(array.size).astype("<i8").tobytes() + array.tobytes()


def saved(body: bytes, **storages: np.ndarray) -> bytes:
    head = [pickle.dumps(item, 2) for item in (MAGIC, PROTOCOL, {"little_endian": True})]
    keys = pickle.dumps(list(storages), 2)
    return b"".join([*head, b"\x80\x02", body, b".", keys, *map(raw, storages.values())])


def read(content: bytes) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "weights.pth")
        path.write_bytes(content)
        return read_tensors(path)


NUMBERS = np.arange(12, dtype="<f4")


GOOD = saved(ordered(kernel=tensor(storage("k"), 0, (3, 4), (4, 1))), k=NUMBERS)
