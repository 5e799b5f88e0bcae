"""The unsureness of answers, step by step: the largest of three shares from 0 to 1.

margin          1 - (p of the likeliest class - p of the next)
flicker         of the changes of the answer nearby, the share that is more than labels have
disagreement    of the members of an ensemble, the share that names another class than all together
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.predictions.reader import RAW, Answers
from trainer.review.course import Course

# Changes are counted in so many seconds around a step.
NEARBY_SECONDS = 10.0


def unsureness(
    course: Course, usual: float, members: Sequence[Answers] = ()
) -> NDArray[np.float64]:
    """Returns how unsure the answers to a sequence are, ``<float64>[n]``.

    Args:
        course: the answers.
        usual: how often a second labels change.
        members: the answers of each member of an ensemble.
    """
    unsure = np.maximum(1.0 - margins(course), flicker(course, usual))
    if members:
        unsure = np.maximum(unsure, disagreement(course, members))
    return unsure


def margins(course: Course) -> NDArray[np.float64]:
    """Returns by how much the likeliest class is likelier than the next, ``<float64>[n]``."""
    found = np.ones(len(course.said))
    for rows, block in course.probabilities():
        if block.shape[1] > 1:
            next_, best = np.partition(block, -2, axis=1)[:, -2:].T
            found[rows] = best - next_
    return found


def flicker(course: Course, usual: float) -> NDArray[np.float64]:
    """Returns the share of changes nearby beyond those that labels have, ``<float64>[n]``.

    Args:
        course: the answers; the raw ones are counted, since a decoder takes flicker away.
        usual: how often a second labels change; one change nearby is nothing unusual.
    """
    edges, total = course.edges, len(course.said)
    raw = course.answers.whole(course.info.sequence_id, RAW)[:total]
    changes = np.concatenate([[0], np.cumsum(raw[1:] != raw[:-1])])[:total]
    first = np.searchsorted(edges, edges[:-1] - NEARBY_SECONDS / 2)
    last = np.searchsorted(edges[:-1], edges[:-1] + NEARBY_SECONDS / 2, "right") - 1
    nearby = changes[last] - changes[first]
    expected = max(usual * NEARBY_SECONDS, 1.0)
    share: NDArray[np.float64] = np.maximum(1.0 - expected / np.maximum(nearby, 1), 0.0)
    return share


def disagreement(course: Course, members: Sequence[Answers]) -> NDArray[np.float64]:
    """Returns the share of members that name another class than all together, ``<float64>[n]``.

    Args:
        course: the answers of all together.
        members: the answers of each.
    """
    total, sequence_id = len(course.said), course.info.sequence_id
    joint = course.answers.whole(sequence_id, RAW)[:total]
    other = np.zeros(total)
    for one in members:
        other += one.whole(sequence_id, RAW)[:total] != joint
    return other / len(members)
