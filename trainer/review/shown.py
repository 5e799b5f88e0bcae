"""Pictures of the stretches that were chosen: labels and answers in and around each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.store.sequence_info import SequenceInfo
from trainer.predictions.reader import Answers
from trainer.review.course import Course, read_course
from trainer.review.options import Why
from trainer.review.sources import Sources
from trainer.review.stretch import Stretch

# Shown before and after a stretch: as much as it lasts, and within these seconds.
LEAST_SHOWN, MOST_SHOWN = 5.0, 20.0


class Window(NamedTuple):
    """A stretch and what is around it, m steps.

    Attributes:
        stretch: what is looked at.
        info: its sequence.
        edges: ``<float64>[m + 1]``, seconds, counted as labels are.
        labels: ``<int32>[m]``, negative where there is none.
        said: ``<int32>[m]``, the answers that count.
        sure: ``<float64>[m]``, how likely they are.
        inside: the steps of the stretch.
    """

    stretch: Stretch
    info: SequenceInfo
    edges: NDArray[np.float64]
    labels: NDArray[np.int32]
    said: NDArray[np.int32]
    sure: NDArray[np.float64]
    inside: slice


def read_windows(
    sources: Sources, files: Mapping[Why, Answers], chosen: Sequence[Stretch]
) -> list[Window]:
    """Reads what there is to see of stretches, and returns it in their order.

    Args:
        sources: what is looked at.
        files: the answers that stretches of each kind come from.
        chosen: the stretches.
    """
    infos = {info.sequence_id: info for info in (*sources.held_out, *sources.unlabelled)}
    places: dict[tuple[Why, str], list[int]] = defaultdict(list)
    for place, stretch in enumerate(chosen):
        places[stretch.why, stretch.sequence].append(place)
    windows: dict[int, Window] = {}
    for (why, sequence_id), own in places.items():
        info = infos[sequence_id]
        course = read_course(files[why], info, sources.labels_of(info))
        windows |= {place: _window(course, chosen[place]) for place in own}
    return [windows[place] for place in range(len(chosen))]


def _window(course: Course, stretch: Stretch) -> Window:
    edges = course.edges
    margin = min(max(stretch.seconds, LEAST_SHOWN), MOST_SHOWN)
    begin = int(np.searchsorted(edges, stretch.start - margin))
    end = int(np.searchsorted(edges[:-1], stretch.end + margin))
    first, last = np.searchsorted(edges, [stretch.start, stretch.end]).tolist()
    rows = slice(begin, end)
    said = course.said[rows]
    likely = course.answers.part(course.info.sequence_id, "probabilities", rows)
    sure = likely[np.arange(len(said)), said].astype(np.float64)
    inside = slice(first - begin, last - begin)
    shown = edges[begin : end + 1]
    return Window(stretch, course.info, shown, course.labels[rows], said, sure, inside)
