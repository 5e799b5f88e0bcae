from typing import Any

import naive_metrics as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trainer.metrics import (
    Bootstrap,
    ClassificationScorer,
    MultilabelScorer,
    RegressionScorer,
)
from trainer.metrics import bootstrap as module
from trainer.metrics.intervals import Drawn, expanded_shares
from trainer.metrics.student import student_quantile

NEAR = {"abs": 1e-9}
# Limits lie between draws, where the quantile of Student says.
LIMITS = {"abs": 1e-6}
FEW = Bootstrap(samples=25)
CLASSES = ("a", "b", "c")


def drawn(sequences: int, bootstrap: Bootstrap = FEW) -> list[list[int]]:
    """Each sample as the numbers of the sequences in it."""
    weights = np.concatenate(list(bootstrap.draws(sequences))).astype(int)
    return [np.repeat(np.arange(sequences), row).tolist() for row in weights]


def require_interval(found: Any, values: list[Any], units: int) -> None:
    expected = naive.interval(values, units)
    assert found == (None if expected is None else pytest.approx(expected, **LIMITS))


labels_of = st.lists(
    st.tuples(st.sampled_from([-1, 0, 0, 1, 2]), st.integers(0, 2)), min_size=1, max_size=12
)


@settings(max_examples=60)
@given(st.lists(labels_of, min_size=2, max_size=6))
def test_intervals_of_classification_are_those_of_scoring_each_draw(videos: Any) -> None:
    scorer = ClassificationScorer(CLASSES, ignored={2})
    for steps in videos:
        scorer.add("s", *(np.array([step[i] for step in steps], np.int32) for i in (0, 1)))
    pairs = [
        ([None if t < 0 else t for t, _ in steps], [p for _, p in steps])
        for steps in videos
        if any(t >= 0 for t, _ in steps)
    ]
    names = ("accuracy", "precision", "recall", "f1", "jaccard", "edit", "f1@10", "f1@50", "map")
    if len(pairs) < 2:
        return
    intervals = FEW.intervals(scorer.tallies(), names)
    samples = [[pairs[number] for number in sample] for sample in drawn(len(pairs))]
    values = [
        {
            "accuracy": naive.accuracy(sample),
            **naive.macro(sample, 3),
            "edit": naive.mean([naive.edit(*pair, [2]) for pair in sample]),
            "f1@10": naive.segment_f1(sample, 0.1, [2]),
            "f1@50": naive.segment_f1(sample, 0.5, [2]),
        }
        for sample in samples
    ]
    for name in names[:-1]:
        require_interval(intervals[name], [value[name] for value in values], len(pairs))
    assert intervals["map"] is None


def test_intervals_of_label_sets_are_those_of_scoring_each_draw() -> None:
    generator = np.random.default_rng(1)
    scorer = MultilabelScorer(CLASSES)
    videos = []
    for length in (3, 1, 8, 5):
        true = generator.integers(0, 2, (length, 3)).astype(np.int8)
        said = generator.integers(0, 2, (length, 3)).astype(np.int8)
        scorer.add("s", [(true, said)])
        videos.append((true, said))
    intervals = FEW.intervals(scorer.tallies(), ("accuracy", "f1", "cmap"))
    right, f1 = [], []
    for sample in drawn(len(videos)):
        steps = [step for number in sample for step in zip(*videos[number], strict=True)]
        right.append(naive.mean([float(list(t) == list(p)) for t, p in steps]))
        rows = [
            naive.of_class([([int(t[c]) for t, _ in steps], [int(p[c]) for _, p in steps])], 1)
            for c in range(3)
        ]
        f1.append(naive.mean([row["f1"] for row in rows]))
    require_interval(intervals["accuracy"], right, 4)
    require_interval(intervals["f1"], f1, 4)
    assert intervals["cmap"] is None


