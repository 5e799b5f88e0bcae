"""Ethograms: the bouts of a sequence as one thin picture, the truth above the prediction.

one class a step                     several: two lines for each class that is drawn
truth       ▄▄▄▄▄▄▄▄▄▄▄▄▄            a   truth       ▄▄▄▄▄
prediction  ▀▀▀▀▀▀▀▀▀▀▀▀▀                prediction  ▀▀▀▀▀▀
                                     b   truth             ▄▄▄▄
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.bouts.bout import Bouts, Observed
from trainer.report.ribbons import UNLABELLED_COLOUR, bgr

WIDTH = 1000
# Pixels of a line where there is one for all classes, and where each class has its own; and those
# that are empty between the two lines of all, or between classes.
THICK, THIN = 9, 4
NARROW_GAP, GAP = 1, 4
# Classes for which there is room, where each has lines of its own.
MOST_LINES = 12


class EthogramRow(NamedTuple):
    """The picture of one sequence.

    Attributes:
        sequence_id: the sequence.
        end: how many seconds the picture spans, from 0 on.
        picture: a data URI.
        height: pixels of the picture, from top to bottom.
    """

    sequence_id: str
    end: float
    picture: str
    height: int


def painted(bouts: Bouts, end: float) -> NDArray[np.int64]:
    """Paints bouts on a line, ``<int64>[WIDTH]``: the class at each place, -1 for none.

    Each bout is one place wide at least; longer ones lie below shorter ones.

    Args:
        bouts: the bouts.
        end: the second at which the line ends; it begins at 0.
    """
    places = np.stack([bouts.starts, bouts.ends]) * (WIDTH / max(end, 1e-9))
    first, stop = np.clip(np.round(places).astype(np.int64), 0, WIDTH)
    first = np.minimum(first, WIDTH - 1)
    order = np.argsort(-bouts.durations, kind="stable")
    widths = np.maximum(stop - first, 1)[order]
    which = np.repeat(order, widths)
    within = np.arange(len(which)) - np.repeat(np.cumsum(widths) - widths, widths)
    line = np.full(WIDTH, -1, np.int64)
    line[first[which] + within] = bouts.classes[which]
    return line


def one_line(
    sources: Mapping[str, Observed], end: float, colours: Sequence[str]
) -> NDArray[np.uint8]:
    """Draws a sequence in which each step has one class; grey where nothing is known.

    Args:
        sources: what is said of it, the upper line first.
        end: the second at which the picture ends.
        colours: ``#rrggbb`` of each class.

    Returns:
        ``<uint8>[height, WIDTH, 4]``, blue first.
    """
    inks = np.array([(*bgr(colour), 255) for colour in (*colours, UNLABELLED_COLOUR)], np.uint8)
    lines = [np.tile(inks[painted(one.bouts, end)], (THICK, 1, 1)) for one in sources.values()]
    return _apart(lines, NARROW_GAP)


def line_a_class(
    sources: Mapping[str, Observed], end: float, drawn: Mapping[int, str]
) -> NDArray[np.uint8]:
    """Draws a sequence in which steps have several classes, each on lines of its own.

    Args:
        sources: what is said of it, the upper line first.
        end: the second at which the picture ends.
        drawn: ``#rrggbb`` of each class that is drawn, by its number.

    Returns:
        ``<uint8>[height, WIDTH, 4]``, blue first.
    """
    pairs = []
    for number, colour in drawn.items():
        lines = np.zeros((len(sources), WIDTH, 4), np.uint8)
        for line, one in zip(lines, sources.values(), strict=True):
            line[painted(one.known, end) < 0] = (*bgr(UNLABELLED_COLOUR), 255)
            own = one.bouts.only(one.bouts.classes == number)
            line[painted(own, end) >= 0] = (*bgr(colour), 255)
        pairs.append(np.repeat(lines, THIN, 0))
    return _apart(pairs, GAP)


def _apart(pictures: Sequence[NDArray[np.uint8]], gap: int) -> NDArray[np.uint8]:
    """Puts pictures below one another.

    Args:
        pictures: ``<uint8>[height, WIDTH, 4]`` each; there must be some.
        gap: the empty pixels between two.
    """
    empty = np.zeros((gap, WIDTH, 4), np.uint8)
    return np.concatenate([part for picture in pictures for part in (empty, picture)][1:])
