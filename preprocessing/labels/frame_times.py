"""Seconds of labels that count frames: the frames of a stored video have times of their own.

of a video       the times of the frames that were stored, straight lines between them
of features      a frame is a step
--label-fps      so many frames are a second, whatever the store says
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import IMPORTED

FrameClock = Callable[[float], float]


def frame_clock(sequence_id: str, fps: float | None, store: FeatureStore | None) -> FrameClock:
    """Returns a function from the number of a frame to the second at which it is shown.

    Args:
        sequence_id: the sequence that the frames are of.
        fps: frames a second; None for those of the store.
        store: has the sequence; None if there is none.

    Raises:
        InputError: nothing says how long a frame lasts.
    """
    if fps is not None:
        return lambda frame: frame / fps
    if store is None or sequence_id not in store:
        raise InputError(
            f"the labels of {shorten(sequence_id)} count frames, and how long one lasts is not "
            "known; give --label-fps, or --store"
        )
    info = store.info(sequence_id)
    times = store.timestamps(sequence_id) - info.start_time
    frames = store.frames(sequence_id)
    if frames is not None:
        return _between(frames.numbers, times)
    if info.origin.backbone.startswith(IMPORTED):
        return _between(np.arange(info.steps), times)
    raise InputError(
        f"the labels of {shorten(sequence_id)} count frames, and its features, of an older "
        "version, do not say which they are of; give --label-fps, or extract it again"
    )


def _between(numbers: NDArray[np.int64], times: NDArray[np.float64]) -> FrameClock:
    """Returns the times of frames between, before and after those that are known."""
    if len(numbers) < 2:
        return lambda frame: float(times[0]) if len(times) else 0.0
    spacing = float(times[-1] - times[0]) / max(float(numbers[-1] - numbers[0]), 1.0)

    def seconds(frame: float) -> float:
        if frame <= numbers[0]:
            return float(times[0]) - spacing * float(numbers[0] - frame)
        if frame >= numbers[-1]:
            return float(times[-1]) + spacing * float(frame - numbers[-1])
        return float(np.interp(frame, numbers, times))

    return seconds
