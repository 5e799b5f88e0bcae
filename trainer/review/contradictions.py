"""Labels that answers contradict: likely errors.

Segment by segment of the labels, a class is as likely as its probabilities say on average over the
inner steps: the edges are where people and models differ by a moment without being wrong. A segment
is contradicted if another class is likelier; the less likely the class of the label, the sooner it
is looked at (self-confidence in Northcutt et al. 2021, section 4.3).

    label       ├────── walk ──────┤
    inner          ├────────────┤
    answers     walk run run run run
    score       1 - mean p(walk)
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches
from trainer.review.course import Course
from trainer.review.stretch import Stretch

# Left out at each edge of a segment: so many seconds, and no more of it than this.
EDGE_SECONDS, EDGE_SHARE = 1.0, 0.25


class Pieces(NamedTuple):
    """Segments of labels, the long ones cut.

    Attributes:
        labels: ``<int>[m]``, the class of each.
        starts, stops: ``<int64>[m]``, its first step and the one after its last.
        inner: ``<int64>[m, 2]``, the same without its edges.
    """

    labels: NDArray[np.int32]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    inner: NDArray[np.int64]


def contradictions(course: Course, longest: float) -> Iterator[Stretch]:
    """Yields the segments of labels whose class is not the most likely one.

    Args:
        course: the answers to a sequence that was held out, beside its labels.
        longest: seconds; longer segments are cut in equal pieces.
    """
    pieces = label_pieces(course, longest)
    means = mean_probabilities(course, pieces)
    likeliest = means.argmax(1)
    own = means[np.arange(len(means)), pieces.labels]
    classes, edges = course.answers.classes, course.edges
    for row in np.flatnonzero(means.max(1) > own).tolist():
        start, stop = int(pieces.starts[row]), int(pieces.stops[row])
        yield Stretch(
            course.info.sequence_id,
            float(edges[start]),
            float(edges[stop]),
            "contradicted",
            1.0 - float(own[row]),
            classes[pieces.labels[row]],
            classes[likeliest[row]],
        )


def label_pieces(course: Course, longest: float) -> Pieces:
    """Cuts the labelled steps into segments of one class that are not too long.

    Args:
        course: the answers to a sequence, beside its labels.
        longest: seconds, a step at least.
    """
    edges, found = course.edges, []
    longest = max(longest, course.info.step_seconds)
    for label, start, stop in zip(*stretches(course.labels), strict=True):
        if label < 0:
            continue
        count = max(int(np.ceil((edges[stop] - edges[start]) / longest - 1e-9)), 1)
        cuts = np.linspace(edges[start], edges[stop], count + 1)[1:-1]
        inside = np.searchsorted(edges[start:stop], cuts) + start
        places = np.unique([start, *inside, stop])
        found += [(label, one, other) for one, other in pairwise(places)]
    table = np.array(found, np.int64).reshape(-1, 3)
    labels, starts, stops = table.T
    return Pieces(labels, starts, stops, _inner(edges, starts, stops))


def _inner(
    edges: NDArray[np.float64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Returns the steps of segments without their edges, at least one step of each."""
    begins, ends = edges[starts], edges[stops]
    left_out = np.minimum(EDGE_SECONDS, EDGE_SHARE * (ends - begins))
    first = np.clip(np.searchsorted(edges, begins + left_out - 1e-9), starts, stops - 1)
    last = np.clip(np.searchsorted(edges, ends - left_out + 1e-9, "right") - 1, first + 1, stops)
    return np.stack([first, last], 1)


def mean_probabilities(course: Course, pieces: Pieces) -> NDArray[np.float64]:
    """Returns how likely each class is in each segment, in the mean, ``<float64>[m, C]``.

    Args:
        course: the answers.
        pieces: the segments.
    """
    owner = np.full(len(course.said), -1, np.int64)
    for number, (first, last) in enumerate(pieces.inner.tolist()):
        owner[first:last] = number
    sums = np.zeros((len(pieces.labels), len(course.answers.classes)))
    for rows, block in course.probabilities():
        owners = owner[rows]
        kept = np.flatnonzero(owners >= 0)
        if len(kept):
            parts = stretches(owners[kept])
            sums[parts.labels] += np.add.reduceat(block[kept], parts.starts, dtype=np.float64)
    lengths = np.diff(pieces.inner, axis=1)
    return sums / lengths
