"""JSON of CalMS21: a class number a frame for each sequence, and what the numbers mean.

{"annotator-id_0": {"task1/train/mouse001_task1_annotator1": {
    "keypoints": [...], "annotations": [3, 3, 0], "metadata": {"vocab": {"attack": 0, "other": 3}}
}}}

The outer names are people, or in task 3 behaviours. Frames count from 0; other is a class.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, list_of, text_of
from preprocessing.labels.formats.sample import Sample

PEOPLE = "annotator"


def recognises(sample: Sample) -> bool:
    """Returns whether a file is JSON of sequences with a vocabulary.

    Args:
        sample: its beginning.
    """
    return damaged(sample, "keypoints", "annotator-id_0") or any(
        _vocabulary(one) for *_, one in _sequences(sample.json)
    )


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads the classes of all frames, as intervals of frames.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is no JSON, or a number has no name.
    """
    gathering = Gathering(path)
    media: dict[str, None] = {}
    for group, name, sequence in _sequences(read_json(path, "labels")):
        media[name] = None
        rater, tier = (group, "") if group.startswith(PEOPLE) else ("", group)
        names, start = _vocabulary(sequence), 0
        for number, run in groupby(list_of(sequence.get("annotations"))):
            end = start + sum(1 for _ in run)
            place = placed("sequence", f"{name}, frame {start}")
            if (label := names.get(text_of(number))) is None:
                raise InputError(
                    f"{path} {place()}: class {short(number)}; expected one of "
                    f"{short(', '.join(names))}"
                )
            gathering.add(Annotation(name, start, end, label, tier=tier, rater=rater), place)
            start = end
    return Reading(gathering.annotations, "frames", None, tuple(media), gathering.remarks())


def _sequences(content: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields (outer name, name, content) of each sequence."""
    for group, sequences in dict_of(content).items():
        for name, sequence in dict_of(sequences).items():
            if isinstance(sequence, dict):
                yield group, name, sequence


def _vocabulary(sequence: dict[str, Any]) -> dict[str, str]:
    """Returns the name of each number of a sequence; empty if it says none."""
    words = dict_of(sequence.get("metadata")).get("vocab")
    if isinstance(words, list):
        return {str(number): text_of(word) for number, word in enumerate(words)}
    return {text_of(number): word for word, number in dict_of(words).items()}


CALMS21 = Format("calms21", "JSON of CalMS21, a class number a frame", recognises, read)
