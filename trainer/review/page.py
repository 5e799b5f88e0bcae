"""The page of a review: what is written on it of each stretch."""

from collections.abc import Sequence
from pathlib import Path

from preprocessing.errors import counted
from preprocessing.terminal.clock import clock
from trainer.report.footage import footage
from trainer.report.review_page import Look, write_review_page
from trainer.review.options import ReviewConfig
from trainer.review.shown import Window
from trainer.review.sources import Sources
from trainer.run.members import shown_name


def write_page(
    path: Path, config: ReviewConfig, sources: Sources, windows: Sequence[Window]
) -> None:
    """Writes the page.

    Args:
        path: the HTML file.
        config: the options of the command.
        sources: has the classes.
        windows: the stretches, the most worthwhile first.
    """
    infos = {window.info.sequence_id: window.info for window in windows}
    videos = footage(infos.values())
    looks = [_look(window) for window in windows]
    seconds = sum(window.stretch.seconds + 2 * config.around for window in windows)
    made = (
        f"{clock(round(seconds))} to watch, of {counted(len(infos), 'sequence')}. The most "
        "worthwhile comes first."
    )
    title = f"{shown_name(config.run.resolve())}: review"
    write_review_page(path, title, made, sources.run.facts.classes, looks, videos)


def _look(window: Window) -> Look:
    stretch = window.stretch
    return Look(
        sequence_id=stretch.sequence,
        start=stretch.start,
        end=stretch.end,
        why=stretch.why,
        label=stretch.label,
        answer=stretch.answer,
        edges=window.edges,
        zero=window.info.start_time,
        labels=window.labels,
        said=window.said,
        sure=window.sure,
    )
