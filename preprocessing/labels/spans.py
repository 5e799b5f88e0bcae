"""Spans: the time of a sequence, cut where something else is said of it.

labels     ├── walk ──┤├─ walk ─┤        ├── run ──┤
spans    - │        walk         │    -   │   run   │ -
         first step                               end of the last
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches


class Said(NamedTuple):
    """What labels say of some time.

    Attributes:
        classes: numbers of the classes, or rows of the table, that it shows.
        labelled: False if nobody says anything of it, also where that counts as background.
        ignored: whether it has a name that counts as no label.
    """

    classes: tuple[int, ...]
    labelled: bool
    ignored: bool = False

    @property
    def is_none(self) -> bool:
        """Whether it shows none of the classes, and no ignored name."""
        return not (self.classes or self.ignored)

    @property
    def counted(self) -> bool:
        """Whether steps of this time have a target, and so are trained on and counted."""
        return bool(self.classes) or (self.labelled and not self.ignored)


class Spans(NamedTuple):
    """Consecutive spans of a sequence, from its first step to the end of its last.

    Attributes:
        seconds: ``<float64>[m]``, how long each lasts.
        said: ``<int32>[m]``, the number of what is said of it; neighbours differ.
    """

    seconds: NDArray[np.float64]
    said: NDArray[np.int32]


def cut(
    edges: NDArray[np.float64],
    said: NDArray[np.int32],
    within: tuple[float, float],
    shortest: float,
) -> Spans:
    """Cuts the time of a sequence into spans.

    Args:
        edges: ``<float64>[m + 1]``, in order; each part lasts from one to the next.
        said: ``<int32>[m]``, the number of what is said of each part.
        within: the seconds at which the sequence begins and ends; what lies outside is left out.
        shortest: parts of no more seconds than these come from rounding, and are left out.
    """
    seconds = np.diff(np.clip(edges, *within))
    kept = seconds > shortest
    seconds, said = seconds[kept], said[kept]
    if not len(said):
        return Spans(seconds, said)
    joined = stretches(said)
    return Spans(np.add.reduceat(seconds, joined.starts), joined.labels)