@pytest.mark.parametrize("offset", [0.0, 2.0**20])
def test_intervals_of_numbers_are_those_of_scoring_each_draw(offset: float) -> None:
    generator = np.random.default_rng(2)
    scorer = RegressionScorer(("speed", "same"))
    videos = []
    for length in (1, 6, 3, 9):
        # Eighths, which float32 holds exactly even beside the offset.
        true = offset + generator.integers(-40, 40, (length, 2)) / 8
        true[:, 1] = 0.1 if length > 3 else 0.1 + (length == 1)
        true = true.astype(np.float32)
        said = (true + generator.integers(-9, 9, true.shape) / 8).astype(np.float32)
        scorer.add("s", [(true, said)])
        videos.append((true, said))
    intervals = FEW.intervals(scorer.tallies(), ("mae", "rmse", "r2"))
    values = []
    for sample in drawn(len(videos)):
        columns = [
            [[float(v) for n in sample for v in videos[n][side][:, c]] for side in (0, 1)]
            for c in (0, 1)
        ]
        rows = [naive.numbers(*column) for column in columns]
        values.append({name: naive.mean([row[name] for row in rows]) for name in intervals})
    for name, interval in intervals.items():
        expected = naive.interval([v[name] for v in values], 4)
        assert interval == pytest.approx(expected, rel=1e-6 if offset else 1e-9)


def scored(lengths: Any) -> ClassificationScorer:
    generator = np.random.default_rng(3)
    scorer = ClassificationScorer(CLASSES)
    for length in lengths:
        labels = generator.integers(0, 3, (2, length)).astype(np.int32)
        scorer.add("s", labels[0], labels[1])
    return scorer


def test_each_sequence_once_gives_the_figures_themselves() -> None:
    scorer = scored([5, 9, 1, 30])
    figures = scorer.tallies().figures(np.ones((1, 4)))
    result = scorer.result()
    assert set(figures) < set(result)
    for name, (value,) in figures.items():
        assert value == pytest.approx(result[name], **NEAR), name


def test_the_quantile_of_student_is_that_of_scipy() -> None:
    for freedom in (1, 1.01, 1.5, 2, 3.7, 9, 57, 58, 1e4, 1e9):
        for level in (0.5, 0.9, 0.95, 0.99):
            expected = stats.t.ppf((1 + level) / 2, freedom)
            assert student_quantile(level, freedom) == pytest.approx(expected, rel=1e-6)


@given(st.integers(2, 200), st.floats(0.5, 0.99))
def test_fewer_sequences_make_wider_intervals(units: int, level: float) -> None:
    low, high = expanded_shares(level, units)
    assert low + high == pytest.approx(1)
    more = expanded_shares(level, units + 1)[0]
    assert 0 <= low <= more < (1 - level) / 2
    assert low < more or more == 0  # Of two sequences it may be too small for a float.


def test_a_figure_less_itself_is_nothing() -> None:
    one = Drawn(4, np.array([0.0, 1, np.nan]))
    assert (one - one).interval(0.95) == [0, 0]
    assert Drawn(4, np.full(3, np.nan)).interval(0.95) is None


def test_a_single_sequence_has_no_interval() -> None:
    alone = scored([9])
    alone.add("without labels", np.array([-1], np.int32), np.array([0], np.int32))
    assert Bootstrap().intervals(alone.tallies(), ["accuracy"]) == {"accuracy": None}
    none = ClassificationScorer(CLASSES)
    assert Bootstrap().intervals(none.tallies(), ["accuracy"]) == {"accuracy": None}
    assert Bootstrap().intervals(RegressionScorer(["x"]).tallies(), ["mae"]) == {"mae": None}
    assert Bootstrap(0).intervals(scored([9, 9]).tallies(), ["edit"]) == {"edit": None}


def test_draws_are_the_same_however_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = drawn(7, Bootstrap(100))
    monkeypatch.setattr(module, "BLOCK_SAMPLES", 3)
    assert drawn(7, Bootstrap(100)) == expected
    assert all(len(sample) == 7 for sample in expected)
    assert drawn(7, Bootstrap(100, seed=1)) != expected


def test_an_interval_narrows_with_more_sequences_and_holds_the_figure() -> None:
    widths = []
    for sequences in (10, 1000):
        scorer = scored([20] * sequences)
        low, high = Bootstrap().intervals(scorer.tallies(), ["accuracy"])["accuracy"] or []
        assert low < scorer.result()["accuracy"] < high
        widths.append(high - low)
    # A hundred times as many sequences: a tenth of the width, but for chance.
    assert widths[1] == pytest.approx(widths[0] / 10, rel=0.4)
