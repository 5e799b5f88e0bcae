"""Descriptions of the differences between a run as it was begun and as it is asked for now."""

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from preprocessing.labels.splits import PARTS, Splits

if TYPE_CHECKING:
    from trainer.run.facts import ModelFacts

# What a fact of a model is to a person who has changed it.
CHANGES = {
    "classes": "the classes in --labels",
    "dimension": "the number of features in --store",
    "fps": "the fps of --store",
    "backbone": "the backbone of --store",
    "backbone_digest": "the weights of the backbone of --store",
    "settings": "the settings of --store",
    "target_moments": "the numbers in --labels",
    "feature_moments": "the features in --store",
    "data_digest": "what --labels hold, or the recordings behind --store",
    "features_digest": "the features in --store",
    "frames_digest": "the frames of the videos behind --store",
    "model_digest": "the file of --model",
    "frames": "the frames in --store",
    "frames_settings": "the settings of --store",
    "begun_from": "the backbone of --finetune",
}
# Older runs do not know them.
NEWER = {"features_digest", "frames_digest"}
# They follow from what stands before them.
CONSEQUENCES = {"target_moments", "feature_moments", "data_digest"} | NEWER

SHOWN = 80


def changed_facts(before: "ModelFacts", now: "ModelFacts") -> Iterator[str]:
    """Yields the facts that differ, without those that follow from other differences.

    Args:
        before: the facts that the run was begun with.
        now: the facts as they are now.
    """
    said = False
    for field in fields(before):
        was, value = getattr(before, field.name), getattr(now, field.name)
        if (field.name in NEWER and not was) or (now.frames and field.name == "backbone_digest"):
            continue
        if was != value and not (said and field.name in CONSEQUENCES):
            said = True
            between = "" if field.name.endswith("digest") else _between(was, value)
            yield f"{CHANGES.get(field.name, field.name)}{between}"


def changed_splits(before: Splits, now: Splits) -> Iterator[str]:
    """Yields the parts that have other sequences, each with one of these.

    Args:
        before: the splits that the run was begun with.
        now: the splits as they are now.
    """
    for part in PARTS:
        if gone := sorted(set(before[part]) - set(now[part])):
            yield f"the {part} split (without {gone[0]!r}, {len(now[part])} sequences)"
        elif new := sorted(set(now[part]) - set(before[part])):
            yield f"the {part} split (with {new[0]!r}, {len(now[part])} sequences)"
        elif before[part] != now[part]:
            yield f"the {part} split (its order)"


def _between(before: object, now: object) -> str:
    """Returns two values side by side, if they tell a person anything; else empty."""
    if isinstance(before, tuple) and isinstance(now, tuple):
        return _difference(before, now) if all(isinstance(it, str) for it in before) else ""
    said = f" ({before or 'none'}, now {now or 'none'})"
    return said if len(said) <= SHOWN else ""


def _difference(before: tuple[object, ...], now: tuple[object, ...]) -> str:
    gone, new = ([it for it in a if it not in b] for a, b in ((before, now), (now, before)))
    if new:
        return f" (with {str(new[0])[:SHOWN]}, {len(now)})"
    return f" (without {str(gone[0])[:SHOWN]}, {len(now)})" if gone else " (their order)"
