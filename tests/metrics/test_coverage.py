"""Intervals hold the truth as often as they say, where the truth is known.

Sequences are taken at random from a large population, whose figures are the truth, again and again.
"""

from collections.abc import Mapping

import numpy as np
import pytest

from trainer.metrics import Bootstrap, ClassificationScorer
from trainer.metrics.joined_tallies import GroupTallies
from trainer.metrics.tallies import ClassTallies, Floats, Tallies

CLASSES, COMMON = "abcd", (0.4, 0.3, 0.2, 0.1)
NAMES = ("accuracy", "f1", "edit")
REPETITIONS = 200
LEAST, MOST = 0.90, 0.99


def population(size: int, seed: int, persons: int = 0) -> ClassTallies:
    """Sequences of 3 to 9 segments, answered well or badly as a whole; persons differ more."""
    generator, scorer = np.random.default_rng(seed), ClassificationScorer(CLASSES)
    skills = generator.beta(4, 1.5, persons or size).repeat(size // (persons or size))
    for skill in skills:
        segments = generator.integers(3, 10)
        labels = generator.choice(len(CLASSES), segments, p=COMMON)
        true = labels.repeat(generator.integers(5, 30, segments)).astype(np.int32)
        wrong = (generator.random(len(true) // 10 + 1) > skill).repeat(10)[: len(true)]
        others = generator.choice(len(CLASSES), len(true) // 10 + 1, p=COMMON).repeat(10)
        said = np.where(wrong, others[: len(true)], true).astype(np.int32)
        scorer.add("s", true, said)
    return scorer.tallies()


def some(whole: ClassTallies, chosen: Floats) -> ClassTallies:
    assert whole.edit is not None
    assert whole.matches is not None
    return ClassTallies(
        whole.steps[chosen],
        whole.right[chosen],
        whole.counts[chosen],
        whole.edit[chosen],
        whole.matches[chosen],
    )


def held(
    whole: ClassTallies, units: int, repetitions: int, each: int = 1, grouped: bool = True
) -> Mapping[str, float]:
    """Returns how often intervals of so many units, each of so many sequences, hold the truth."""
    truth = whole.figures(np.ones((1, len(whole))))
    generator, counts = np.random.default_rng(units), dict.fromkeys(NAMES, 0)
    for repetition in range(repetitions):
        first = each * generator.integers(0, len(whole) // each, units)
        chosen = (first[:, None] + np.arange(each)).ravel()
        tallies: Tallies = some(whole, chosen)
        if grouped:
            tallies = GroupTallies(tallies, np.arange(units).repeat(each))
        intervals = Bootstrap(seed=repetition).intervals(tallies, NAMES)
        for name in NAMES:
            low, high = intervals[name] or (np.nan, np.nan)
            counts[name] += int(low <= truth[name][0] <= high)
    return {name: count / repetitions for name, count in counts.items()}


def test_intervals_hold_the_truth() -> None:
    found = held(population(1000, 1), 20, 50)
    assert all(share >= 0.86 for share in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("units", [10, 20, 50])
def test_intervals_hold_the_truth_in_90_to_99_of_100(units: int) -> None:
    found = held(population(5000, 1), units, REPETITIONS)
    assert all(LEAST <= share <= MOST for share in found.values()), found


@pytest.mark.slow
def test_intervals_over_sequences_of_the_same_persons_do_not_and_those_over_persons_do() -> None:
    persons = population(5000, 2, persons=1000)
    over_persons = held(persons, 10, REPETITIONS, each=5)
    assert all(LEAST <= share <= MOST for share in over_persons.values()), over_persons
    over_sequences = held(persons, 10, REPETITIONS, each=5, grouped=False)
    assert over_sequences["accuracy"] < 0.85, over_sequences
