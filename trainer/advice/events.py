"""Remarks on events that are shorter than the steps of a store, so that steps may miss them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from preprocessing.errors import InputError, shorten
from preprocessing.files.text_files import read_json
from preprocessing.store.sequence_info import IMPORTED
from trainer.advice.remark import Remark
from trainer.run.folder import Run

# Of a class: from this share, and this many, of its stretches on.
SHARE, FEW = 0.2, 3
# What reading a file may end in that is not as a run writes it.
DAMAGED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
# How many steps an event of the usual short length gets.
STEPS = 2
# Of most videos; more steps than frames would repeat them.
FRAMES = 25


class Missed(NamedTuple):
    """A class whose stretches are shorter than a step.

    Attributes:
        name: of the class.
        share: of its stretches that are.
        seconds: how long these last on average.
        step: seconds between two steps.
    """

    name: str
    share: float
    seconds: float
    step: float


def on_events(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if many stretches of a class are shorter than a step.

    Args:
        runs: that were trained on the same labels.
    """
    for run in runs[:1]:
        with suppress(InputError, *DAMAGED):
            missed = max(_missed(run), key=lambda one: one.share, default=None)
            if missed and (told := _told(run, missed)):
                yield Remark(told, "docs/guide.md#look-at-the-labels-too")


def _missed(run: Run) -> Iterator[Missed]:
    """Yields the classes of which many stretches of the training split are shorter than a step."""
    table: Mapping[str, Any] = read_json(run.labels_path, "what labels hold")
    counts = table["parts"]["train"]
    columns = (counts[name] for name in ("class_short", "class_short_seconds", "stretches"))
    for name, short, seconds, stretches in zip(table["classes"], *columns, strict=True):
        if short >= FEW and short >= SHARE * stretches and seconds > 0:
            share = min(1.0, short / stretches)
            yield Missed(str(name), share, seconds / short, float(counts["step_seconds"]))


def _told(run: Run, missed: Missed) -> str:
    """Returns what to say; empty if the store has every frame already."""
    rate, facts = math.ceil(STEPS / missed.seconds), run.facts
    if facts.backbone.startswith(IMPORTED):
        flag = f"import features of {rate} steps a second"
    elif facts.fps == "native":
        return ""
    else:
        flag = f"extract --fps {rate if rate < FRAMES else 'native'}"
    return (
        f"{100 * missed.share:.0f} % of the stretches of {shorten(missed.name, 40)} are shorter "
        f"than a step of {missed.step:.2g} s ({missed.seconds:.2g} s on average), and may be in "
        f"none; {flag} shows them"
    )
