"""Answers of a run, in arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, counted, some
from preprocessing.store.stored_sequence import import_pandas
from preprocessing.terminal.clock import clock
from preprocessing.terminal.streams import printable
from trainer.report.html_table import html_table

MOST_ROWS = 20  # Of a table in a notebook.
BETWEEN = "|"  # Stands between several labels of a step in a table.
HOUR = 3600  # Seconds; times before it are shown without hours.


class Segment(NamedTuple):
    """A stretch of one label.

    Attributes:
        start: its beginning in seconds.
        end: its end in seconds.
        label: the name of the class.
    """

    start: float
    end: float
    label: str


@dataclass(frozen=True, repr=False, eq=False)
class Prediction:
    """The answers to one sequence, N steps, C classes.

    Attributes:
        sequence: its id, or the name that it was given under; ``array`` for an array by itself.
        classes: names of the classes, or of the columns of a regression.
        task: ``classification``, ``multilabel`` or ``regression``.
        timestamps: ``<float64>[N]``, the second that each answer is about, counted from the start
            of the recording, as in label files.
        numbers: ``<int32>[N]``, the number of the class; of several classes a step ``<int8>[N, C]``
            of 0 and 1; of a regression ``<float32>[N, C]``. Decoded where there is a decoder.
        probabilities: ``<float32>[N, C]``, raw; None for a regression.
        decoded: True if a decoder has been at work.
        found: the segments, if answers have any.
    """

    sequence: str
    classes: tuple[str, ...]
    task: str
    timestamps: NDArray[np.float64]
    numbers: NDArray[Any]
    probabilities: NDArray[np.float32] | None
    decoded: bool
    found: tuple[Segment, ...] | None = field(default=None)

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        return printable(f"Prediction({self._told()})")

    def _repr_html_(self) -> str:
        """Returns a table for a notebook: of segments, or of the first steps if there are none."""
        if self.found is None:
            rows = [list(map(str, row)) for row in self._rows(MOST_ROWS)]
            return html_table(rows, self.columns, self._told())
        rows = [
            [*(clock(time, 2, hours=time >= HOUR) for time in one[:2]), one.label]
            for one in self.found[:MOST_ROWS]
        ]
        if more := len(self.found) - len(rows):
            rows.append([f"... and {more} more in segments()"])
        return html_table(rows, ["from", "to", "label"], self._told())

    @property
    def labels(self) -> NDArray[Any]:
        """The names of the classes, ``<object>[N]``; of several a step, a tuple of them each.

        Raises:
            InputError: the answers are numbers.
        """
        if self.task == "regression":
            raise InputError("the answers of a regression have no names; take .numbers")
        names = np.array(self.classes, object)
        if self.task == "classification":
            return np.asarray(names[self.numbers])
        labels = np.empty(len(self), object)
        labels[:] = [tuple(names[row > 0]) for row in self.numbers]
        return labels

    @property
    def confidence(self) -> NDArray[np.float32] | None:
        """The probability that the model gives to what is said.

        ``<float32>[N]``; where a step can have several classes, that of the least sure of them, and
        NaN where none is said. None for a regression.
        """
        if self.probabilities is None:
            return None
        if self.task == "classification":
            return np.take_along_axis(self.probabilities, self.numbers[:, None], 1)[:, 0]
        least = np.where(self.numbers > 0, self.probabilities, np.inf).min(1)
        return np.where(np.isfinite(least), least, np.nan).astype(np.float32)

    def segments(self) -> list[Segment]:
        """Returns stretches of one label, as they stand in the labels.csv of ``longtake predict``.

        Raises:
            InputError: the answers are numbers, or one for the whole sequence.
        """
        if self.found is None:
            what = "numbers" if self.task == "regression" else "one for the whole sequence"
            raise InputError(f"the answers have no segments, being {what}; take .numbers")
        return list(self.found)

    @property
    def columns(self) -> list[str]:
        """The columns of the table; see ``to_pandas``."""
        said = [] if self.task == "regression" else ["label", "confidence"]
        return ["time", *said, *self.classes]

    def to_pandas(self) -> Any:
        """Returns a ``pandas.DataFrame`` with a row a step.

        Its columns are ``time``, ``label``, ``confidence`` and the probability of each class; of
        several labels a step, | stands between them. For a regression, ``time`` and its columns.

        Raises:
            InputError: pandas is not installed.
        """
        pandas = import_pandas()
        frame = pandas.concat([pandas.Series(part) for part in self._parts()], axis=1)
        frame.columns = self.columns
        return frame

    def _parts(self) -> list[Any]:
        """Returns the columns of the table."""
        if self.probabilities is None:
            return [self.timestamps, *self.numbers.T]
        labels = self.labels
        if self.task == "multilabel":
            labels = np.array([BETWEEN.join(names) for names in labels], object)
        return [self.timestamps, labels, self.confidence, *self.probabilities.T]

    def _rows(self, most: int) -> Iterator[list[Any]]:
        parts = self._parts()
        for step in range(min(most, len(self))):
            yield [part[step] for part in parts]

    def _told(self) -> str:
        """Returns what it is, in words."""
        said = "" if self.task == "regression" else "decoded, " if self.decoded else "raw, "
        parts = "" if self.found is None else f", {counted(len(self.found), 'segment')}"
        what = "columns" if self.task == "regression" else "classes"
        named = f"{said}{what}: {some(self.classes)}"
        return f"{self.sequence}: {counted(len(self), 'answer')}{parts}, {named}"


class Predictions(Mapping[str, Prediction]):
    """The answers to several sequences by their names, in the order in which they were given.

    Args:
        predictions: the answers.
        failed: why some have none, by name.

    Attributes:
        failed: why some videos have no answer, by sequence id.
    """

    def __init__(
        self, predictions: Mapping[str, Prediction], failed: Mapping[str, str] | None = None
    ):
        self._all = dict(predictions)
        self.failed = dict(failed or {})

    def __getitem__(self, name: str) -> Prediction:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        steps = sum(map(len, self._all.values()))
        return f"Predictions({counted(len(self), 'sequence')}, {counted(steps, 'answer')}{failed})"

    def _repr_html_(self) -> str:
        """Returns a table of the sequences for a notebook."""
        rows = [
            [name, f"{len(one):,}", "" if one.found is None else f"{len(one.found):,}"]
            for name, one in list(self.items())[:MOST_ROWS]
        ]
        if more := len(self) - len(rows):
            rows.append([f"... and {more} more"])
        rows += [[name, f"failed: {why}", ""] for name, why in self.failed.items()]
        return html_table(rows, ["sequence", "answers", "segments"], repr(self))

    def to_pandas(self) -> Any:
        """Returns a ``pandas.DataFrame`` with a row a step, and a first column ``sequence``.

        Raises:
            InputError: pandas is not installed.
        """
        pandas = import_pandas()
        frames = []
        for name, one in self.items():
            frame = one.to_pandas()
            frame.insert(0, "sequence", name, allow_duplicates=True)
            frames.append(frame)
        return pandas.concat(frames, ignore_index=True)
