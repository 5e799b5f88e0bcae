"""Figures of several models, and of sequences that are drawn as groups."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.metrics import Bootstrap, ClassificationScorer
from trainer.metrics.joined_tallies import MeanTallies, averaged, group_tallies
from trainer.metrics.tallies import ClassTallies

quick = settings(deadline=None, max_examples=30)
CLASSES = ["a", "b", "c"]
NAMES = ("accuracy", "f1", "edit", "f1@50")


def scorer(lengths: Sequence[int], seed: int) -> ClassificationScorer:
    """Scores answers that are right in about two thirds of the steps."""
    truth, answers = np.random.default_rng(0), np.random.default_rng(seed)
    scored = ClassificationScorer(CLASSES)
    for number, length in enumerate(lengths):
        true = np.repeat(truth.integers(0, 3, length), 4)
        wrong = answers.random(len(true)) < 0.3
        predicted = np.where(wrong, answers.integers(0, 3, len(true)), true)
        scored.add(f"s{number}", true, predicted)
    return scored


def tallies(lengths: Sequence[int], seed: int) -> ClassTallies:
    return scorer(lengths, seed).tallies()


def edges(intervals: Mapping[str, list[float] | None]) -> list[float]:
    return [edge for name in NAMES for edge in intervals[name] or [-1.0]]


lengths_of = st.lists(st.integers(1, 6), min_size=2, max_size=6)


@quick
@given(lengths_of, st.integers(1, 4), st.integers(0, 99))
def test_the_mean_over_models_is_the_mean_of_their_figures_in_each_draw(
    lengths: list[int], models: int, seed: int
) -> None:
    several = [tallies(lengths, seed + number) for number in range(models)]
    weights = next(Bootstrap(20).draws(len(lengths)))
    found = MeanTallies(several).figures(weights)
    for name in NAMES:
        each = np.stack([one.figures(weights)[name] for one in several])
        np.testing.assert_allclose(found[name], each.mean(0))


@quick
@given(lengths_of, st.integers(0, 99))
def test_a_model_repeated_is_the_model(lengths: list[int], seed: int) -> None:
    one = tallies(lengths, seed)
    bootstrap = Bootstrap(50)
    same = bootstrap.intervals(MeanTallies([one] * 3), NAMES)
    assert edges(same) == pytest.approx(edges(bootstrap.intervals(one, NAMES)))


@quick
@given(lengths_of, st.integers(0, 99))
def test_groups_of_one_sequence_are_the_sequences(lengths: list[int], seed: int) -> None:
    scored = scorer(lengths, seed)
    groups = {f"s{number}": f"g{number}" for number in range(len(lengths))}
    grouped = group_tallies(scored.tallies(), scored.result(), groups)
    assert len(grouped) == len(lengths)
    bootstrap = Bootstrap(50)
    found = bootstrap.intervals(grouped, NAMES)
    for name, interval in bootstrap.intervals(scored.tallies(), NAMES).items():
        assert found[name] == (interval and pytest.approx(interval))


@quick
@given(lengths_of, st.integers(1, 3), st.integers(0, 99))
def test_a_drawn_group_brings_all_of_its_sequences(
    lengths: list[int], copies: int, seed: int
) -> None:
    """Each sequence several times in a group of its own is as one that counts so often."""
    many = [length for length in lengths for _ in range(copies)]
    truth = ClassificationScorer(CLASSES)
    once = ClassificationScorer(CLASSES)
    generator = np.random.default_rng(seed)
    groups = {}
    for number, length in enumerate(lengths):
        true, predicted = generator.integers(0, 3, (2, length))
        once.add(f"s{number}", true, predicted)
        for copy in range(copies):
            groups[f"s{number}-{copy}"] = f"g{number}"
            truth.add(f"s{number}-{copy}", true, predicted)
    assert len(groups) == len(many)
    grouped = group_tallies(truth.tallies(), truth.result(), groups)
    bootstrap = Bootstrap(50)
    drawn = bootstrap.intervals(grouped, NAMES)
    assert edges(drawn) == pytest.approx(edges(bootstrap.intervals(once.tallies(), NAMES)))


def test_groups_of_sequences_that_are_alike_make_intervals_wider() -> None:
    generator = np.random.default_rng(0)
    scored = ClassificationScorer(CLASSES)
    groups = {}
    for person in range(8):
        right = generator.uniform(0.2, 0.9)
        for take in range(10):
            true = generator.integers(0, 3, 100)
            predicted = np.where(generator.random(100) < right, true, (true + 1) % 3)
            groups[f"P{person}_{take}"] = f"P{person}"
            scored.add(f"P{person}_{take}", true, predicted)
    bootstrap = Bootstrap(500)
    grouped = group_tallies(scored.tallies(), scored.result(), groups)
    both = grouped, scored.tallies()
    wide, narrow = (bootstrap.intervals(one, ["accuracy"])["accuracy"] for one in both)
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > 1.8 * (narrow[1] - narrow[0])


def test_sequences_without_a_label_are_in_no_group() -> None:
    scored = ClassificationScorer(CLASSES)
    scored.add("x", np.array([0, 1]), np.array([0, 1]))
    scored.add("y", np.array([-1, -1]), np.array([0, 1]))
    scored.add("z", np.array([2]), np.array([0]))
    groups = {"x": "one", "y": "two", "z": "three"}
    assert len(group_tallies(scored.tallies(), scored.result(), groups)) == 2


@quick
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5))
def test_results_are_averaged_number_by_number(numbers: list[float]) -> None:
    results = [{"a": x, "rows": [{"id": "s0", "x": x}], "n": 3, "none": None} for x in numbers]
    mean = pytest.approx(np.mean(numbers))
    expected = {"a": mean, "rows": [{"id": "s0", "x": mean}], "n": 3, "none": None}
    assert averaged(results) == expected


def test_what_is_unknown_in_some_is_the_mean_of_the_others() -> None:
    assert averaged([{"x": None}, {"x": 2.0}, {"x": 4.0}]) == {"x": 3.0}
    assert averaged(["one", "other"]) is None
