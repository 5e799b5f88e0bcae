"""JSON of data sets whose videos have a list of segments: ActivityNet and its kin.

{"v_a": {"annotations": [{"segment": [0.3, 0.6], "label": "Diving"}]}}    MMAction, BSN
{"database": {"a": {"annotations": [...]}}}       ActivityNet, THUMOS14, HACS, FineAction, COIN
{"results": {"a": [{"segment": [...], "label": "Diving", "score": 0.9}]}}             predictions
{"a": {"actions": [[12, 18.6, 24.8]]}}                      MultiTHUMOS, Charades: class, begin, end

Times are seconds, as numbers or as text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, Place, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, list_of, text_of, time_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.scores import share_of

ALL_VIDEOS = ("database", "results")
OF_VIDEO = ("annotations", "annotation", "actions")
# What the class of a segment is called: captions are classes too, if rare ones.
NAMES = ("label", "sentence", "class", "name", "label_id")
LOOKED_AT = 20


def recognises(sample: Sample) -> bool:
    """Returns whether a file is JSON of videos with segments.

    Args:
        sample: its beginning.
    """
    if damaged(sample, "segment"):
        return True
    videos = list(_videos(sample.json).values())
    if not videos or not all(_segments(video) is not None for video in videos[:LOOKED_AT]):
        return False
    return any(map(_is_segment, _first(videos)))


def _first(videos: list[Any]) -> Iterator[Any]:
    """Yields the first segment of each video that has one."""
    for video in videos:
        if segments := _segments(video):
            yield segments[0]


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads the segments of all videos.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is no JSON, or a segment has no class or no two times.
    """
    gathering = Gathering(path)
    videos = _videos(read_json(path, "labels"))
    for media, video in videos.items():
        for number, segment in enumerate(_segments(video) or (), 1):
            place = placed("video", f"{media}, segment {number}")
            said = _said(path, media, segment, place)
            score = dict_of(segment).get("score")
            share = share_of(score, path, place, gathering)
            gathering.add(said._replace(confidence=share), place)
    return Reading(gathering.annotations, media=tuple(videos), remarks=gathering.remarks())


def _videos(content: Any) -> dict[str, Any]:
    """Returns what a file says of each video; nothing if it is laid out otherwise."""
    outer = dict_of(content)
    inner = (dict_of(outer.get(name)) for name in ALL_VIDEOS)
    return next((videos for videos in inner if videos), outer)


def _segments(video: Any) -> list[Any] | None:
    """Returns the list of segments of a video; None if it has no such list."""
    if isinstance(video, list):
        return video
    found = (dict_of(video).get(name) for name in OF_VIDEO)
    return next((each for each in found if isinstance(each, list)), None)


def _is_segment(segment: Any) -> bool:
    if isinstance(segment, dict):
        return len(list_of(segment.get("segment"))) == 2
    return isinstance(segment, list) and len(segment) == 3


def _said(path: Path, media: str, segment: Any, place: Place) -> Annotation:
    """Returns what a segment says.

    Args:
        path: the file.
        media: the video.
        segment: what the list of its segments holds.
        place: names it, for messages.

    Raises:
        InputError: it has no class, or no two times.
    """
    if not _is_segment(segment):
        raise InputError(f"{path} {place()}: {short(segment)}; expected a class and two times")
    if isinstance(segment, list):
        name, *times = segment
        label = text_of(name)
    else:
        times = segment["segment"]
        label = next((text for key in NAMES if (text := text_of(segment.get(key)))), "")
    if not label:
        raise InputError(f"{path} {place()}: it has no label; expected the name of a class")
    start, end = (time_of(time, path, place) for time in times)
    return Annotation(media, start, end, label)


ACTIVITYNET = Format("activitynet", "JSON of segments (ActivityNet and its kin)", recognises, read)
