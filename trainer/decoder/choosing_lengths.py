"""The choice of thresholds and least lengths, for each of several classes a step by itself."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.counts import MarkCounts
from trainer.decoder.lengths import LengthDecoder, in_steps
from trainer.decoder.quality import better, no_hits, segment_shares
from trainer.decoder.sample import sample
from trainer.decoder.weights import Choice, Lengths
from trainer.metrics.class_counts import f1
from trainer.metrics.segmental import OVERLAPS, segment_hits
from trainer.metrics.spread import mean
from trainer.predictions.reader import Answers
from trainer.task import THRESHOLD

THRESHOLDS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 10))
# Least lengths, as shares of what is usual for the class.
SHARES = (0.0, 0.1, 0.25, 0.5)
MOST_SECONDS = 600.0
# Answers, steps times classes, that all are tried on.
MOST_ANSWERS = 1_000_000


class Rule(NamedTuple):
    """The threshold and least lengths of one class; see ``Lengths``."""

    threshold: float = THRESHOLD
    present: float = 0.0
    absent: float = 0.0


class Found(NamedTuple):
    """A rule, and how good it was; nothing is known of a class that the truth lacks."""

    rule: Rule
    figures: dict[str, float]


Column = tuple[NDArray[Any], NDArray[Any]]


def choose_lengths(
    counts: MarkCounts,
    answers: Answers,
    rate: float,
    lags: Sequence[float | None],
    heed: Callable[[], None] = lambda: None,
) -> tuple[list[Choice], list[str]]:
    """Chooses, for each lag, a threshold and least lengths for each class.

    Args:
        counts: of the training split.
        answers: to the validation split.
        rate: steps a second.
        lags: in seconds; None for offline.
        heed: called between two classes.

    Returns:
        The choices, and the sequences that they were made by.
    """
    ids = sample(answers, MOST_ANSWERS / len(answers.classes))
    raw: list[Found] = []
    best: list[list[Found]] = [[] for _ in lags]
    for number in range(len(answers.classes)):
        heed()
        columns = [_column(answers, sequence_id, number) for sequence_id in ids]
        usual = (float(counts.present[number]), float(counts.absent[number]))
        raw.append(Found(Rule(), _figures(columns, Rule(), rate, None)))
        threshold = _best(columns, (Rule(one) for one in THRESHOLDS), rate, None, raw[-1])
        for found, lag in zip(best, lags, strict=True):
            rules = _rules(threshold.rule.threshold, usual)
            steps = None if lag is None else round(lag * rate)
            found.append(_best(columns, rules, rate, steps, raw[-1]))
    before = _joined(raw)
    return [_choice(lag, found, before) for lag, found in zip(lags, best, strict=True)], ids


def _column(answers: Answers, sequence_id: str, number: int) -> Column:
    """Returns truth and probabilities of one class, ``[N, 1]`` each."""
    columns, every = slice(number, number + 1), slice(None)
    true = answers.part(sequence_id, "true", every, columns)
    return true, answers.part(sequence_id, "probabilities", every, columns)


def _rules(threshold: float, usual: tuple[float, float]) -> list[Rule]:
    present, absent = (
        [min(share * seconds, MOST_SECONDS) for share in SHARES] for seconds in usual
    )
    return [Rule(threshold, *each) for each in product(present, absent)]


def _best(
    columns: Sequence[Column], rules: Iterable[Rule], rate: float, lag: int | None, raw: Found
) -> Found:
    """Returns the best of some rules, the raw one where none is better.

    Args:
        columns: truth and probabilities of each sequence.
        rules: to try.
        rate: steps a second.
        lag: in steps; None for offline.
        raw: the rule of raw answers.
    """
    best, seen = raw, set()
    if not raw.figures:
        return raw
    for rule in rules:
        key = (rule.threshold, *in_steps(rule[1:], rate))
        if key in seen:
            continue
        seen.add(key)
        found = Found(rule, _figures(columns, rule, rate, lag))
        if better(found.figures, best.figures):
            best = found
    return best


def _figures(
    columns: Sequence[Column], rule: Rule, rate: float, lag: int | None
) -> dict[str, float]:
    """Returns F1 of steps and F1@k of stretches of one class; nothing if the truth lacks it."""
    steps, hits = np.zeros(3, int), no_hits()
    lengths = Lengths(*((value,) for value in rule))
    for true, probabilities in columns:
        decoder = LengthDecoder(lengths, rate, lag)
        marks = np.concatenate([decoder.push(probabilities), decoder.finish()])[:, 0]
        truth = true[:, 0]
        said, there = (marks == 1) & (truth >= 0), truth == 1
        steps += [np.sum(said & there), np.sum(said & ~there), np.sum(there & ~said)]
        stretches = (np.where(shown, 0, -1).astype(np.int32) for shown in (there, said))
        both = tuple(stretches)
        for counts, overlap in zip(hits, OVERLAPS, strict=True):
            counts += segment_hits(both[0], both[1], overlap)
    if not steps[0] + steps[2]:
        return {}
    return {"f1": f1(*map(int, steps)) or 0.0, **segment_shares(hits)}


def _joined(found: Sequence[Found]) -> dict[str, float]:
    """Returns the means over the classes that the truth has."""
    known = [one.figures for one in found if one.figures]
    return {name: mean(one[name] for one in known) or 0.0 for name in (known or [{}])[0]}


def _choice(lag: float | None, found: Sequence[Found], before: dict[str, float]) -> Choice:
    figures = _joined(found)
    lengths = Lengths(*zip(*(one.rule for one in found), strict=True))
    return Choice(lag, better(figures, before), lengths, before, figures)
