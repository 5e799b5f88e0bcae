"""The content of label files, as text or as JSON."""

import json
from collections import Counter
from collections.abc import Iterator

from preprocessing.annotation.figures import Figures, figures
from preprocessing.annotation.options import LabelsConfig
from preprocessing.annotation.said import all_said
from preprocessing.errors import counted, shorten, some
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note, say
from preprocessing.terminal.streams import require_heard
from preprocessing.terminal.table import aligned

MOST_LINES = 40
MOST_NAMES = 12
NAME_LETTERS = 40
ALL = "(all)"


def show(config: LabelsConfig) -> None:
    """Shows what labels hold.

    Args:
        config: the options of the command.

    Raises:
        InputError: they cannot be read.
    """
    store = FeatureStore(config.store) if config.store else None
    options = config.label_options
    found = figures(all_said(options, store, in_frames=True), store, options.tolerance)
    say(*([json.dumps(found.to_json())] if config.json else _lines(found)))
    for remark in _remarks(found) if not config.json else ():
        note(remark)
    require_heard()


def _lines(found: Figures) -> Iterator[str]:
    """Yields the figures as text."""
    labels = sum(one.labels for one in found.classes.values())
    points = sum(one.points for one in found.classes.values())
    parts = (
        _counted(found.sequences, "sequence"),
        f"{len(found.classes):,} class{'es' * (len(found.classes) != 1)}",
        _counted(labels, "label"),
        *([_counted(points, "point")] if points else []),
    )
    yield ", ".join(parts)
    yield from _table(found)
    sides = {"subject": found.subjects, "tier": found.tiers, "rater": found.raters}
    for name, counts in sides.items():
        if counts:
            yield f"{name}s: {_listed(counts)}" + f" (--{name} chooses)" * (len(counts) > 1)
    if found.overlaps:
        yield f"overlapping pairs of labels: {found.overlaps:,}"
    if found.without:
        yield f"sequences without a label: {found.without:,}"
    if found.unlabelled is not None:
        yield f"time without a label: {found.unlabelled:.1%}"


def _table(found: Figures) -> Iterator[str]:
    """Yields a line for each class, those that last longest first."""
    order = sorted(found.classes.items(), key=lambda row: (-row[1].seconds, -row[1].points, row[0]))
    pointed = any(one.points for one in found.classes.values())
    head = ["class", "labels", *(["points"] if pointed else []), found.unit, "sequences"]
    rows = [
        [
            shorten(name, NAME_LETTERS),
            f"{one.labels:,}",
            *([f"{one.points:,}"] if pointed else []),
            f"{one.seconds:,.3f}".rstrip("0").rstrip("."),
            f"{one.sequences:,}",
        ]
        for name, one in order[:MOST_LINES]
    ]
    yield from aligned([head, *rows])
    if (more := len(order) - MOST_LINES) > 0:
        yield f"and {more:,} more classes; --json has them all"


def _listed(counts: Counter[str]) -> str:
    """Lists names with how many labels each has."""
    shown = [f"{shorten(name, NAME_LETTERS)} {count:,}" for name, count in counts.most_common()]
    more = len(shown) - MOST_NAMES
    return ", ".join(shown[:MOST_NAMES] + [f"{more:,} more"] * (more > 0))


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _remarks(found: Figures) -> Iterator[str]:
    """Yields what should be looked at before the labels are used."""
    if found.open:
        name, sequence_id, start = found.open[0]
        yield (
            f"{counted(len(found.open), 'state')} never ended, the first {shorten(name)!r} of "
            f"{shorten(sequence_id)} from {start:.6g} {found.unit} on; end it where it ends, or "
            "take it out"
        )
    if found.unit == "frames":
        yield (
            "times are numbers of frames, and how long one lasts is not known; give --label-fps, "
            "or --store"
        )
    if found.too_long:
        name, last, end = found.too_long[0]
        yield (
            f"{counted(len(found.too_long), 'sequence')} with labels that end after it, as "
            f"{shorten(name)}: labels end at {last:.6g} s, the sequence at {end:.6g} s; they are "
            "of another video, or count otherwise (frames at another rate, milliseconds)"
        )
    if found.not_stored:
        yield (
            f"{counted(len(found.not_stored), 'sequence')} that the store does not have "
            f"({some(found.not_stored)}); --media-map says which are meant"
        )
