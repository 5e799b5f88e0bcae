"""Scores by which ``review.py`` ranks segments of labels, and stretches without any."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.review.choosing import best_apart
from trainer.review.contradictions import Pieces, label_pieces, mean_probabilities
from trainer.review.course import Course
from trainer.review.unsure import unsure_stretches
from trainer.review.unsureness import flicker, margins

Scores = dict[str, NDArray[np.float64]]
WHOLE = 1e9
CHOSEN, CHOSEN_UNSURE = "self-confidence", "largest"
LEAST = 1e-6
"""No model is surer than this, and no logarithm infinite."""


def label_scores(course: Course) -> tuple[Pieces, Scores]:
    """Returns the segments of labels, and how doubtful each is by several scores.

    Args:
        course: the answers to a recording, beside its labels.
    """
    pieces = label_pieces(course, WHOLE)
    shares = mean_probabilities(course, pieces)
    logs = np.log(np.maximum(np.concatenate([block for _, block in course.probabilities()]), LEAST))
    logs = np.stack([logs[first:last].mean(0) for first, last in pieces.inner])
    said = [course.said[first:last] for first, last in pieces.inner]
    named = [(part != label).mean() for part, label in zip(said, pieces.labels, strict=True)]
    return pieces, {
        CHOSEN: -_own(shares, pieces),
        "log self-confidence": -_own(logs, pieces),
        "margin": _best_other(shares, pieces) - _own(shares, pieces),
        "log margin": _best_other(logs, pieces) - _own(logs, pieces),
        "steps contradicted": np.array(named) + 1e-3 * _best_other(shares, pieces),
    }


def _own(values: NDArray[np.float64], pieces: Pieces) -> NDArray[np.float64]:
    own: NDArray[np.float64] = values[np.arange(len(values)), pieces.labels]
    return own


def _best_other(values: NDArray[np.float64], pieces: Pieces) -> NDArray[np.float64]:
    others = values.copy()
    others[np.arange(len(values)), pieces.labels] = -np.inf
    best: NDArray[np.float64] = others.max(1)
    return best


def unsure_scores(course: Course, usual: float, longest: float) -> dict[str, list[list[float]]]:
    """Returns the stretches of a recording, as if it had no labels, by several scores.

    Args:
        course: the answers, beside the labels that they are counted by.
        usual: how often a second labels change.
        longest: seconds of a stretch.

    Returns:
        Of each score, for each stretch the score, its seconds, and the share of wrong steps.
    """
    margin, changes = 1.0 - margins(course), flicker(course, usual)
    chance = np.random.default_rng(len(margin))
    steps = {
        CHOSEN_UNSURE: np.maximum(margin, changes),
        "margin": margin,
        "flicker": changes,
        "mean of both": (margin + changes) / 2,
        "random": np.repeat(chance.random(len(margin) // 20 + 1), 20)[: len(margin)],
    }
    bare = replace(course, labels=np.full(len(margin), -1, np.int32))
    return {name: _stretches(course, bare, values, longest) for name, values in steps.items()}


def _stretches(
    course: Course, bare: Course, values: NDArray[np.float64], longest: float
) -> list[list[float]]:
    wrong, rows = course.said != course.labels, []
    for one in best_apart(unsure_stretches(bare, values, longest), len(values)):
        first, last = np.searchsorted(course.edges, [one.start, one.end])
        rows.append([one.score, one.seconds, float(wrong[first:last].mean())])
    return rows
