"""The feature store: a folder with one HDF5 file per sequence; see ``sequence_info``."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, counted
from preprocessing.files.folders import files_below
from preprocessing.files.hdf5_file import DAMAGE, own_dataset
from preprocessing.store.frame_file import StoredFrames
from preprocessing.store.hints import absent
from preprocessing.store.sequence_file import SourceFrames, require_finite
from preprocessing.store.sequence_info import (
    FRAMES,
    SUFFIX,
    SequenceInfo,
    open_file,
    read_info,
    sequence_path,
    shown_apart,
)
from preprocessing.store.stored_sequence import StoredSequence

OPEN_FILES = 64
# What tells the folder of a run.
RUN_FILES = ("config.yaml", "run.json")
# Timestamps are small and asked for often, so they are read this many at a time, in the direction
# in which they are asked for.
TIMES_AT_ONCE = 4096
# Of so many sequences they stay at hand (32 MB), also where fewer files can be kept open: several
# processes that train together look up labels in the lanes of all, and features in their own.
TIMES_KEPT = 1024


class FeatureStore:
    """Reads a folder of stored sequences.

    ``len`` counts them, iterating yields their ids, and ``store[id]`` is one of them, whose
    features are read as they are asked for. A store is true, even an empty one, so that asking
    whether there is one walks no folder.

    Up to ``OPEN_FILES`` files are kept open, so that reading many sequences in turns, chunk by
    chunk, does not reopen a file for every chunk. Several threads may read at once.

    Args:
        root: the folder.

    Raises:
        InputError: the folder does not exist.
    """

    def __init__(self, root: Path | str):
        self.root = Path(root)
        self._kept: dict[str, NDArray[Any]] | None = None
        self._open: OrderedDict[str, _Opened] = OrderedDict()
        self._times: OrderedDict[str, tuple[int, NDArray[Any]]] = OrderedDict()
        self._lock = threading.Lock()
        if self.root.is_file():
            raise InputError(
                f"{self.root} is a file; a store is a folder: give that which it lies in, or make "
                "one of feature files with `longtake import`"
            )
        if not self.root.is_dir():
            raise InputError(
                f"no store at {self.root}; give the folder where it is, or make one with `longtake "
                "extract` or `longtake import`"
            )
        if all((self.root / name).is_file() for name in RUN_FILES):
            raise InputError(f"{self.root} is a run, not a store; give the store it was trained on")

    def ids(self) -> list[str]:
        """Returns all sequence ids, sorted.

        Raises:
            InputError: a folder of the store cannot be read.
        """
        return sorted(_walk_ids(self.root))

    def path(self, sequence_id: str) -> Path:
        """Returns the file of a sequence, which need not exist."""
        return sequence_path(self.root, sequence_id)

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.ids())

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    def __getitem__(self, sequence_id: str) -> StoredSequence:
        if sequence_id not in self:
            raise absent(sequence_id, self)
        return StoredSequence(self, self.info(sequence_id))

    def __fspath__(self) -> str:
        return str(self.root)

    def __repr__(self) -> str:
        try:
            held = counted(len(self), "sequence")
        except InputError as error:
            held = f"{error}"
        return f"<{type(self).__name__}({str(self.root)!r}): {held}>"

    def __contains__(self, sequence_id: str) -> bool:
        return self.path(sequence_id).is_file()

    def info(self, sequence_id: str) -> SequenceInfo:
        """Describes a sequence.

        Raises:
            InputError: the store lacks the sequence, or its file is damaged or unfinished.
        """
        return read_info(self.path(sequence_id), sequence_id)

    def uniform(self, ids: Iterable[str]) -> list[SequenceInfo]:
        """Describes sequences that must have been made alike.

        Raises:
            InputError: two of them differ in backbone, settings or dimension.
        """
        infos = [self.info(sequence_id) for sequence_id in ids]
        for other in infos[1:]:
            require_alike(infos[0], other)
        return infos

    def features(self, sequence_id: str, start: int, stop: int) -> NDArray[Any]:
        """Reads features of consecutive steps, ``<float>[stop - start, F]``.

        If features are kept in memory, the array is read-only.

        Args:
            sequence_id: the sequence.
            start: the first step.
            stop: the step behind the last.

        Raises:
            InputError: a value is not finite, or there are frames and no features.
        """
        if self._kept is not None:
            return self._whole(self._kept, sequence_id)[start:stop]
        with self._lock:
            block: NDArray[Any] = self._features(sequence_id)[start:stop]
        require_finite(block, f"{self.path(sequence_id)}", start)
        return block

    def keep_in_memory(self) -> None:
        """Keeps features in memory from now on: a whole sequence as soon as some of it is read."""
        self._kept = {}

    def _whole(self, kept: dict[str, NDArray[Any]], sequence_id: str) -> NDArray[Any]:
        """Returns all features of a sequence, read once, as a read-only array."""
        with self._lock:
            if sequence_id not in kept:
                block = self._features(sequence_id)[:]
                require_finite(block, f"{self.path(sequence_id)}", 0)
                block.flags.writeable = False
                kept[sequence_id] = block
            return kept[sequence_id]

    def _features(self, sequence_id: str) -> h5py.Dataset:
        opened = self._opened(sequence_id)
        if opened.features is None:
            raise no_features(self.path(sequence_id))
        return opened.features

    def jpegs(self, sequence_id: str, start: int, stop: int) -> Sequence[bytes]:
        """Reads the frames of consecutive steps, still as JPEG.

        Args:
            sequence_id: the sequence, which has frames.
            start: the first step.
            stop: the step behind the last.

        Raises:
            InputError: they cannot be read.
        """
        try:
            with self._lock:
                return self._opened(sequence_id).stored_frames.read(start, stop)
        except DAMAGE as error:
            raise InputError(
                f"{self.path(sequence_id)}: its frames cannot be read ({error}); delete it and "
                "extract it again"
            ) from None

    def content(self, sequence_id: str, start: int, stop: int) -> bytes:
        """Reads what consecutive steps hold as it is stored, to be compared with others.

        Args:
            sequence_id: the sequence.
            start: the first step.
            stop: the step behind the last.

        Raises:
            InputError: a feature is not finite, or frames cannot be read.
        """
        with self._lock:
            has_frames = self._opened(sequence_id).features is None
        if has_frames:
            return b"".join(self.jpegs(sequence_id, start, stop))
        return self.features(sequence_id, start, stop).tobytes()

    def timestamps(self, sequence_id: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Reads timestamps, ``<float64>[stop - start]`` in seconds.

        Args:
            sequence_id: the sequence.
            start: the first step.
            stop: the step behind the last; None for all.
        """
        with self._lock:
            if stop is None or stop - start > TIMES_AT_ONCE:
                whole: NDArray[Any] = self._opened(sequence_id).timestamps[start:stop]
                return whole
            first, block = self._times.get(sequence_id, (-1, np.zeros(0)))
            if not first <= start <= stop <= first + len(block):
                # Who read later ones before reads towards the beginning.
                first = max(0, stop - TIMES_AT_ONCE) if start < first else start
                block = self._opened(sequence_id).timestamps[first : first + TIMES_AT_ONCE]
                self._times[sequence_id] = (first, block)
            self._times.move_to_end(sequence_id)
            if len(self._times) > TIMES_KEPT:
                self._times.popitem(last=False)
            return block[start - first : stop - first]

    def frames(self, sequence_id: str) -> SourceFrames | None:
        """Returns the frame of its video that each step shows; None if the file does not say.

        Raises:
            InputError: the frame numbers cannot be read.
        """
        with self._lock:
            opened = self._opened(sequence_id)
            if "frames" not in opened.file:
                return None
            try:
                return _frames(own_dataset(opened.file, "frames"), opened.timestamps.shape)
            except DAMAGE as error:
                raise InputError(
                    f"{self.path(sequence_id)}: its numbers of frames cannot be read ({error}); "
                    "delete it and extract it again"
                ) from None

    def close(self) -> None:
        """Closes all open files; reading opens them again."""
        with self._lock:
            self._times.clear()
            while self._open:
                self._open.popitem()[1].file.close()

    def _opened(self, sequence_id: str) -> "_Opened":
        if sequence_id not in self._open:
            if len(self._open) >= OPEN_FILES:
                self._open.popitem(last=False)[1].file.close()
            self._open[sequence_id] = _Opened(open_file(self.path(sequence_id)))
        self._open.move_to_end(sequence_id)
        return self._open[sequence_id]


