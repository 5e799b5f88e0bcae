"""The features of an unfinished video, kept so that an interruption costs only decoding again.

DIR/.name.h5.begun    a line of JSON: what is made of what, and how; then a block for each batch
a block               steps <i8>, checksum of the rest <u4>
                      times <f8>[n], features <float16 or float32>[n, F]

A process that is killed leaves whole blocks, and perhaps a part of one, which its checksum tells.
"""

import json
import struct
import zlib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, MustStay
from preprocessing.files.strays import BEGUN_SUFFIX
from preprocessing.store.sequence_info import Origin

# Another version of these may make other features of the same video.
MAKERS = ("av", "opencv-python-headless", "tensorflow")
HEAD = struct.Struct("<qI")
TIME = np.dtype("<f8")


class Begun:
    """The batches that were kept before an interruption, and those that are made now.

    Use as a context manager: the file is removed when the block ends well, or when the input is at
    fault, and stays otherwise. A batch that cannot be written is not kept.

    Args:
        path: the final path of the features.
        origin: the source and settings of the features.
        source_state: further facts about the source file as it is now.
        dimension: F.
        dtype: the dtype of the features.
        batch_size: the number of steps in a batch.

    Attributes:
        taken: the number of steps that did not have to be made again.
    """

    def __init__(
        self,
        path: Path,
        origin: Origin,
        source_state: tuple[int, ...],
        dimension: int,
        dtype: str,
        batch_size: int,
    ):
        self.path = begun_path(path)
        self.taken = 0
        self._dimension, self._dtype = dimension, np.dtype(dtype)
        parts = [origin.fingerprint, *source_state, *origin.method, dimension, dtype, batch_size]
        told = json.dumps([*parts, *map(_version, MAKERS)])
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab+", buffering=0)
        self._file.seek(0)
        head = told.encode() + b"\n"
        self._taking = self._file.read(len(head)) == head
        if not self._taking:
            self._file.truncate(0)
            self._write(head)

    def take(self, times: NDArray[np.float64]) -> NDArray[Any] | None:
        """Returns the features of the next batch, if the next kept batch has the same times.

        After the first that differs, all other kept batches are dropped.

        Args:
            times: ``<float64>[n]``.

        Returns:
            ``<dtype>[n, F]``, or None.
        """
        if not self._taking:
            return None
        begin = self._file.tell()
        features = self._next(times)
        if features is None:
            self._taking = False
            self._file.truncate(begin)
        else:
            self.taken += len(times)
        return features

    def _next(self, times: NDArray[np.float64]) -> NDArray[Any] | None:
        step = TIME.itemsize + self._dimension * self._dtype.itemsize
        head, body = self._file.read(HEAD.size), self._file.read(len(times) * step)
        if head != _head(len(times), body) or len(body) < len(times) * step:
            return None
        kept = np.frombuffer(body, TIME, len(times))
        if not np.array_equal(kept, times):
            return None
        features = np.frombuffer(body, self._dtype, offset=kept.nbytes)
        return features.reshape(len(times), self._dimension)

    def add(self, times: NDArray[np.float64], features: NDArray[Any]) -> None:
        """Keeps a new batch.

        Args:
            times: ``<float64>[n]``.
            features: ``<float>[n, F]``, which the dtype can hold.
        """
        body = times.astype(TIME).tobytes() + features.astype(self._dtype).tobytes()
        self._write(_head(len(times), body) + body)

    def _write(self, block: bytes) -> None:
        with suppress(OSError, ValueError):
            if self._file.write(block) < len(block):
                self._file.close()

    def __enter__(self) -> "Begun":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is None or (isinstance(error, InputError) and not isinstance(error, MustStay)):
            self.path.unlink(missing_ok=True)


def begun_path(path: Path) -> Path:
    """Returns the file that keeps the unfinished features of ``path``."""
    return path.with_name(f".{path.name}{BEGUN_SUFFIX}")


def _version(distribution: str) -> str:
    """Returns a version, empty if the module comes from another distribution."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _head(steps: int, body: bytes) -> bytes:
    return HEAD.pack(steps, zlib.crc32(body))
