"""Writing of the file of one sequence, which is whole if it has its final name."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.hdf5_file import new_hdf5
from preprocessing.store.sequence_info import SCHEMA_VERSION, Origin, read_info

BLOCK_BYTES = 1 << 17
HALF_EXPONENT = np.uint16(0x7C00)


class SourceFrames(NamedTuple):
    """The frame of its video that each step of a sequence shows.

    Attributes:
        numbers: ``<int64>[N]``, from 0 on, in the order in which frames are shown.
        total: the number of frames of the video.
    """

    numbers: NDArray[np.int64]
    total: int


class SequenceWriter:
    """Writes one sequence, a batch of steps at a time, under a temporary name until it is whole.

    Use as a context manager; leaving it normally verifies the file and gives it its final name,
    leaving it by an exception removes it.

    Args:
        path: the final name.
        dimension: F.
        origin: the source and settings of the features.
        dtype: ``float16`` or ``float32``.
        start_time: the second from which labels are counted.

    Attributes:
        steps: the number of steps written so far.
        frames_decoded, damage, decoded_share: facts of the source; see ``SequenceInfo``.
        source_frames: the number of frames of the source, if steps have frame numbers.
    """

    def __init__(
        self,
        path: Path | str,
        dimension: int,
        origin: Origin,
        dtype: str = "float16",
        start_time: float = 0.0,
    ):
        self.path = Path(path)
        self.frames_decoded = 0
        self.source_frames = 0
        self.damage = ""
        self.decoded_share = 1.0
        self.steps = 0
        self._last = -np.inf
        self._source = origin.source
        self._opened = ExitStack()
        self._writer = self._opened.enter_context(new_hdf5(self.path, self._require_readable))
        self._file = self._writer.file
        self._dimension = dimension
        self._create(dimension, dtype)
        self._timestamps = self._file.create_dataset(
            "timestamps", (0,), "float64", maxshape=(None,), chunks=(4096,)
        )
        self._file.attrs.update(
            schema_version=SCHEMA_VERSION, start_time=start_time, **vars(origin)
        )

    def _create(self, dimension: int, dtype: str) -> None:
        """Makes room for what each step has."""
        block = _block_steps(dimension * np.dtype(dtype).itemsize)
        self._features = self._file.create_dataset(
            "features", (0, dimension), dtype, maxshape=(None, dimension), chunks=(block, dimension)
        )

    def append(
        self,
        timestamps: NDArray[Any],
        features: NDArray[Any],
        frames: NDArray[np.int64] | None = None,
    ) -> None:
        """Appends steps.

        Args:
            timestamps: ``<float64>[n]`` in seconds, later than all before.
            features: ``<float>[n, F]``.
            frames: ``<int64>[n]``, the numbers of the source's frames; for all steps or for none.

        Raises:
            InputError: a feature is not finite, or too large for the store's dtype.
            OSError: the disk is full or cannot be written.
            ValueError: timestamps that do not increase, or shapes that do not fit.
        """
        if features.shape != (len(timestamps), self._dimension):
            raise ValueError(
                f"Expected a row of {self._dimension} features for each timestamp. "
                f"Received: {features.shape} and {len(timestamps)}"
            )
        stored = self._storable(features)
        if not (np.diff(timestamps, prepend=self._last) > 0).all():
            raise ValueError(f"Timestamps must increase. Received: {timestamps} after {self._last}")
        stop = self.steps + len(features)
        self._timestamps.resize(stop, axis=0)
        self._put(stored, stop)
        self._timestamps[self.steps :] = timestamps
        if frames is not None:
            self._add_frames(frames)
        self._writer.require_success()
        self.steps = stop
        self._last = timestamps[-1] if len(timestamps) else self._last

    def _storable(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns what is stored of new steps, in the order of the steps.

        Raises:
            InputError: a feature is not finite, or too large for the store's dtype.
        """
        require_finite(values, self._source, self.steps)
        with np.errstate(over="ignore"):
            stored = values.astype(self._features.dtype)
        if not np.isfinite(stored).all():
            raise InputError(
                f"{self._source}: features up to {np.abs(values).max():.6g} do not fit "
                f"{stored.dtype}; leave such columns out or give --dtype float32"
            )
        return stored

    def _put(self, stored: NDArray[Any], stop: int) -> None:
        """Stores new steps, behind which there are ``stop`` in all."""
        self._features.resize(stop, axis=0)
        self._features[self.steps :] = stored

    def _add_frames(self, frames: NDArray[np.int64]) -> None:
        if "frames" not in self._file:
            self._file.create_dataset("frames", (0,), "int64", maxshape=(None,), chunks=(1024,))
        self._file["frames"].resize(self.steps + len(frames), axis=0)
        self._file["frames"][self.steps :] = frames

    def __enter__(self) -> "SequenceWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._opened.__exit__(kind, error, trace)
            return
        with self._opened:
            self._describe()

    def _describe(self) -> None:
        self._file.attrs.update(
            frames_decoded=self.frames_decoded,
            damage=self.damage,
            decoded_share=self.decoded_share,
            complete=True,
        )
        if "frames" in self._file:
            least = int(self._file["frames"][-1]) + 1 if self.steps else 0
            self._file["frames"].attrs["count"] = max(self.source_frames, least)

    def _require_readable(self, partial: Path) -> None:
        if read_info(partial, self.path.stem).steps != self.steps:
            raise OSError(f"{partial} does not read back as it was written")


def require_finite(block: NDArray[Any], where: str, start: int) -> None:
    """Refuses features that are NaN or infinite.

    Args:
        block: ``<float>[n, F]``.
        where: the file, for the message.
        start: the number of the first step.

    Raises:
        InputError: a value is not finite; it is named.
    """
    if not _all_finite(block):
        step, column = np.argwhere(~np.isfinite(block))[0]
        value = block[step, column]
        raise InputError(
            f"{where}: feature {column} of step {start + step} is {value}; every feature must be a "
            "finite number, mend or remove this input"
        )


def _all_finite(block: NDArray[Any]) -> bool:
    """Returns True if no value is NaN or infinite, that is, has an exponent of all ones.

    NumPy converts float16 value by value to check it; compared as integers they take a twentieth of
    the time.
    """
    if block.dtype != np.float16:
        return bool(np.isfinite(block).all())
    bits = block.view(np.uint16) & HALF_EXPONENT
    return not (bits == HALF_EXPONENT).any()


def _block_steps(step_bytes: int) -> int:
    """Returns the steps in a storage block: a power of two, about ``BLOCK_BYTES`` in all."""
    return int(2 ** np.clip(round(np.log2(BLOCK_BYTES / step_bytes)), 4, 12))
