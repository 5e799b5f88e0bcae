"""The entry of one sequence on a contact sheet: pictures from its video, and its similarity."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, VideoError
from preprocessing.inspection.labelled_time import LabelledTime
from preprocessing.inspection.similarity import duration, similarity, stretch_means
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.clock import clock
from preprocessing.videos.pictures import source_video, thumbnails

PICTURES = 24
HOUR = 3600
Pictures = tuple[NDArray[np.uint8] | None, ...]


@dataclass(frozen=True)
class Entry:
    """One sequence on the sheet.

    Attributes:
        sequence_id: its id.
        facts: length, steps, backbone and so on, in one line.
        begin: the second at which it begins, as players show it.
        end: the second at which it ends, as players show it.
        step_seconds: how long a step is shown.
        times: seconds at which the pictures' steps begin, ascending.
        pictures: ``<uint8>[H, W, 3]`` for each time, None where the video does not decode; empty
            if there is no video to take them from.
        trouble: why something is missing, or empty.
        alike: ``<float64>[n, n]``, see ``similarity``; None if the features cannot be read.
        labels: what is labelled when; None if there are no labels.
    """

    sequence_id: str
    facts: str = ""
    begin: float = 0.0
    end: float = 0.0
    step_seconds: float = 0.0
    times: tuple[float, ...] = ()
    pictures: Pictures = ()
    trouble: str = ""
    alike: NDArray[np.float64] | None = None
    labels: LabelledTime | None = None


def read_entry(store: FeatureStore, sequence_id: str) -> Entry:
    """Reads the entry of a sequence; ``trouble`` says what could not be read.

    Args:
        store: the store.
        sequence_id: the sequence.
    """
    try:
        info = store.info(sequence_id)
        _require_times(info)
        alike = similarity(stretch_means(store, info))
        steps = [*spread(info.steps, PICTURES)]
        times = [float(store.timestamps(sequence_id, step, step + 1)[0]) for step in steps]
        own = _own_pictures(store, info)
    except (OSError, RuntimeError, ValueError) as error:
        return Entry(sequence_id, trouble=str(error))
    finally:
        store.close()
    pictures, trouble = _pictures(info, times)
    if info.frame_size and not pictures:
        pictures, trouble = own, ""
    begin = info.first - info.start_time
    return Entry(
        sequence_id=sequence_id,
        facts=_facts(info),
        begin=begin,
        end=begin + duration(info),
        step_seconds=info.step_seconds,
        times=tuple(time - info.start_time for time in times),
        pictures=pictures,
        trouble=trouble,
        alike=alike,
    )


def spread(length: int, most: int) -> Iterator[int]:
    """Yields numbers below ``length``: the middles of equal parts of it.

    Args:
        length: a number of steps.
        most: the largest number of parts.
    """
    count = min(length, most)
    return ((2 * part + 1) * length // (2 * count) for part in range(count))


def shown_time(seconds: float, end: float, apart: float = 1.0) -> str:
    """Formats a time as m:ss, or as h:mm:ss if ``end`` is an hour or more.

    Args:
        seconds: the time.
        end: the latest time that stands beside it.
        apart: seconds between such times; if less than one, fractions are shown.
    """
    digits = 0 if apart >= 1 else 1 if apart >= 0.1 else 2
    return clock(seconds, digits, hours=end >= HOUR)


def _pictures(info: SequenceInfo, times: Sequence[float]) -> tuple[Pictures, str]:
    """Takes pictures out of the video, and says what is wrong with it if something is."""
    try:
        found = tuple(thumbnails(source_video(info.origin), times))
    except VideoError as error:
        return (), f"no pictures: {error}"
    lost = sum(picture is None for picture in found)
    return found, f"the video does not decode at {lost} of {len(found)} times" if lost else ""


def _own_pictures(store: FeatureStore, info: SequenceInfo) -> Pictures:
    """Returns the frames that a sequence holds, at the steps of its pictures; none of features."""
    if info.frame_size is None:
        return ()
    steps = spread(info.steps, PICTURES)
    return tuple(decoded_frames(store, info, step, step + 1)[0] for step in steps)


def _require_times(info: SequenceInfo) -> None:
    if not (0 < duration(info) < math.inf and math.isfinite(info.first - info.start_time)):
        raise InputError("its timestamps do not increase; extract or import it again")


def _facts(info: SequenceInfo) -> str:
    length = round(duration(info), 1)
    fps, damage = info.origin.fps, info.damage
    steps = "steps" if info.steps > 1 else "step"
    return " · ".join(
        [
            shown_time(length, length, length),
            f"{info.steps:,} {steps} of {info.content}",
            "every frame" if fps == "native" else f"{fps.removesuffix('.0')} a second",
            info.origin.backbone,
            *([f"damaged: {damage}"] if damage else []),
        ]
    )
