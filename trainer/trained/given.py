"""Everything that a run can be asked about: arrays, a store, videos, which all become a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.extraction.command import extract
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import SUFFIX, Origin, sequence_path
from preprocessing.store.stored_sequence import StoredSequence
from trainer.labelling.given import is_store
from trainer.run.folder import Run
from trainer.same_features import extraction_like

ALONE = "array"  # The name of an array that is given by itself.
MOST_BYTES = 200  # Of a part of a name, which becomes that of a file.
EXPECTED = "arrays of features, a FeatureStore, or the path of a store or of videos"


@dataclass(frozen=True)
class Given:
    """Sequences to be answered.

    Attributes:
        store: where they are.
        ids: their ids, in the order in which they were given.
        alone: True if there is only one, which was given by itself.
        failed: why others could not be read, by id.
    """

    store: FeatureStore
    ids: Sequence[str]
    alone: bool = False
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asking:
    """The way to a store of what is given.

    Attributes:
        run: whose model answers.
        folder: a new folder for what is kept only while it answers.
        timestamps: seconds of the steps of arrays; None for the steps a second of the run.
        backbone: path of the run's backbone, for videos, if that is a file.
        store: the folder that keeps the features of videos; None if nothing does.
    """

    run: Run
    folder: Path
    timestamps: Any = None
    backbone: str | None = None
    store: Path | None = None

    def given(self, what: Any) -> Given:
        """Returns the sequences of what was given.

        Raises:
            InputError: it is nothing that the run could answer.
        """
        if isinstance(what, FeatureStore):
            self._require_no_times("a store")
            return Given(what, what.ids())
        if isinstance(what, StoredSequence):
            self._require_no_times("a stored sequence")
            return Given(what.store, [what.info.sequence_id], alone=True)
        if isinstance(what, str | PathLike):
            return self._of_paths([Path(what)], by_itself=True)
        if isinstance(what, list | tuple) and what and all(map(_is_path, what)):
            return self._of_paths(list(map(Path, what)), by_itself=False)
        return self._of_arrays(what)

    def _of_paths(self, paths: list[Path], by_itself: bool) -> Given:
        self._require_no_times("paths")
        for path in paths:
            if not _exists(path):
                raise InputError(f"there is no {shorten(str(path))}; expected {EXPECTED}")
            if is_store(path):
                if len(paths) > 1:
                    raise InputError(f"{path} is a store, which is answered alone; give only it")
                return Given(store := FeatureStore(path), store.ids())
        self._require_own_store()
        extraction = extraction_like(
            self.run, tuple(paths), self.store or self.folder / "store", self.backbone
        )
        # What a store of the user's has of another making stays.
        results = extract(replace(extraction, overwrite=False))
        done = [r.source.sequence_id for r in results if r.outcome in ("extracted", "skipped")]
        failed = {r.source.sequence_id: r.message for r in results if r.message}
        alone = by_itself and paths[0].is_file()
        if failed and (alone or not done):
            raise InputError(next(iter(failed.values())))
        return Given(FeatureStore(extraction.store), done, alone, failed)

    def _require_own_store(self) -> None:
        """Checks that features of new videos do not go to where those of training are."""
        trained_on = self.run.config.store
        there = self.store and self.store.exists() and trained_on.exists()
        if self.store and there and self.store.samefile(trained_on):
            raise InputError(
                f"store= {self.store} is what {self.run.path} was trained on; give another "
                "folder, which keeps the features of what is predicted"
            )

    def _require_no_times(self, what: str) -> None:
        if self.timestamps is not None:
            raise InputError(f"timestamps= is for arrays; {what} have times of their own")

    def _of_arrays(self, what: Any) -> Given:
        arrays, alone = _named(what)
        times = self.timestamps
        if times is None:
            times = {name: _own_times(one) for name, one in arrays.items()}
        elif alone:
            times = {ALONE: times}
        elif not isinstance(times, Mapping):
            several = times if isinstance(times, list | tuple | np.ndarray) else ()
            times = {str(number): one for number, one in enumerate(several)}
        if set(times) != set(arrays):
            raise InputError(
                f"timestamps= has {len(times)} arrays and features {len(arrays)}, or other names; "
                "expected one of times for each of features"
            )
        root = self.folder / "store"
        for name, features in arrays.items():
            if isinstance(features, StoredSequence):
                self.run.facts.require(features.info)
            self._write(root, name, _features(name, features), times[name])
        return Given(FeatureStore(root), list(arrays), alone)

    def _write(self, root: Path, name: str, features: NDArray[Any], times: Any) -> None:
        facts = self.run.facts
        if features.shape[1] != facts.dimension:
            raise InputError(
                f"{name} has {features.shape[1]:,} features a step, {self.run.path} takes "
                f"{facts.dimension:,} ({facts.backbone}); give <float>[N, {facts.dimension}]"
            )
        made = Origin(name, "", facts.fps, facts.backbone, facts.backbone_digest, facts.settings)
        # As they would lie in a store: of what is more exact than that, float32 is kept.
        dtype = "float16" if features.dtype == np.float16 else "float32"
        with SequenceWriter(sequence_path(root, name), facts.dimension, made, dtype) as writer:
            writer.append(self._times(name, len(features), times), features)

    def _times(self, name: str, steps: int, times: Any) -> NDArray[np.float64]:
        """Returns the seconds of the steps of an array."""
        if times is None:
            if self.run.facts.fps == "native":
                raise InputError(
                    f"{self.run.path} was trained on every frame of its videos, which says "
                    "nothing of the steps a second of an array; give timestamps=, in seconds"
                )
            return np.arange(steps) / float(self.run.facts.fps)
        try:
            seconds = np.asarray(times, np.float64)
        except (TypeError, ValueError):
            seconds = np.empty(0)
        if seconds.shape != (steps,) or not (np.isfinite(seconds).all()):
            raise InputError(f"{name}: expected {steps:,} timestamps, a number of seconds a step")
        if not (np.diff(seconds) > 0).all():
            raise InputError(f"{name}: expected timestamps that increase from step to step")
        return seconds


def _is_path(what: Any) -> bool:
    return isinstance(what, str | PathLike)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name longer than any.
        return False


def _named(what: Any) -> tuple[dict[str, Any], bool]:
    """Returns what was given by name, and True if it was given by itself."""
    if isinstance(what, Mapping):
        if not what:
            raise InputError(f"nothing to predict; expected {EXPECTED}")
        return {_sequence_id(name): one for name, one in what.items()}, False
    if isinstance(what, list | tuple) and what and getattr(what[0], "ndim", 0) == 2:
        return {str(number): one for number, one in enumerate(what)}, False
    return {ALONE: what}, True


def _own_times(features: Any) -> NDArray[np.float64] | None:
    """Returns the times that features bring with them; None for an array."""
    return features.timestamps if isinstance(features, StoredSequence) else None


def _sequence_id(name: Any) -> str:
    """Checks the name of an array.

    Raises:
        InputError: no sequence can be called so.
    """
    if not isinstance(name, str) or not name.isprintable() or _leads_elsewhere(name):
        raise InputError(f"{name!r:.80} is no sequence id: a text such as monday/camera1 is")
    if any(len(part.encode("utf-8", "replace")) > MOST_BYTES for part in name.split("/")):
        raise InputError(f"{shorten(name)!r} is too long for a sequence id; shorten it")
    return name


def _leads_elsewhere(name: str) -> bool:
    """Returns True if a file of that name would not lie where an id says, or be a folder."""
    path = PurePosixPath(name)
    return path.as_posix() != name or any(above.suffix == SUFFIX for above in path.parents)


def _features(name: str, features: Any) -> NDArray[Any]:
    """Returns features ``<float>[N, F]``, N > 0."""
    try:
        array = np.asarray(features)
        with np.errstate(over="ignore"):  # Too large a number becomes infinite, which is refused.
            array = array if array.dtype == np.float16 else array.astype(np.float32)
    except (TypeError, ValueError) as error:
        reason = shorten(" ".join(str(error).split()))
        raise InputError(
            f"{name}: not an array of numbers ({reason}); expected {EXPECTED}"
        ) from None
    if array.ndim != 2 or not len(array):
        raise InputError(
            f"{name} has the shape {list(array.shape)}; expected [N, F], a row of features a step"
        )
    return array
