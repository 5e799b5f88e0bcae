"""Data about a drawn sequence, packed small: a reader points at it, and a script shows them.

place     0     1     2     3     4        one pixel of the ribbons each
times     0.0 ─────────── 0.5 ─ 9.0        straight between knots, here a gap in the video
rolled    [2, 3, 0, 1]                     label 2 three times, label 0 once
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches
from trainer.predictions.reader import Answers
from trainer.report.ribbons import shown_steps

CERTAIN, UNKNOWN = 100, 255


def places_and_times(answers: Answers, sequence_id: str) -> dict[str, Sequence[float]]:
    """Returns the times of the pixels of a sequence's ribbons, as knots of a line.

    Args:
        answers: the opened file.
        sequence_id: the sequence.

    Returns:
        ``places`` from 0 to the number of pixels, and ``times`` as in predictions.h5, in seconds.
    """
    steps = answers.steps(sequence_id)
    shown = shown_steps(steps)
    first, start, parts = 0.0, 0, []
    for (times,) in answers.blocks(sequence_id, "timestamps"):
        first = first if start else float(times[0])
        parts.append(times[shown[(shown >= start) & (shown < start + len(times))] - start])
        start += len(times)
    drawn = np.concatenate(parts)
    step = (float(drawn[-1]) - first) / max(steps - 1, 1)
    drawn = np.append(drawn, drawn[-1] + step)
    kept = knots(drawn, step / 2)
    return {"places": kept, "times": [round(float(drawn[place]), 3) for place in kept]}


def knots(values: NDArray[np.float64], tolerance: float) -> list[int]:
    """Returns places between which ``<float64>[M]`` is straight (Douglas and Peucker 1973).

    Args:
        values: at the places 0, 1, ...
        tolerance: the largest distance from the straight line.
    """
    kept, open_ = {0, len(values) - 1}, [(0, len(values) - 1)]
    while open_:
        left, right = open_.pop()
        line = np.linspace(values[left], values[right], right - left + 1)
        distance = np.abs(values[left : right + 1] - line)
        farthest = left + int(distance.argmax())
        if distance[farthest - left] > tolerance and left < farthest < right:
            kept.add(farthest)
            open_ += [(left, farthest), (farthest, right)]
    return sorted(kept)


def rolled(labels: NDArray[Any]) -> list[int]:
    """Packs ``<int>[M]`` as label, how often, label, how often, ..."""
    found = stretches(labels)
    pairs: list[int] = np.stack([found.labels, found.lengths], 1).ravel().tolist()
    return pairs


def packed(shares: NDArray[np.float64]) -> str:
    """Encodes ``<float64>[M]`` from 0 to 1 in percent, a byte each, as base64; NaN is 255."""
    percents = np.where(np.isnan(shares), UNKNOWN, np.round(CERTAIN * np.nan_to_num(shares)))
    return base64.b64encode(percents.astype(np.uint8).tobytes()).decode()
