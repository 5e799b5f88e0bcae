"""Expected calibration error, against a naive count."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import write_predictions

from trainer.evaluation import scoring
from trainer.evaluation.scoring import score
from trainer.metrics.reliability import BINS, Reliability, add_probabilities

shares = st.floats(0, 1, width=32)
answers = st.lists(st.tuples(shares, st.booleans(), st.integers(1, 4)), max_size=40)


def naive(found: list[tuple[float, bool, int]]) -> float | None:
    """The definition of Guo et al. 2017, with plain lists."""
    every = [(sure, right) for sure, right, times in found for _ in range(times)]
    error = 0.0
    for number in range(BINS):
        low, high = number / BINS, (number + 1) / BINS
        held = [one for one in every if low < one[0] <= high or (number == 0 and one[0] == 0)]
        if held:
            sure = math.fsum(one[0] for one in held) / len(held)
            right = sum(one[1] for one in held) / len(held)
            error += len(held) / len(every) * abs(sure - right)
    return error if every else None


@given(answers)
def test_the_error_is_that_of_a_naive_count(found: list[tuple[float, bool, int]]) -> None:
    places = [BINS * sure for sure, *_ in found]  # Those on an edge might be rounded across it.
    clear = [place in (0, BINS) or abs(place - round(place)) > 1e-9 for place in places]
    found = [one for one, kept in zip(found, clear, strict=True) if kept]
    reliability = Reliability()
    for part in (found[:7], found[7:]):
        sure, right, times = (np.array([one[n] for one in part]) for n in range(3))
        reliability.add(sure.astype("float32"), right.astype(bool), times.astype("int64"))
    expected = naive(found)
    assert reliability.error == (None if expected is None else pytest.approx(expected, abs=1e-6))
    rows = reliability.rows()
    assert sum(row["steps"] or 0 for row in rows) == sum(times for *_, times in found)
    for row in rows:
        assert (row["sure"] is None) == (row["right"] is None) == (not row["steps"])


def test_each_class_that_may_be_there_is_an_answer() -> None:
    probabilities, true = np.array([[0.9, 0.2], [0.4, 0.2]]), np.array([[1, 0], [0, 1]])
    apart, together = Reliability(), Reliability()
    add_probabilities(together, probabilities, true, np.array([2, 1]))
    for row, column in ((0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 1)):
        apart.add(probabilities[row, column : column + 1], true[row, column : column + 1] == 1)
    np.testing.assert_allclose(together.sums, apart.sums)


@settings(max_examples=5)
@given(at_once=st.integers(1, 40))
def test_metrics_hold_it_for_labelled_steps_however_they_are_read(
    at_once: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = np.random.default_rng(3)
    arrays, found = {}, []
    for name in ("x", "y"):
        scores, true = chance.dirichlet([1, 1, 1], 20).astype("float32"), chance.integers(-1, 3, 20)
        arrays[name] = {"probabilities": scores, "true": true}
        named = scores.argmax(-1)
        sure = scores.max(-1).astype(float)
        found += [(sure[t], bool(named[t] == true[t]), 1) for t in range(20) if true[t] >= 0]
    path = write_predictions(tmp_path_factory.mktemp("p") / "p.h5", ["a", "b", "c"], arrays)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "NUMBERS_AT_ONCE", at_once)
        metrics = score(path, True)
    assert metrics["ece"] == pytest.approx(naive(found), abs=1e-6)
    assert len(metrics["reliability"]) == BINS


def test_numbers_have_none(tmp_path: Path) -> None:
    arrays = {"x": {"predicted": np.zeros((4, 1)), "true": np.ones((4, 1))}}
    metrics = score(write_predictions(tmp_path / "p.h5", ["y"], arrays, "regression"), True)
    assert "ece" not in metrics
