"""What a report tells of the labels that its model was trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.terminal.console import note

SHOWN_CLASSES = 100


class LabelSection(NamedTuple):
    """The table of classes and parts, and what makes one doubt it.

    Attributes:
        parts: the names of the parts.
        rows: the name of each class, and for each part its seconds, stretches and sequences; those
            that are shown longest first.
        more: how many classes are not among the rows.
        rest: other rows, of which only the seconds are known, in the same way.
        warnings: sentences.
    """

    parts: list[str]
    rows: list[tuple[str, list[tuple[float, int, int]]]]
    more: int
    rest: list[tuple[str, list[float]]]
    warnings: list[str]


def label_section(path: Path) -> LabelSection | None:
    """Reads what a training has written of its labels; None if it has not, or it can't be read.

    Args:
        path: the labels.json of a run; runs of before do not have it.
    """
    if not path.is_file():
        return None
    try:
        return _section(read_json(path, "what labels hold"))
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error)[:100].split())
        note(f"{path} cannot be read ({reason}): the report goes without its table")
        return None


def _section(told: Mapping[str, Any]) -> LabelSection:
    parts: dict[str, Mapping[str, Any]] = told["parts"]
    columns = [
        zip(part["class_seconds"], part["stretches"], part["class_sequences"], strict=True)
        for part in parts.values()
    ]
    rows = [
        (str(name), [(float(seconds), int(often), int(many)) for seconds, often, many in cells])
        for name, *cells in zip(told["classes"], *columns, strict=True)
    ]
    rows.sort(key=lambda row: -sum(seconds for seconds, _, _ in row[1]))
    return LabelSection(
        [str(name) for name in parts],
        rows[:SHOWN_CLASSES],
        max(len(rows) - SHOWN_CLASSES, 0),
        list(_rest(list(parts.values()), bool(told["background"]))),
        [str(warning) for warning in told["warnings"]],
    )


def _rest(parts: Sequence[Mapping[str, Any]], background: bool) -> list[tuple[str, list[float]]]:
    """Returns the rows of time that shows no class, where there is any, and of all time."""
    total = [float(part["seconds"]) for part in parts]
    unlabelled = [
        max(seconds - float(part["labelled"]), 0.0)
        for seconds, part in zip(total, parts, strict=True)
    ]
    nameless = "no label: background" if background else "no label"
    rows = [
        ("none of them", [float(part["none"]) for part in parts]),
        ("ignored", [float(part["ignored"]) for part in parts]),
        (nameless, unlabelled),
    ]
    return [*(row for row in rows if max(row[1], default=0.0) > 0), ("all", total)]
