"""Tasks of Label Studio, in each of the forms in which it writes them.

    JSON       [{"data": {"video": ...}, "annotations": [{"completed_by": ..., "result": [...]}]}]
    JSON-MIN   [{"video": ..., "annotator": ..., "<control>": [<value>, ...]}]
    event      {"task": {"data": ...}, "annotation": {...}, "project": {"label_config": ...}}

CSV is JSON-MIN as a table. Before version 1.0 annotations were called completions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError
from preprocessing.labels.formats.gathering import Gathering, Place, placed
from preprocessing.labels.formats.json_values import dict_of, list_of, text_of, time_of

ANNOTATIONS = ("annotations", "completions")
PREDICTIONS = "predictions"
PREDICTOR = "prediction"
# Columns of every JSON-MIN row, beside those of the task and of its controls.
ROW = "annotation_id"


class Answers(NamedTuple):
    """What one person, or one model, said of a task.

    Attributes:
        rater: who.
        confidence: of the whole, for a model's; None for a person's.
        results: values of controls: {"from_name", "to_name", "value", "score"}.
    """

    rater: str
    confidence: float | None
    results: list[dict[str, Any]]


class Task(NamedTuple):
    """A task and all answers to it.

    Attributes:
        place: names it in messages.
        data: the media, and what else it was made of.
        config: the labelling interface of its project; empty where the file does not hold it.
        answers: in the order of the file.
    """

    place: Place
    data: dict[str, Any]
    config: str
    answers: list[Answers]


def is_export(content: Any) -> bool:
    """Returns whether a JSON file holds tasks of Label Studio.

    Args:
        content: all of it.
    """
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return False
    if _is_event(first) or isinstance(first.get(ROW), int):
        return True
    lists = (first.get(name) for name in (*ANNOTATIONS, PREDICTIONS))
    return isinstance(first.get("data"), dict) and any(isinstance(one, list) for one in lists)


def tasks_of(content: Any, path: Path, gathering: Gathering) -> Iterator[Task]:
    """Yields the tasks of a file.

    Args:
        content: all of it.
        path: the file, for messages.
        gathering: counts what is left out.

    Raises:
        InputError: a task is none.
    """
    for number, one in enumerate(content if isinstance(content, list) else [content], 1):
        if not isinstance(one, dict):
            raise InputError(f"{path} task {number}: expected a task with its annotations")
        place = placed("task", text_of(one.get("id")) or text_of(number))
        config = text_of(dict_of(one.get("project")).get("label_config"))
        if _is_event(one):
            task = dict_of(one.get("task"))
            answers = _people([one.get("annotation")], gathering, place)
            yield Task(place, dict_of(task.get("data")), config, answers)
        elif isinstance(one.get("data"), dict):
            people = [entry for name in ANNOTATIONS for entry in list_of(one.get(name))]
            answers = _people(people, gathering, place)
            answers += _models(list_of(one.get(PREDICTIONS)), path, place)
            yield Task(place, one["data"], config, answers)
        else:
            yield Task(place, one, config, [_row(one)])


def _is_event(one: dict[str, Any]) -> bool:
    return isinstance(dict_of(one.get("annotation")).get("result"), list) and "task" in one


def _people(annotations: list[Any], gathering: Gathering, place: Place) -> list[Answers]:
    """Returns what people said, without what they skipped."""
    answers = []
    for annotation in map(dict_of, annotations):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            gathering.leave_out("annotation", "that was skipped", place)
            continue
        by = annotation.get("completed_by")
        rater = text_of(dict_of(by).get("email")) or text_of(dict_of(by).get("id")) or text_of(by)
        answers.append(Answers(rater, None, _results(annotation)))
    return answers


def _models(predictions: list[Any], path: Path, place: Place) -> list[Answers]:
    """Returns what models said.

    Raises:
        InputError: a score is no number.
    """
    answers = []
    for prediction in map(dict_of, predictions):
        rater = text_of(prediction.get("model_version")) or PREDICTOR
        score = time_of(prediction.get("score") or 0, path, place)
        answers.append(Answers(rater, score, _results(prediction)))
    return answers


def _row(row: dict[str, Any]) -> Answers:
    """Returns the answers of a JSON-MIN row, whose controls are what holds a list of values."""
    by = row.get("annotator")
    results = [
        {"from_name": name, "value": value}
        for name, values in row.items()
        for value in list_of(values)
        if isinstance(value, dict)
    ]
    rater = text_of(dict_of(by).get("email")) or text_of(dict_of(by).get("id")) or text_of(by)
    return Answers(rater, None, results)


def _results(answers: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for result in list_of(answers.get("result")) if isinstance(result, dict)]
