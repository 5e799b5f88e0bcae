"""JSON of clips with events at frames, as for spotting of precise moments (E2E-Spot).

[{"video": "a_10_132", "fps": 25.0, "num_frames": 122, "events": [{"frame": 39, "label": "Entry"}]}]

Frames count from 0. Where the rate is -1 or missing, nobody knows it.
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
from preprocessing.labels.formats.scores import share_of

KEYS = {"video", "events"}


def recognises(sample: Sample) -> bool:
    """Returns whether a file is a JSON list of clips with events.

    Args:
        sample: its beginning.
    """
    first = next(iter(list_of(sample.json)), None)
    return damaged(sample, *KEYS) or dict_of(first).keys() >= KEYS


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads the events of all clips, as points.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is no JSON, or an event has no frame or no class.
    """
    clips = [dict_of(clip) for clip in list_of(read_json(path, "labels"))]
    rates = [_rate(path, clip) for clip in clips]
    seconds = all(rates)
    gathering = Gathering(path, points=True)
    for clip, rate in zip(clips, rates, strict=True):
        media = text_of(clip.get("video"))
        for number, event in enumerate(list_of(clip.get("events")), 1):
            place = placed("video", f"{media}, event {number}")
            frame, label = dict_of(event).get("frame"), text_of(dict_of(event).get("label"))
            if not label:
                raise InputError(f"{path} {place()}: {short(event)}; expected a frame and a label")
            start = time_of(frame, path, place) / (rate if seconds else 1)
            share = share_of(dict_of(event).get("score"), path, place, gathering)
            gathering.add(Annotation(media, start, None, label, confidence=share), place)
    media_of_all = tuple(text_of(clip.get("video")) for clip in clips)
    reading = Reading(gathering.annotations, media=media_of_all, remarks=gathering.remarks())
    if not seconds:
        reading.unit = "frames"
    return reading


def _rate(path: Path, clip: dict[str, Any]) -> float:
    """Returns the frames a second of a clip, 0 if nobody knows."""
    fps = clip.get("fps")
    return 0.0 if fps is None else max(time_of(fps, path, placed("video", clip.get("video"))), 0.0)


SPOTTING = Format("spotting", "JSON of clips with events at frames (E2E-Spot)", recognises, read)
