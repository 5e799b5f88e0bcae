"""The videos that sequences of a store were made of, as annotation tools know them."""

from pathlib import Path

from preprocessing.labels.formats.writing import Video
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import IMPORTED, SequenceInfo

# Times are rounded, so that rates come out a little beside what they are.
USUAL = tuple(whole / slower for whole in range(1, 241) for slower in (1.0, 1.001))
NEAR = 5e-4
DIGITS = 6


def stored_video(store: FeatureStore, info: SequenceInfo, path: Path | None = None) -> Video:
    """Returns the video of a sequence.

    Args:
        store: has it.
        info: what the store says of it.
        path: the video's file, if it is known better than by the store.
    """
    imported = info.origin.backbone.startswith(IMPORTED)
    if path is None and not imported and info.origin.source:
        path = Path(info.origin.source)
    frames = store.frames(info.sequence_id)
    seconds = max(info.end, 0.0)
    if frames is not None:
        counted = float(frames.numbers[-1] - frames.numbers[0]) if info.steps else 0.0
        return Video(info.sequence_id, path, seconds, _rate(counted, info), frames.total)
    if imported or info.origin.fps == "native":
        return Video(info.sequence_id, path, seconds, _rate(info.steps - 1, info))
    return Video(info.sequence_id, path, seconds)


def _rate(frames: float, info: SequenceInfo) -> float | None:
    """Returns frames a second, from the first step of a sequence to the last; None if unknown."""
    lasting = info.last - info.first
    if frames <= 0 or lasting <= 0:
        return 1 / info.step_seconds if info.step_seconds else None
    rate = frames / lasting
    nearest = min(USUAL, key=lambda usual: abs(usual - rate))
    return round(nearest if abs(nearest - rate) < NEAR * rate else rate, DIGITS)
