"""The drawing in a video: the answer in words, and all answers along the bottom.

+--------------------------+
| # welding    93 %        |     the answer at this moment
|                          |
|               |          |     the playhead
|AAAAABBBBBBBBBB|BBBCCCCCCC|     a ribbon of classes (a row a class, or curves of numbers)
+--------------------------+
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.class_colours import class_colours, rgb
from trainer.overlay.answers import TimedAnswers
from trainer.overlay.ink import GREY, Colour, Ink, Panels, Row, curves, playhead
from trainer.task import THRESHOLD

Frame = NDArray[np.uint8]
# An answer and what names its classes, ``<float32>[C]`` each; and when they begin to hold.
Now = tuple[NDArray[np.float32], NDArray[np.float32]]
Moment = tuple[float, NDArray[np.float32], NDArray[np.float32]]
MOST_RIBBONS, MOST_CURVES = 8, 4
# Of a height: one ribbon, one of several, curves.
RIBBON, RIBBONS, CURVES = 0.045, 0.02, 0.14
GROUND: Colour = (24, 26, 30)
NOTHING = Row(GREY, "-", "")


class Drawing:
    """Draws on the frames of one video, in time order.

    Args:
        task: the task of the answers.
        classes: names of the classes, or of the columns of a regression.
        answers: the answers about the video.
        size: height and width of the frames.
        span: seconds at which the first step begins and the last one ends.
        named: decoded answers, which name the classes; None where raw ones do.
    """

    def __init__(
        self,
        task: str,
        classes: Sequence[str],
        answers: TimedAnswers,
        size: tuple[int, int],
        span: tuple[float, float],
        named: TimedAnswers | None = None,
    ):
        self.task, self.classes, self.size, self.span = task, classes, size, span
        self._colours = [rgb(colour) for colour in class_colours(classes)]
        self._panels = Panels(size)
        self._band = self._drawn_band(named or answers)
        height, width = size
        self._head = playhead(self._band.added.shape[0] + height // 60, max(1, width // 640))
        self._coming = _side_by_side(answers, named or answers)
        self._next = next(self._coming, None)
        self._now: Now | None = None

    def draw(self, frame: Frame, time: float) -> None:
        """Draws on a frame.

        Args:
            frame: ``<uint8>[H, W, 3]``, RGB.
            time: the second at which it is shown.
        """
        while self._next is not None and self._next[0] <= time:
            self._now, self._next = self._next[1:], next(self._coming, None)
        height, width = self.size
        self._band.over(frame, height - self._band.added.shape[0], 0)
        begin, end = self.span
        share = min(max((time - begin) / ((end - begin) or 1.0), 0.0), 1.0)
        tall, wide = self._head.added.shape[:2]
        self._head.over(frame, height - tall, max(0, round(share * width) - wide // 2))
        margin = self._panels.margin
        self._panels.panel(self.rows()).over(frame, margin, margin)

    def rows(self) -> tuple[Row, ...]:
        """Returns the current answer, in words."""
        if self._now is None:
            return (NOTHING,)
        now, named = self._now
        if self.task == "classification":
            return (self._row(int(named.argmax()), now),)
        most = self._panels.most_rows(self.size[0] - self._band.added.shape[0])
        shown = range(len(now))
        if self.task == "multilabel":
            shown = np.flatnonzero(named >= THRESHOLD).tolist()
        rows = tuple(self._row(number, now) for number in shown)
        if len(rows) > most:
            rows = (*rows[: most - 1], Row(GREY, f"+ {len(rows) - most + 1}", ""))
        return rows or (NOTHING,)

    def _row(self, number: int, now: NDArray[np.float32]) -> Row:
        value = float(now[number])
        text = f"{value:.4g}" if self.task == "regression" else f"{100 * value:.0f} %"
        return Row(self._colours[number], self.classes[number], text)

    def _drawn_band(self, answers: TimedAnswers) -> Ink:
        """Draws all answers over the width of a frame."""
        height, width = self.size
        begin, end = self.span
        times = begin + (np.arange(width) + 0.5) / width * (end - begin)
        values = answers.at(times)
        known = np.isfinite(values).all(1)
        if self.task == "regression":
            kept = min(MOST_CURVES, len(self.classes))
            tall = max(16, round(CURVES * height))
            return curves(values[:, :kept], self._colours[:kept], tall)
        if self.task == "classification":
            labels = np.where(known, np.nan_to_num(values).argmax(1), -1)
            return _ribbons([_coloured(labels, self._colours)], max(8, round(RIBBON * height)))
        marks = np.nan_to_num(values) >= THRESHOLD
        most = np.argsort(-marks.sum(0), kind="stable")[:MOST_RIBBONS]
        rows = [
            _coloured(np.where(marks[:, number], 0, -1), [self._colours[number]])
            for number in sorted(most.tolist())
        ]
        return _ribbons(rows, max(5, round(RIBBONS * height)))


def _side_by_side(answers: TimedAnswers, named: TimedAnswers) -> Iterator[Moment]:
    """Yields when each answer begins to hold, in seconds, the answer, and what names its classes.

    Args:
        answers: the answers.
        named: the same, or decoded ones of the same steps.
    """
    if named is answers:
        yield from ((begins, now, now) for begins, now in answers.following())
        return
    for (begins, now), (_, classes) in zip(answers.following(), named.following(), strict=True):
        yield begins, now, classes


def _coloured(labels: NDArray[np.int64], colours: Sequence[Colour]) -> Frame:
    """Returns the colours ``<uint8>[W, 3]`` of labels ``<int>[W]``, -1 for none."""
    palette: Frame = np.array([*colours, GROUND], np.uint8)
    return palette[labels]


def _ribbons(rows: Sequence[Frame], height: int) -> Ink:
    """Draws rows of colours above each other, of equal height, with dark lines between."""
    line: Frame = np.broadcast_to(np.array(GROUND, np.uint8), (max(1, height // 8), *rows[0].shape))
    parts = [part for row in rows for part in (line, np.repeat(row[None], height, 0))]
    colours = np.concatenate(parts)
    opaque = np.full((*colours.shape[:2], 1), 255, np.uint8)
    return Ink.of(np.concatenate([colours, opaque], -1))
