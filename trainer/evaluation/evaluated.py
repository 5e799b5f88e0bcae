"""The figures of an evaluation, as Python and notebooks show them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from preprocessing.errors import InputError, counted
from preprocessing.files.text_files import read_json
from preprocessing.terminal.streams import printable
from trainer.decoded.facts import decoder_text
from trainer.evaluation.class_lines import class_lines, weakest_classes
from trainer.evaluation.figure_text import figure_text
from trainer.evaluation.summary import summary
from trainer.metrics import ANSWERED, HEADLINES
from trainer.report.html_table import html_table
from trainer.run.folder import Run

FIGURES = "metrics.json"
SPLITS = ("test", "validation", "train", "all")
# What is raised by figures that are not those of an evaluation.
UNLIKE = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Evaluated(dict[str, Any]):
    """The content of metrics.json, a dictionary that shows its headlines.

    ``print`` and notebooks show the figures that one looks at first, decoded ones beside raw ones,
    and the weakest classes. The keys are those of metrics.json; see docs/metrics.md.
    """

    def __repr__(self) -> str:
        try:
            lines = [_title(self), *summary(self), *class_lines(self)]
            return "\n".join(map(printable, lines))
        except UNLIKE:  # Somebody took something out.
            return super().__repr__()

    def _repr_html_(self) -> str | None:
        """Returns tables for a notebook; None where there are no figures to show."""
        try:
            return "".join(_tables(self))
        except UNLIKE:
            return None


def evaluated_splits(run: Run) -> list[str]:
    """Returns the splits on which a run was evaluated, the test split first."""
    return [name for name in SPLITS if (run.evaluation_path(name) / FIGURES).is_file()]


def read_evaluated(run: Run, split: str) -> Evaluated:
    """Reads the figures of a split.

    Args:
        run: the run.
        split: the name of the split.

    Raises:
        InputError: there is no such split, there are no figures, or they cannot be read.
    """
    if split not in SPLITS:
        raise InputError(f"split {split!r:.80}: expected one of {', '.join(SPLITS)}")
    path = run.evaluation_path(split) / FIGURES
    if not path.is_file():
        raise InputError(
            f"{run.path} has no evaluation of the split {split}; make one: longtake evaluate "
            f"{run.path} --split {split}"
        )
    figures = read_json(path, "metrics")
    try:
        evaluated = Evaluated(figures)
        list(headline_rows(evaluated))
    except UNLIKE:
        raise InputError(
            f"{path} holds no metrics; run longtake evaluate {run.path} --split {split} again"
        ) from None
    return evaluated


def headline_rows(metrics: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yields name, raw figure, and decoded figure (empty if there is none) of each headline.

    Args:
        metrics: the content of metrics.json.
    """
    decoded = metrics.get("decoded") or {}
    for name in HEADLINES[metrics["task"]]:
        if metrics[name] is not None:
            also = name in ANSWERED[metrics["task"]] and name in decoded
            yield [
                name,
                figure_text(metrics[name]) + _between((metrics.get("intervals") or {}).get(name)),
                figure_text(decoded[name]) if also else "",
            ]


def _title(metrics: Mapping[str, Any]) -> str:
    sequences = counted(metrics["sequences"], "sequence")
    return f"{metrics['split']}: {sequences}, {counted(metrics['steps'], 'labelled step')}"


def _tables(metrics: Mapping[str, Any]) -> Iterator[str]:
    several = bool(metrics.get("decoded"))
    shown = 3 if several else 2
    head = ["", "raw", f"decoded by {decoder_text(metrics['decoder'])}"] if several else []
    rows = [row[:shown] for row in headline_rows(metrics)]
    yield html_table(rows, head, _title(metrics))
    if weak := weakest_classes(metrics):
        yield html_table(weak[1:], weak[0])
    for remark in metrics.get("remarks") or ():
        yield html_table([[f"note: {remark}"]])


def _between(interval: Sequence[float] | None) -> str:
    return f" [{figure_text(interval[0])}, {figure_text(interval[1])}]" if interval else ""
