"""Stretches without labels in which the model is most unsure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches
from trainer.review.course import Course
from trainer.review.stretch import Stretch

# Stretches of one length are tried at so many places in that length.
PLACES = 4


def unsure_stretches(
    course: Course, unsure: NDArray[np.float64], longest: float
) -> Iterator[Stretch]:
    """Yields stretches of the time without labels, which overlap; the score is the mean.

    Args:
        course: the answers to a sequence.
        unsure: ``<float64>[n]``, how unsure they are.
        longest: seconds of a stretch, a step at least; only what is shorter without labels gives
            shorter ones.
    """
    longest = max(longest, course.info.step_seconds)
    sums = np.concatenate([[0.0], np.cumsum(unsure)])
    edges = course.edges
    for unlabelled, start, stop in zip(*stretches(course.labels < 0), strict=True):
        for first, last in _windows(edges, start, stop, longest) if unlabelled else ():
            yield Stretch(
                course.info.sequence_id,
                float(edges[first]),
                float(edges[last]),
                "unsure",
                float(sums[last] - sums[first]) / (last - first),
                "",
                course.most_said(first, last),
            )


def _windows(
    edges: NDArray[np.float64], start: int, stop: int, longest: float
) -> Iterator[tuple[int, int]]:
    """Yields the first step of each window, and the one after its last."""
    begin, end = float(edges[start]), float(edges[stop])
    longest = min(longest, end - begin)
    count = max(int(np.ceil((end - begin - longest) / longest * PLACES - 1e-9)), 0)
    begins = np.linspace(begin, max(end - longest, begin), count + 1)
    firsts = np.clip(np.searchsorted(edges, begins - 1e-9), start, stop - 1)
    lasts = np.searchsorted(edges, begins + longest + 1e-9, "right") - 1
    lasts = np.clip(lasts, firsts + 1, stop)
    yield from np.unique(np.stack([firsts, lasts], 1), axis=0).tolist()
