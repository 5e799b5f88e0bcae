"""Exports of Label Studio: JSON, JSON-MIN, CSV, and the events that it sends to models."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.csv_rows import all_rows
from preprocessing.files.text_files import JSON_DAMAGE, MOST_LINE, read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed
from preprocessing.labels.formats.json_values import damaged
from preprocessing.labels.formats.label_studio_results import Results
from preprocessing.labels.formats.label_studio_tasks import (
    ROW,
    Task,
    is_export,
    tasks_of,
)
from preprocessing.labels.formats.sample import Sample

COLUMNS = {ROW, "annotator", "lead_time"}
DELIMITERS = (",", "\t")


def recognises(sample: Sample) -> bool:
    """Returns whether a file is an export of Label Studio.

    Args:
        sample: its beginning.
    """
    if sample.lines and _delimiter(sample.lines[0]):
        return True
    return is_export(sample.json) or damaged(sample, "annotations", "data", "result")


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all tasks of an export.

    Args:
        path: the file.
        choices: whether raters are chosen; if not, predictions count only where no person
            annotated anything.

    Raises:
        InputError: it is damaged.
    """
    sample = Sample(path)
    delimiter = _delimiter(sample.lines[0]) if sample.lines else ""
    content = list(_rows(path, delimiter)) if delimiter else read_json(path, "labels")
    if not delimiter and not is_export(content):
        raise InputError(f"{path} is no export of Label Studio; expected tasks with annotations")
    gathering = Gathering(path)
    results = Results(path, gathering)
    tasks = list(tasks_of(content, path, gathering))
    people = any(answers.confidence is None for task in tasks for answers in task.answers)
    for task in tasks:
        results.add(_by_people(task, gathering) if people and not choices.raters else task)
    return results.reading()


def _by_people(task: Task, gathering: Gathering) -> Task:
    """Returns a task without what models said, which is no truth beside what people did."""
    for answers in task.answers:
        if answers.confidence is not None and answers.results:
            gathering.leave_out(
                "prediction",
                "of models beside annotations of people; --rater takes them, by model version",
                placed("", f"{answers.rater} of {task.place()}"),
            )
    return task._replace(answers=[one for one in task.answers if one.confidence is None])


def _delimiter(header: str) -> str:
    """Returns what stands between the columns of a table; empty if it is none of Label Studio's."""
    for delimiter in DELIMITERS:
        if {cell.strip('" ') for cell in header.split(delimiter)} >= COLUMNS:
            return delimiter
    return ""


def _rows(path: Path, delimiter: str) -> Iterator[dict[str, Any]]:
    """Yields the rows of a table as those of JSON-MIN.

    Raises:
        InputError: a row has another length than the header.
    """
    # All labels of a video are in one cell.
    before = csv.field_size_limit(MOST_LINE)
    try:
        rows = all_rows(path, "labels", delimiter)
        _, header = next(rows)
        for number, row in rows:
            if len(row) != len(header):
                raise InputError(
                    f"{path} line {number} has {len(row)} values; expected {len(header)}"
                )
            yield {name: _value(cell) for name, cell in zip(header, row, strict=True)}
    finally:
        csv.field_size_limit(before)


def _value(cell: str) -> Any:
    """Returns what a cell holds: lists and objects are JSON."""
    if not cell.startswith(("[", "{")):
        return cell
    try:
        return json.loads(cell)
    except JSON_DAMAGE:
        return cell


LABEL_STUDIO = Format("label-studio", "Label Studio exports", recognises, read)
