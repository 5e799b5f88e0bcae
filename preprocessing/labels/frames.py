"""Labels as lines of names: one line for each frame, each step, or each part of a second.

lines as many as          step t has
steps (no --label-fps)    line t
frames of the video       the line of the frame that it shows, whenever that is shown
neither, --label-fps      the line that many seconds after the first frame; imported features count
                          from the second that players show as 0, as other labels do
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, lasting, misfit, rounding_seconds
from preprocessing.labels.named import UNKNOWN, NamedLabels, NameSets
from preprocessing.labels.spans import Spans, cut
from preprocessing.labels.stretches import stretches
from preprocessing.store.sequence_file import SourceFrames
from preprocessing.store.sequence_info import IMPORTED, SequenceInfo
from preprocessing.terminal.console import note

# Programs that count frames differ by one or two at the end of a video.
FRAMES_APART = 2
# By so much the mean time between steps may differ from the usual one where their rate is even.
UNEVEN = 0.05


class FrameLabels(NamedLabels):
    """Lines of one class name, or of class names with commas between them; empty for none.

    Args:
        lines: the lines of each sequence, as (sequence, lines).
        options: how the labels were read.
        frames: returns the frames that a sequence's steps show, or None if unknown.
    """

    def __init__(
        self,
        lines: Iterable[tuple[str, list[str]]],
        options: LabelOptions,
        frames: Callable[[str], SourceFrames | None] = lambda sequence_id: None,
    ):
        sets = NameSets()
        self._lines: dict[str, NDArray[np.int32]] = {}
        for sequence_id, texts in lines:
            numbers = {text: sets.number(_names(text, options)) for text in set(texts)}
            self._lines[sequence_id] = np.array([numbers[text] for text in texts], np.int32)
        self._frames = frames
        self._of_steps: dict[str, NDArray[np.int32] | None] = {}
        self._noted: set[str] = set()
        super().__init__(sets, options)

    def ids(self) -> Collection[str]:
        return self._lines.keys()

    def leave_out(self, sequence_id: str) -> None:
        del self._lines[sequence_id]

    def check(self, info: SequenceInfo) -> None:
        lines, fps = len(self._lines[info.sequence_id]), self.options.fps
        if self._line_a_step(info) is not None:
            return
        if fps is None:
            raise InputError(self._miscounted(info, lines))
        seconds = info.end + info.start_time - _origin(info)
        if abs(lines / fps - seconds) > self.options.tolerance:
            given, found = f"{lines / fps:.2f} s ({lines} lines)", f"{seconds:.2f} s"
            raise InputError(misfit(self.options, info, given, found))
        self._remark(info, fps)

    def _miscounted(self, info: SequenceInfo, lines: int) -> str:
        """Says that there is neither a line for each step nor one for each frame."""
        frames = self._frames(info.sequence_id)
        of_frames = f", or of the {frames.total} frames of its video" if frames else ""
        return (
            f"{info.sequence_id}.txt in {self.options.path} has {lines} lines; expected one for "
            f"each of the {info.steps} steps of the sequence{of_frames}; mend the file, or say "
            "with --label-fps how many lines there are in a second"
        )

    def shown(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        of_steps = self._line_a_step(info)
        if of_steps is not None:
            return of_steps[start : start + len(times)]
        seconds = times - _origin(info) + rounding_seconds(info.step_seconds)
        return _taken(
            self._lines[info.sequence_id],
            np.floor(seconds * (self.options.fps or 0.0)).astype(np.int64),
        )

    def spans(self, info: SequenceInfo) -> Spans:
        begin, end = within = lasting(info)
        runs = stretches(self._lines[info.sequence_id])
        lines = len(self._lines[info.sequence_id])
        line_seconds = (end - begin) / lines
        if self._line_a_step(info) is None and self.options.fps:
            begin, line_seconds = _origin(info) - info.start_time, 1 / self.options.fps
        edges = begin + line_seconds * np.append(runs.starts, lines)
        said = np.append(runs.labels, np.int32(UNKNOWN))
        shortest = min(rounding_seconds(info.step_seconds), line_seconds / 2)
        return cut(np.append(edges, np.inf), said, within, shortest)

    def end(self, sequence_id: str) -> float:
        return len(self._lines[sequence_id]) / self.options.fps if self.options.fps else 0.0

    def _line_a_step(self, info: SequenceInfo) -> NDArray[np.int32] | None:
        """Returns the set of names of each step, ``<int32>[N]``; None if only seconds can tell."""
        name = info.sequence_id
        if name not in self._of_steps:
            self._of_steps[name] = self._find(info)
        return self._of_steps[name]

    def _find(self, info: SequenceInfo) -> NDArray[np.int32] | None:
        lines = self._lines[info.sequence_id]
        if self.options.fps is None and len(lines) == info.steps:
            return lines
        frames = self._frames(info.sequence_id)
        if frames is None or not 0 <= frames.total - len(lines) + FRAMES_APART <= 2 * FRAMES_APART:
            return None
        if frames.total != len(lines):
            self._note(
                f"the labels of {info.sequence_id} have {len(lines)} lines, its video has "
                f"{frames.total} frames: taken as a line a frame, from the first on"
            )
        return _taken(lines, frames.numbers)

    def _remark(self, info: SequenceInfo, fps: float) -> None:
        """Notes reasons for which seconds and lines may disagree."""
        late = info.first - info.start_time
        if _origin(info) != info.start_time and abs(late) * fps >= 1:
            self._note(
                f"the picture of {info.sequence_id} begins {late:.2f} s after its clock; lines "
                "count from the first frame"
            )
        mean = (info.last - info.first) / max(info.steps - 1, 1)
        if info.origin.fps == "native" and abs(mean - info.step_seconds) > UNEVEN * mean:
            self._note(
                f"the steps of {info.sequence_id} are not evenly spaced, lines at --label-fps are; "
                "a line for each frame, of features extracted anew, goes by the frames' own times"
            )

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            note(text)


def _origin(info: SequenceInfo) -> float:
    """Returns the second at which the first line begins."""
    return info.start_time if info.origin.backbone.startswith(IMPORTED) else info.first


def _taken(lines: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int32]:
    """Returns the lines with these numbers, ``UNKNOWN`` for numbers without a line."""
    inside = (rows >= 0) & (rows < len(lines))
    return np.where(inside, lines[np.clip(rows, 0, len(lines) - 1)], np.int32(UNKNOWN))


def _names(text: str, options: LabelOptions) -> list[str]:
    if options.task != "multilabel":
        return [text]
    return [name.strip() for name in text.split(",")]
