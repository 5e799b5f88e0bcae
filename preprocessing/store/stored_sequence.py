"""One sequence of a store as an array that lies on the disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.jpeg_header import COLOURS
from preprocessing.store.sequence_info import SequenceInfo

if TYPE_CHECKING:
    import pandas as pd

    from preprocessing.store.feature_store import FeatureStore

BYTES_AT_ONCE = 1 << 24


@dataclass(frozen=True, repr=False, eq=False)
class StoredSequence:
    """The features of one sequence, which are read when, and as far as, they are asked for.

    ``sequence[100:200]`` is ``<float32>[100, F]``, ``np.asarray(sequence)`` is ``<float32>[N, F]``;
    what is stored as float16 has the same values as float32. Where a store holds frames, they come
    as pixels, ``<uint8>[N, H, W, 3]``, RGB.

    Attributes:
        store: the store.
        info: facts about the sequence.
    """

    store: "FeatureStore"
    info: SequenceInfo

    def __len__(self) -> int:
        return self.info.steps

    @property
    def shape(self) -> tuple[int, ...]:
        """``(N, F)``; of frames ``(N, H, W, 3)``."""
        size = self.info.frame_size
        return (len(self), *size, COLOURS) if size else (len(self), self.info.dimension)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32, unless more is stored; of frames uint8."""
        if self.info.frame_size:
            return np.dtype(np.uint8)
        return np.promote_types(self.info.dtype, np.float32)

    @property
    def timestamps(self) -> NDArray[np.float64]:
        """The time of each step, ``<float64>[N]`` in seconds, read from the disk."""
        return self.store.timestamps(self.info.sequence_id)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Reads a step, or steps: a number or a slice, and what is wanted of the other axes.

        Raises:
            IndexError: there is no such step.
            InputError: the file is damaged.
            TypeError: the steps are neither a number nor a slice.
        """
        steps, *others = key if isinstance(key, tuple) else (key,)
        try:
            chosen = range(len(self))[steps]
        except TypeError:
            raise TypeError(
                "Steps are a number or a slice; np.asarray(sequence) reads all of them. "
                f"Received: {steps!r:.80}"
            ) from None
        except IndexError:
            raise IndexError(f"There are {len(self)} steps. Received: {steps}") from None
        one = isinstance(chosen, int)
        places = range(chosen, chosen + 1) if isinstance(chosen, int) else chosen
        now: tuple[Any, ...] = ()
        if all(isinstance(other, int | slice) for other in others):
            now, others = tuple(others), []
        # Lists of numbers may change the order of the axes; they wait for all of the rows.
        place = (0 if one else slice(None), *others)
        wanted: NDArray[Any] = self._read(places, now)[place]
        return wanted

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for start in range(0, len(self), self._steps_at_once):
            yield from self[start : start + self._steps_at_once]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("What is read from a disk is a copy. Received: copy=False")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def to_pandas(self, start: int = 0, stop: int | None = None) -> "pd.DataFrame":
        """Reads features as a table: a row a step, a column a feature, and the times as its index.

        Args:
            start: the first step.
            stop: the step behind the last; None for all.

        Raises:
            InputError: pandas is not installed, or there are frames and no features.
        """
        if self.info.frame_size:
            raise InputError(
                f"{self.store.path(self.info.sequence_id)} holds frames, which make no table; "
                "sequence[0:10] has the pixels of the first ten"
            )
        pandas = import_pandas()
        start, stop, _ = slice(start, stop).indices(len(self))
        times = self.store.timestamps(self.info.sequence_id, start, max(start, stop))
        return pandas.DataFrame(self[start:stop], index=pandas.Index(times, name="time"))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.extent}>"

    @property
    def _steps_at_once(self) -> int:
        step = self.dtype.itemsize * int(np.prod(self.shape[1:]))
        return max(1, BYTES_AT_ONCE // step)

    def _read(self, steps: range, others: tuple[int | slice, ...] = ()) -> NDArray[Any]:
        """Reads steps that are equally far apart, in either direction, some at a time.

        Args:
            steps: their numbers.
            others: what is wanted of the other axes; nothing else is kept in memory.
        """
        wanted = (slice(None), *others)
        shape = np.empty((0, *self.shape[1:]), self.dtype)[wanted].shape[1:]
        rows = np.empty((len(steps), *shape), self.dtype)
        many = max(1, self._steps_at_once // abs(steps.step))
        for start in range(0, len(steps), many):
            part = steps[start : start + many]
            first = min(part[0], part[-1])
            block = self._block(first, max(part[0], part[-1]) + 1)
            rows[start : start + many] = block[wanted][np.asarray(part) - first]
        return rows

    def _block(self, start: int, stop: int) -> NDArray[Any]:
        """Reads consecutive steps, as they are stored."""
        if self.info.frame_size:
            from preprocessing.store.decoded_frames import decoded_frames

            return decoded_frames(self.store, self.info, start, stop)
        return self.store.features(self.info.sequence_id, start, stop)


def import_pandas() -> Any:
    """Returns pandas.

    Raises:
        InputError: it is not installed; the command that does so is named.
    """
    try:
        import pandas
    except ModuleNotFoundError:
        raise InputError('to_pandas needs pandas: pip install "longtake[pandas]"') from None
    return pandas
