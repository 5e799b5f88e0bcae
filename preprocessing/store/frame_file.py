"""Frames in the file of a sequence, where others have features.

    jpeg        <uint8>[bytes]    the JPEG of each frame, one behind the other; its attribute
                                  ``size`` is the (height, width) of all of them
    jpeg_ends   <int64>[N]        where in it the JPEG of each step ends

Each frame is as long as it is. Two plain datasets, and not arrays of varying length, which HDF5
keeps in places that a stranger's file may have several steps share: so a stretch of steps is one
read, and how long it is can be known before it is read.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.files.hdf5_file import own_dataset
from preprocessing.files.jpeg_header import Size, most_bytes
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import FRAME_ENDS, FRAMES, Origin

BLOCK_BYTES = 1 << 18
ENDS_IN_BLOCK = 1024


class FrameWriter(SequenceWriter):
    """Writes the frames of one sequence, as ``SequenceWriter`` writes features.

    Args:
        path: the final name.
        size: (height, width) of all frames.
        origin: the source and settings of the frames.
        start_time: the second from which labels are counted.
    """

    def __init__(self, path: Path, size: Size, origin: Origin, start_time: float = 0.0):
        self._size, self._bytes = size, 0
        super().__init__(path, 1, origin, "uint8", start_time)

    def _create(self, dimension: int, dtype: str) -> None:
        self._jpeg = self._file.create_dataset(
            FRAMES, (0,), dtype, maxshape=(None,), chunks=(BLOCK_BYTES,)
        )
        self._jpeg.attrs["size"] = self._size
        self._ends = self._file.create_dataset(
            FRAME_ENDS, (0,), "int64", maxshape=(None,), chunks=(ENDS_IN_BLOCK,)
        )

    def _storable(self, values: NDArray[Any]) -> NDArray[Any]:
        return values[:, 0]

    def _put(self, stored: NDArray[Any], stop: int) -> None:
        ends = self._bytes + np.cumsum([len(content) for content in stored], dtype=np.int64)
        self._ends.resize(stop, axis=0)
        self._ends[self.steps :] = ends
        if len(ends):
            self._jpeg.resize(ends[-1], axis=0)
            self._jpeg[self._bytes :] = np.frombuffer(b"".join(stored), np.uint8)
            self._bytes = int(ends[-1])


class StoredFrames:
    """The frames in an open file, which ``sequence_info`` has described before.

    Args:
        file: the open file.
    """

    def __init__(self, file: h5py.File):
        self._jpeg, self._ends = own_dataset(file, FRAMES), own_dataset(file, FRAME_ENDS)
        height, width = self._jpeg.attrs["size"]
        self.size = int(height), int(width)

    def read(self, start: int, stop: int) -> Sequence[bytes]:
        """Reads the JPEG of consecutive steps.

        Args:
            start: the first step.
            stop: the step behind the last.

        Raises:
            ValueError: the file says something else of them than before.
        """
        first = max(0, start - 1)
        ends = self._ends[first:stop]
        edges = ends if start else np.concatenate([[0], ends])
        lengths = np.diff(edges)
        if len(lengths) != stop - start or (lengths > most_bytes(self.size)).any():
            raise ValueError("the file has changed")
        content = self._jpeg[edges[0] : edges[-1]].tobytes()
        places = edges - edges[0]
        return [content[a:b] for a, b in pairwise(places)]