class _Opened:
    """An open file, with the datasets in it, which are slow to look up."""

    def __init__(self, file: h5py.File):
        self.file = file
        self.timestamps = file["timestamps"]
        self.features = file["features"] if FRAMES not in file else None

    @cached_property
    def stored_frames(self) -> StoredFrames:
        """Its frames, if it has no features."""
        return StoredFrames(self.file)


def no_features(where: Path) -> InputError:
    """Returns the error that says that there are frames where features are needed.

    Args:
        where: the file, or the folder, that holds the frames.
    """
    return InputError(
        f"{where} holds frames, not features: train on them with --finetune, or extract features "
        "with a --backbone that makes some"
    )


def _frames(dataset: h5py.Dataset, shape: tuple[int, ...]) -> SourceFrames:
    total = int(dataset.attrs["count"])
    if dataset.shape != shape or dataset.dtype != np.int64:
        raise ValueError("expected <int64>, one a step")
    numbers = dataset[:]
    if not (numbers[0] >= 0 and (np.diff(numbers) >= 0).all() and numbers[-1] < total):
        raise ValueError(f"expected numbers from 0 to {total - 1}, in order")
    return SourceFrames(numbers, total)


def require_alike(one: SequenceInfo, other: SequenceInfo) -> None:
    """Checks that two sequences can go through one model.

    Args:
        one: a sequence.
        other: another sequence.

    Raises:
        InputError: they differ in backbone, settings or dimension; both values are named.
    """
    if found := one.making.difference(other.making):
        name, *values = found
        first, second = shown_apart(name, *values)
        raise InputError(
            f"{one.sequence_id} and {other.sequence_id} were made differently ({name}: {first} "
            f"and {second}); {one.origin.command} all of them with the same settings"
        )


def _walk_ids(root: Path) -> Iterator[str]:
    for file in files_below(root, {SUFFIX}):
        if file.name.endswith(SUFFIX):
            yield file.with_name(file.name.removesuffix(SUFFIX)).relative_to(root).as_posix()
