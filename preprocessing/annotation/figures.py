"""The content of label files, in numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from preprocessing.annotation.said import Said
from preprocessing.labels.base import lasting
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.overlaps import joined
from preprocessing.store.feature_store import FeatureStore

DIGITS = 6


@dataclass
class ClassFigures:
    """The figures of a class: how often and how long it is labelled.

    Attributes:
        labels: stretches with it, open ones too.
        points: points in time with it.
        seconds: how long the stretches last together; frames, where those are all that is known.
        sequences: in how many sequences it is.
    """

    labels: int = 0
    points: int = 0
    seconds: float = 0.0
    sequences: int = 0


@dataclass
class Figures:
    """The figures of label files.

    Attributes:
        sequences: how many they are about.
        without: how many of these have no label.
        unit: what ``seconds`` of classes count: seconds, or frames.
        classes: by name.
        overlaps: how many pairs of stretches of one sequence overlap.
        open: states that were never ended, as (class, sequence, beginning).
        subjects, tiers, raters: how many labels each has; those without a name are in none.
        unlabelled: the share of the time of the sequences that has no label; None where how long
            they last is not known.
        not_stored: sequences that the store lacks.
        too_long: sequences whose labels end later than they do, by more than the tolerance, with
            the second at which each ends: (sequence, end of its labels, end of the sequence).
    """

    sequences: int
    without: int
    unit: str
    classes: dict[str, ClassFigures] = field(default_factory=dict)
    overlaps: int = 0
    open: list[tuple[str, str, float]] = field(default_factory=list)
    subjects: Counter[str] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)
    raters: Counter[str] = field(default_factory=Counter)
    unlabelled: float | None = None
    not_stored: list[str] = field(default_factory=list)
    too_long: list[tuple[str, float, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as values for a JSON file."""
        values = dict(vars(self))
        values["classes"] = {
            name: {**vars(one), "seconds": round(one.seconds, DIGITS)}
            for name, one in self.classes.items()
        }
        values["open"] = [
            {"class": name, "sequence": sequence_id, "start": round(start, DIGITS)}
            for name, sequence_id, start in self.open
        ]
        values["too_long"] = [
            {"sequence": name, "labels_end": round(last, DIGITS), "ends": round(end, DIGITS)}
            for name, last, end in self.too_long
        ]
        return values


def figures(said: Said, store: FeatureStore | None, tolerance: float) -> Figures:
    """Counts what label files hold.

    Args:
        said: their content.
        store: says how long sequences last; None if none is at hand.
        tolerance: seconds by which labels may end after their sequence.
    """
    without = sum(not several for several in said.by_sequence.values())
    unit = "frames" if said.in_frames else "seconds"
    found = Figures(len(said.by_sequence), without, unit)
    found.classes = {name: ClassFigures() for name in said.classes}
    for sequence_id, several in said.by_sequence.items():
        for one in several:
            _count(found, sequence_id, one)
        for name in {one.label for one in several}:
            found.classes[name].sequences += 1
        found.overlaps += _overlaps(several)
    if store is not None:
        found.not_stored = sorted(name for name in said.by_sequence if name not in store)
        found.unlabelled = _unlabelled(said, store)
        found.too_long = list(_too_long(said, store, tolerance))
    return found


def _count(found: Figures, sequence_id: str, one: Annotation) -> None:
    row = found.classes[one.label]
    if one.end is None:
        row.points += 1
    else:
        row.labels += 1
        row.seconds += 0.0 if one.end == OPEN else one.end - one.start
    if one.end == OPEN:
        found.open.append((one.label, sequence_id, one.start))
    sides = (found.subjects, one.subject), (found.tiers, one.tier), (found.raters, one.rater)
    for counts, name in sides:
        counts.update([name] if name else [])


def _overlaps(several: Sequence[Annotation]) -> int:
    """Returns the number of pairs of stretches that overlap; open ones are left out."""
    lasting = [one for one in several if one.end is not None and one.end != OPEN]
    starts = np.sort([one.start for one in lasting])
    ends = np.sort([one.end or 0.0 for one in lasting])
    # At the beginning of each, all that began before it and are not over yet.
    over = np.searchsorted(ends, starts, side="right")
    return int((np.arange(len(starts)) - over).sum())


def _unlabelled(said: Said, store: FeatureStore) -> float | None:
    """Returns the share of time without a label of the sequences that the store has."""
    whole = labelled = 0.0
    for sequence_id, several in said.by_sequence.items():
        if sequence_id in store:
            begin, end = lasting(store.info(sequence_id))
            whole += max(end - begin, 0.0)
            labelled += _covered(several, begin, end)
    return 1.0 - labelled / whole if whole > 0 else None


def _too_long(
    said: Said, store: FeatureStore, tolerance: float
) -> Iterator[tuple[str, float, float]]:
    """Yields (sequence, end of its labels, end of the sequence) where labels end too late."""
    for sequence_id, several in said.by_sequence.items():
        if sequence_id in store:
            _, end = lasting(store.info(sequence_id))
            ends = (one.start if one.end in (None, OPEN) else one.end for one in several)
            last = max((one for one in ends if one is not None), default=0.0)
            if last > end + tolerance:
                yield sequence_id, last, end


def _covered(several: Iterable[Annotation], begin: float, end: float) -> float:
    """Returns the seconds that labels cover of a sequence."""
    cut = [
        (max(one.start, begin), min(one.end, end), "")
        for one in several
        if one.end is not None and max(one.start, begin) < min(one.end, end)
    ]
    return sum(stop - start for start, stop, _ in joined(cut)) if cut else 0.0
