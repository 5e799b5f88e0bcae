"""JSON of one video with lists of stretches in milliseconds, as of MultiBypass140.

{"phases": [{"start": 0, "end": 81000, "label_name": "preparation", "label_id": 0}], "steps": [...]}

Each list is a tier. What lies inside another stretch, such as out_of_body, is said twice of a time.
"""

from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, list_of, text_of, time_of
from preprocessing.labels.formats.sample import Sample

KEYS = {"start", "end", "label_name"}
MILLISECONDS = 1000


def recognises(sample: Sample) -> bool:
    """Returns whether a file is JSON of lists of stretches with names.

    Args:
        sample: its beginning.
    """
    return damaged(sample, *KEYS) or bool(_tiers(sample.json))


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads the stretches of all lists.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is no JSON, or a stretch has no name or no times.
    """
    gathering = Gathering(path)
    for tier, stretches in _tiers(read_json(path, "labels")).items():
        for number, stretch in enumerate(stretches, 1):
            place = placed(tier, number)
            if not isinstance(stretch, dict) or not stretch.keys() >= KEYS:
                raise InputError(
                    f"{path} {place()}: {short(stretch)}; expected start, end and label_name"
                )
            start, end = (time_of(stretch[key], path, place) for key in ("start", "end"))
            label = text_of(stretch["label_name"])
            said = Annotation("", start / MILLISECONDS, end / MILLISECONDS, label, tier=tier)
            gathering.add(said, place)
    return Reading(gathering.annotations, remarks=gathering.remarks())


def _tiers(content: Any) -> dict[str, list[Any]]:
    """Returns the lists of a file whose first member is a stretch with a name."""
    return {
        name: list_of(value)
        for name, value in dict_of(content).items()
        if dict_of(next(iter(list_of(value)), None)).keys() >= KEYS
    }


PHASES = Format("multibypass", "JSON of phases and steps (MultiBypass140)", recognises, read)
