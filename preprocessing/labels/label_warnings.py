"""What makes one doubt labels, in sentences: what was found, and what may be done."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import counted, some
from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.class_table import ClassTable, PartCounts
from preprocessing.labels.label_names import alike, mistyped

MANY_CLASSES = 200
# Of the time for training; so little with a label is mostly a mistake.
FEW_LABELLED = 0.2
# Of labelled stretches that may be shorter than a step without a word.
SHORT_SHARE = 0.02
# Of the time; where less has a label, somebody must say what the rest is.
COVERED = 0.9
LACKING = {
    "train": "a model cannot learn to name what it never sees; move a sequence that shows it here",
    "validation": "the choice of the best epoch does not know them",
    "test": "their figures there will be null",
}


def label_warnings(table: ClassTable, labels: Labels, shares: bool) -> Iterator[str]:
    """Yields what should be looked at before a training, a line each.

    Args:
        table: the counts of the parts.
        labels: that were counted.
        shares: whether it matters how much of the time has a label.
    """
    total, path = table.total, labels.options.path
    if shares:
        yield from _few(table)
        yield from uncovered(total, labels.options, "the sequences")
    for name in sorted(set(labels.options.ignored) - labels.names):
        yield f"--ignore-label {name}: no label has this name"
    if labels.options.task == "regression":
        return
    yield from _short(total)
    yield from _many(table, total)
    yield from alike(labels.names, path)
    yield from mistyped(dict(zip(table.classes, total.stretches.tolist(), strict=True)), path)
    yield from _rare(table, total)
    yield from _lacking(table, total)


def uncovered(counts: PartCounts, options: LabelOptions, what: str) -> Iterator[str]:
    """Yields a line if much of the time has no label, and nobody has said what it is.

    Args:
        counts: of the sequences that figures speak of.
        options: how labels were read.
        what: names the sequences.
    """
    chosen = options.unlabelled is not None or options.task != "classification"
    if chosen or counts.labelled >= COVERED * counts.seconds:
        return
    yield (
        f"{counts.unlabelled / counts.seconds:.1%} of the time of {what} has no label "
        f"({counts.unlabelled:,.0f} of {counts.seconds:,.0f} s): it is left out, and figures speak "
        "of the labelled share only; train with --unlabelled background to make a class of it, or "
        "with --unlabelled ignore to leave it out without this note"
    )


def in_no_part(ids: Collection[str], parts: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yields a line if sequences have labels that nothing is made of.

    Args:
        ids: the sequences that have a label.
        parts: the sequences of each part.
    """
    left = sorted(set(ids).difference(*parts.values()))
    if left:
        what = counted(len(left), "labelled sequence")
        yield f"{what} in no part of the splits: left out ({some(left, 1)})"


def without_label(stored: Collection[str], known: Collection[str]) -> Iterator[str]:
    """Yields a line if sequences of a store have no label.

    Args:
        stored: the sequences of the store.
        known: those that have a label.
    """
    if unlabelled := sorted(set(stored).difference(known)):
        what = counted(len(unlabelled), "sequence")
        yield f"{what} of the store without a label: left out ({some(unlabelled, 1)})"


def _few(table: ClassTable) -> Iterator[str]:
    """Tells of hardly any labelled time, as where minutes are taken for seconds."""
    part, counts = next(iter(table.parts.items()))
    if counts.labelled < FEW_LABELLED * counts.seconds:
        yield (
            f"{counts.labelled / counts.seconds:.1%} of the time "
            f"{'for training' if part == 'train' else 'of the sequences'} has a label "
            f"({counts.labelled:,.0f} of {counts.seconds:,.0f} s); are the labels in seconds, and "
            "for these sequences?"
        )


def _short(counts: PartCounts) -> Iterator[str]:
    """Tells of labels that often change between two steps."""
    if counts.short > SHORT_SHARE * counts.labels:
        yield (
            f"{counts.short:,} of {counts.labels:,} labelled stretches are shorter than the "
            f"{counts.step_seconds:.2g} s between two steps, and may have none; more steps a "
            "second (extract --fps) would show them"
        )


def _many(table: ClassTable, total: PartCounts) -> Iterator[str]:
    if len(table.classes) >= MANY_CLASSES:
        yield (
            f"{len(table.classes):,} classes, half of them in {np.median(total.stretches):g} "
            "stretches or fewer: are they names of classes, and not sentences, numbers or ids?"
        )


def _rare(table: ClassTable, total: PartCounts) -> Iterator[str]:
    if none := _named(table, total.class_sequences == 0):
        yield f"in none of the sequences: {none}: nothing is learned or counted of them"
    if single := _named(table, total.class_sequences == 1):
        yield (
            f"in one sequence only: {single}: it can be trained on or tested on, not both; label "
            "more sequences, or leave the name out with --ignore-label"
        )


def _lacking(table: ClassTable, total: PartCounts) -> Iterator[str]:
    """Tells of classes that other parts have."""
    for part, counts in table.parts.items():
        lacking = (counts.class_sequences == 0) & (total.class_sequences > 0)
        if counts.sequences and part in LACKING and (named := _named(table, lacking)):
            yield f"{part} lacks {named}: {LACKING[part]}"


def _named(table: ClassTable, which: NDArray[np.bool_]) -> str:
    """Names the first of some classes, and says how many of how many they are; empty for none."""
    names = [name for name, chosen in zip(table.classes, which.tolist(), strict=True) if chosen]
    return f"{some(names)} ({len(names)} of {len(table.classes)} classes)" if names else ""
