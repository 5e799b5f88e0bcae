"""The tables of bouts: every bout, and what they come to for each sequence and class.

bouts.csv      sequence,source,class,start,end,duration,confidence
summary.csv    sequence,source,class,bin,from,to,seconds,bouts,total,mean,sd,share,latency,rate

``source`` is ``truth`` or ``prediction``; ``bin`` is ``all``, or the number of a bin, from 1 on.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.whole_file import whole_file
from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts.bins import bin_edges, require_bins
from trainer.bouts.bout import Observed
from trainer.bouts.finding import observed_sequences
from trainer.bouts.summary import Summary, summary
from trainer.predictions.reader import Answers, open_answers

BOUTS, SUMMARY = "bouts.csv", "summary.csv"
BOUT_FIELDS = ("sequence", "source", "class", "start", "end", "duration", "confidence")
SUMMARY_FIELDS = (
    *("sequence", "source", "class", "bin", "from", "to", "seconds"),
    *("bouts", "total", "mean", "sd", "share", "latency", "rate"),
)
WHOLE = "all"
BOUTS_AT_ONCE = 1 << 14
# Of what is written, so that no difference of floating-point numbers shows; probabilities are of
# single precision.
DIGITS, SHARE_DIGITS = 9, 6

Row = tuple[Any, ...]


def has_bouts(task: str, outputs: str) -> bool:
    """Says whether answers have bouts: classes do, step by step.

    Args:
        task: the task's name.
        outputs: ``frame``, or ``sequence`` if there is one answer a sequence.
    """
    return task != "regression" and outputs == "frame"


def require_bouts(bins: float | None, run: Path, task: str, outputs: str) -> None:
    """Checks that bins are asked for only where there are bouts.

    Args:
        bins: the option ``--bins``.
        run: the folder of the run, for messages.
        task: see ``has_bouts``.
        outputs: see ``has_bouts``.

    Raises:
        InputError: they are asked for, and there are none.
    """
    if bins is not None and not has_bouts(task, outputs):
        what = "with numbers" if task == "regression" else "once a sequence"
        raise InputError(f"--bins {bins:g}: {run} answers {what}, without bouts; leave it out")


def write_bouts(
    predictions: Path | str | Answers,
    bouts: Path | str,
    table: Path | str,
    infos: Iterable[SequenceInfo] = (),
    bins: float | None = None,
    truth: bool = True,
) -> None:
    """Writes the tables of bouts of a ``predictions.h5``, sequence by sequence.

    Args:
        predictions: the file, or that file opened, of classes, with an answer for each step.
        bouts: the CSV file of all bouts.
        table: the CSV file of their summary.
        infos: what the store says of the sequences, by which times count as labels do.
        bins: minutes of each bin for which the summary has rows besides; None for none.
        truth: whether there are true labels beside the answers.

    Raises:
        InputError: the file is of another kind, or bins make no sense.
        OSError: the disk is full or cannot be written.
    """
    require_bins(bins)
    with ExitStack() as stack:
        answers = stack.enter_context(open_answers(predictions))
        if not has_bouts(answers.task, "frame"):
            raise InputError(
                f"{answers.file.filename} holds numbers, which have no bouts; expected classes"
            )
        writers = []
        for path, fields in ((bouts, BOUT_FIELDS), (table, SUMMARY_FIELDS)):
            partial = stack.enter_context(whole_file(Path(path)))
            file = stack.enter_context(partial.open("w", newline="", encoding="utf-8"))
            writers.append(csv.writer(file))
            writers[-1].writerow(fields)
        known = {info.sequence_id: info for info in infos}
        for sequence_id, sources in observed_sequences(answers, known, truth):
            for source, observed in sources.items():
                begun = (sequence_id, source)
                writers[0].writerows(_bout_rows(begun, observed, answers.classes))
                writers[1].writerows(_rows(begun, observed, answers.classes, bins))


def _bout_rows(begun: Row, observed: Observed, classes: Sequence[str]) -> Iterator[Row]:
    """Yields a row for each bout.

    Args:
        begun: its first cells.
        observed: what the source says.
        classes: names of the classes.
    """
    bouts = observed.bouts
    columns = (bouts.classes, bouts.starts, bouts.ends, bouts.durations, bouts.confidences)
    for first in range(0, len(bouts.classes), BOUTS_AT_ONCE):
        rows = zip(*(part[first : first + BOUTS_AT_ONCE].tolist() for part in columns), strict=True)
        for label, *times, sure in rows:
            yield *begun, classes[label], *map(_cell, times), _cell(sure, SHARE_DIGITS)


def _rows(
    begun: Row, observed: Observed, classes: Sequence[str], bins: float | None
) -> Iterator[Row]:
    """Yields the rows of a summary: of the whole sequence, then of its bins.

    Args:
        begun: the first cells of each.
        observed: what the source says.
        classes: names of the classes.
        bins: minutes of each bin; None for none.
    """
    whole = summary(observed, len(classes), (observed.begin, observed.end))
    yield from _summary_rows(begun, whole, classes, [WHOLE])
    if bins is not None:
        edges = bin_edges(bins, observed.end)
        names = [str(number) for number in range(1, len(edges))]
        yield from _summary_rows(begun, summary(observed, len(classes), edges), classes, names)


def _summary_rows(
    begun: Row, figures: Summary, classes: Sequence[str], names: Sequence[str]
) -> Iterator[Row]:
    """Yields a row for each bin and class.

    Args:
        begun: the first cells of each.
        figures: those of C classes in B bins.
        classes: their C names.
        names: the B names of the bins.
    """
    edges, seconds = figures.edges.tolist(), figures.seconds.tolist()
    tables = (figures.bouts, figures.total, figures.mean, figures.deviation)
    columns = [table.tolist() for table in (*tables, figures.share, figures.latency, figures.rate)]
    for number, name in enumerate(names):
        when = (name, *map(_cell, (edges[number], edges[number + 1], seconds[number])))
        cells = zip(classes, *(column[number] for column in columns), strict=True)
        for label, *numbers in cells:
            yield *begun, label, *when, *map(_cell, numbers)


def _cell(value: float, digits: int = DIGITS) -> float | str:
    """Returns a number as it is written; NaN becomes an empty cell.

    Args:
        value: the number.
        digits: how many are kept after the point.
    """
    return "" if math.isnan(value) else round(value, digits)
