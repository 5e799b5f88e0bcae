"""How soon ``review`` finds labels that are wrong, against looking at them in any order.

python scripts/bench/review.py --store DIR --labels FOLDER --fps 5 --group-by '^(P\\d+)_'

Some segments of the labels are given another class; a cross-validation is trained on those labels,
and ranks them. The folder has a text file for each recording of the store, a name a line. Answers
to the same recordings, as if they had no labels, show how well unsureness tells what is wrong.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from measure import BUILD, ROOT, machine, run, table, write
from numpy.typing import NDArray
from review_labels import Segment, with_errors
from review_labels import write as write_labels
from review_plot import draw
from review_scores import CHOSEN, Scores, label_scores, unsure_scores

from trainer.review.course import Course, read_course
from trainer.review.finding import label_changes
from trainer.review.options import ReviewConfig
from trainer.review.sources import answers_about_labels, find_sources

ORDERS = 50
"""Random orders, of which the mean is told."""
MINUTES = (0, 10, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 600)
SHOWN = (0, 10, 30, 60, 120, 240)
LABEL_COLUMNS = ("score", "wrong of first 5 %", "times random", "found in first 5 %", "AP")
MINUTES_COLUMNS = ("minutes", "random", "review", "best possible")
UNSURE_COLUMNS = ("score", "wrong steps in first 5 %", "10 %", "20 %", "all")


@dataclass(frozen=True)
class Options:
    """Measures review on labels with made errors."""

    store: Path
    """Store of the recordings."""
    labels: Path
    """Folder with a text file for each, a name a line."""
    fps: float
    """Lines a second."""
    group_by: str | None = None
    """As cross-validate takes it."""
    share: float = 0.05
    """Share of the segments that get a wrong class."""
    seed: int = 0
    """Of the errors."""
    folds: int = 4
    """Of the cross-validation."""
    run: Path = BUILD / "review" / "run"
    """Folder of the cross-validation; one that is there already is taken."""


def main(options: Options) -> None:
    """Trains if need be, ranks, prints the tables, and writes JSON and picture."""
    segments = with_errors(options.labels, options.share, options.seed)
    if not (options.run / "evaluation").exists():
        _cross_validate(options, segments)
    scores, unsure = _scored(ReviewConfig(options.run), segments)
    curves = _curves(segments, scores[CHOSEN], 1 / options.fps)
    rows = [[m, *(f"{100 * c[MINUTES.index(m)]:.2f} %" for c in curves.values())] for m in SHOWN]
    tables = {
        "labels": (LABEL_COLUMNS, _label_rows(segments, scores)),
        "minutes": (MINUTES_COLUMNS, rows),
        "unsure": (UNSURE_COLUMNS, _unsure_rows(unsure)),
    }
    about = machine()
    for columns, shown in tables.values():
        print("", table(columns, shown), sep="\n")
    draw(MINUTES, curves, ROOT / "docs" / "pictures" / "review.png")
    path = write("review.json", {"machine": about}, tables)
    print(f"written to {path}", file=sys.stderr)


def _cross_validate(options: Options, segments: list[Segment]) -> None:
    labels = options.run.parent / "labels.csv"
    labels.parent.mkdir(parents=True, exist_ok=True)
    write_labels(labels, segments, options.fps)
    grouped = ["--group-by", options.group_by] if options.group_by else []
    command = ["-m", "trainer", "cross-validate", "--store", options.store, "--labels", labels]
    more = ["--run", options.run, "--folds", str(options.folds), *grouped]
    run([sys.executable, *command, *more, "--normalize", "running", "--shrinkage", "50"])


def _courses(config: ReviewConfig) -> Iterator[tuple[Course, float]]:
    """Yields the answers to each recording, and how often a second labels change."""
    sources = find_sources(config)
    usual = label_changes(sources.labels, sources.labelled)
    with answers_about_labels(config, sources) as answers:
        for info in sources.held_out:
            yield read_course(answers, info, sources.labels), usual


def _scored(
    config: ReviewConfig, segments: list[Segment]
) -> tuple[Scores, dict[str, list[list[float]]]]:
    """Returns the scores of all segments, in their order, and of all stretches."""
    places = {(one.sequence, one.start): place for place, one in enumerate(segments)}
    found: Scores = {}
    unsure: dict[str, list[list[float]]] = {}
    for course, usual in _courses(config):
        pieces, scores = label_scores(course)
        own = [places[course.info.sequence_id, start] for start in pieces.starts.tolist()]
        for name, values in scores.items():
            found.setdefault(name, np.full(len(segments), -np.inf))[own] = values
        for name, rows in unsure_scores(course, usual, config.longest).items():
            unsure.setdefault(name, []).extend(rows)
    return found, unsure


def _label_rows(segments: Sequence[Segment], scores: Scores) -> list[list[Any]]:
    """Rows of the first table: how many of those that come first are wrong."""
    wrong = np.array([one.wrong for one in segments])
    first, share = round(0.05 * len(wrong)), wrong.mean()
    rows: list[list[Any]] = [["random", f"{100 * share:.1f} %", "1.0", "5.0 %", f"{share:.3f}"]]
    for name, values in scores.items():
        hits = wrong[np.argsort(-values, kind="stable")]
        precision = hits[:first].mean()
        at = np.flatnonzero(hits)
        average = (np.arange(1, len(at) + 1) / (at + 1)).mean()
        told = (f"{100 * precision:.1f} %", f"{precision / share:.1f}")
        found = hits[:first].sum() / wrong.sum()
        rows.append([name, *told, f"{100 * found:.1f} %", f"{average:.3f}"])
    return rows


def _curves(
    segments: Sequence[Segment], scores: NDArray[np.float64], step: float
) -> dict[str, list[float]]:
    """Returns the share of steps whose label is right after so many minutes, for each order."""
    around = ReviewConfig.around
    steps = np.array([one.stop - one.start for one in segments])
    gains = np.where([one.wrong for one in segments], steps, 0)
    minutes = (steps * step + 2 * around) / 60
    chance = np.random.default_rng(0)

    def right(order: NDArray[np.int64]) -> NDArray[np.float64]:
        spent, gained = np.cumsum(minutes[order]), np.cumsum(gains[order])
        there = np.concatenate([[0], gained])[np.searchsorted(spent, MINUTES, "right")]
        shares: NDArray[np.float64] = 1 - (gains.sum() - there) / steps.sum()
        return shares

    orders = [right(chance.permutation(len(segments))) for _ in range(ORDERS)]
    best = np.argsort(-gains / minutes, kind="stable")
    return {
        "random": np.mean(orders, 0).tolist(),
        "review": right(np.argsort(-scores, kind="stable")).tolist(),
        "best possible": right(best).tolist(),
    }


def _unsure_rows(found: dict[str, list[list[float]]]) -> list[list[Any]]:
    """Rows of the third table: the share of wrong steps in the time that comes first."""
    rows = []
    for name, stretches in found.items():
        score, seconds, wrong = np.array(stretches).T
        order = np.argsort(-score, kind="stable")
        spent, missed = np.cumsum(seconds[order]), np.cumsum((seconds * wrong)[order])
        at = [np.searchsorted(spent, share * spent[-1]) for share in (0.05, 0.1, 0.2)]
        shares = [missed[min(place, len(spent) - 1)] / spent[place] for place in (*at, -1)]
        rows.append([name, *(f"{100 * share:.1f} %" for share in shares)])
    return rows


if __name__ == "__main__":
    main(tyro.cli(Options))
