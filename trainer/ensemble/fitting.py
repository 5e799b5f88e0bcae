"""The fit of runs that answer together, and the options, splits and facts of all as one."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from preprocessing.errors import InputError, some
from preprocessing.labels.options import LabelReading
from preprocessing.labels.splits import PARTS, Splits
from preprocessing.store.sequence_info import Making, shown_apart
from trainer.config import TrainConfig, flag
from trainer.plan.passage import ahead
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.run.lineage import Lineage

# Options that say what the answers are about, and by what they are measured.
SAME = ("inputs", "feed", "outputs", *(one.name for one in fields(LabelReading)))
# Options in which runs differ anyway.
UNTOLD = {"run", "splits", "group_by", "continue_from", "store", "labels"}
EXPECTED = "expected runs of the same task, classes, features, labels and test"


def require_fit(runs: Sequence[Run]) -> None:
    """Checks that runs answer the same question about the same features.

    Args:
        runs: of one model each.

    Raises:
        InputError: two do not; what differs is named.
    """
    for other in runs[1:]:
        if (difference := next(_differences(runs[0], other), None)) is not None:
            raise _misfit(runs[0], other, difference)


def _differences(first: Run, other: Run) -> Iterator[str]:
    """Yields what differs between two runs, in words."""
    one, another = first.facts, other.facts
    if one.task != another.task:
        yield f"their tasks differ, {one.task} and {another.task}"
    if one.classes != another.classes:
        apart = sorted(set(one.classes) ^ set(another.classes))
        yield f"their classes differ, {f'by {some(apart)}' if apart else 'in their order'}"
    for name in SAME:
        was, now = getattr(first.config, name), getattr(other.config, name)
        if was != now:
            yield f"their --{flag(name)} differ, {_said(was)} and {_said(now)}"
    if first.layout.sees_features and (different := _making(one).difference(_making(another))):
        name, *values = different
        was, now = shown_apart(name, *values)
        yield f"their features differ, made with {name} {was} and {now}"
    if ahead(first.config.horizon) != ahead(other.config.horizon):
        yield f"their --horizon differ, {first.config.horizon} and {other.config.horizon}"


def joint_config(runs: Sequence[Run]) -> TrainConfig:
    """Returns the options of all runs as one: those of the first that goes forward, if one does.

    Answers come as late as those of the latest.

    Args:
        runs: that fit.
    """
    configs = [run.config for run in runs]
    forward = [config for config in configs if config.direction == "forward"]
    latest = min(config.horizon for config in forward or configs)
    return replace((forward or configs)[0], horizon=latest)


def joint_facts(runs: Sequence[Run]) -> ModelFacts:
    """Returns the facts about all runs as one: those of the first, without digests that differ.

    Args:
        runs: that fit.
    """
    every = [run.facts for run in runs]
    digests = [one.name for one in fields(ModelFacts) if one.name.endswith("_digest")]
    differ = [name for name in digests if len({getattr(one, name) for one in every}) > 1]
    unknown: dict[str, Any] = dict.fromkeys(differ, "")
    return replace(every[0], **unknown)


def joint_lineage(runs: Sequence[Run]) -> Lineage:
    """Returns what any of the runs, or one that it continues, was trained on."""
    every = [run.lineage for run in runs]
    return Lineage(
        frozenset().union(*(one.run for one in every)),
        frozenset().union(*(one.ancestors for one in every)),
    )


def joint_splits(runs: Sequence[Run]) -> Splits:
    """Returns the splits of all runs as one.

    What one was trained on counts as trained on by all. What is tested must not have been used by
    any of them.

    Args:
        runs: that fit.

    Raises:
        InputError: a test sequence of one was trained on, or validated on by another.
    """
    every = {run: run.splits for run in runs}
    train, validation, test = (
        dict.fromkeys(name for splits in every.values() for name in splits[part]) for part in PARTS
    )
    for run, splits in every.items():
        for what, names in (("trained", splits.train), ("validated", splits.validation)):
            if known := sorted(test.keys() & set(names)):
                tested = next(one for one, own in every.items() if known[0] in own.test)
                reason = f"the latter was {what} on {some(known)}, which the former tests"
                raise _misfit(tested, run, reason)
    held_out = (name for name in validation if name not in train)
    return Splits(tuple(train), tuple(held_out), tuple(test))


def differing(runs: Sequence[Run]) -> Iterator[str]:
    """Yields the options in which runs differ, each with its values."""
    configs = [run.config for run in runs]
    for one in fields(TrainConfig):
        values = dict.fromkeys(_said(getattr(config, one.name)) for config in configs)
        if len(values) > 1 and one.name not in UNTOLD:
            yield f"--{flag(one.name)} {', '.join(values)}"


def _making(facts: ModelFacts) -> Making:
    if facts.frames:  # Each has a backbone of its own, and all see the same frames.
        return Making(facts.fps, facts.frames, "", facts.frames_settings, 0)
    return Making(facts.fps, facts.backbone, facts.backbone_digest, facts.settings, facts.dimension)


def _said(value: object) -> str:
    if value is None or value == ():
        return "none"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _misfit(first: Run, other: Run, reason: str) -> InputError:
    return InputError(f"{first.path} and {other.path} do not fit: {reason}; {EXPECTED}")
