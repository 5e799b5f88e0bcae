from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.metrics import RegressionScorer

COLUMNS = ("speed", "force")
# Multiples of an eighth far from zero: float32 holds them exactly, sums of their squares do not.
numbers = st.integers(-80, 80).map(lambda eighths: 2.0**20 + eighths / 8)
rows = st.tuples(numbers, numbers)
steps_of = st.lists(st.tuples(st.none() | rows, rows), min_size=1, max_size=40)


def score_blocks(*sequences: list[tuple[Any, Any]], cut: int = 0) -> dict[str, Any]:
    scorer = RegressionScorer(COLUMNS)
    for number, steps in enumerate(sequences):
        true = np.array([(np.nan,) * 2 if t is None else t for t, _ in steps], np.float32)
        said = np.array([given for _, given in steps], np.float32)
        scorer.add(f"s{number}", [(true[:cut], said[:cut]), (true[cut:], said[cut:])])
    return scorer.result()


def naive_column(labelled: list[tuple[Any, Any]], column: int) -> dict[str, Any]:
    """Exact arithmetic over all steps at once."""
    true = [Fraction(step[0][column]) for step in labelled]
    errors = [Fraction(step[1][column]) - t for step, t in zip(labelled, true, strict=True)]
    mean = sum(true) / len(true)
    squares = sum(error**2 for error in errors)
    variation = sum((value - mean) ** 2 for value in true)
    return {
        "mae": float(sum(map(abs, errors)) / len(errors)),
        "rmse": float(squares / len(errors)) ** 0.5,
        "r2": float(1 - squares / variation) if variation else None,
        "true_min": float(min(true)),
        "true_max": float(max(true)),
    }


def require_near(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        assert found[name] == (value and pytest.approx(value, rel=1e-9, abs=1e-9)), name


@given(steps_of, steps_of, st.integers(0, 40))
def test_metrics_agree_with_exact_arithmetic(one: list[Any], two: list[Any], cut: int) -> None:
    metrics = score_blocks(one, two, cut=cut)
    labelled = [step for step in one + two if step[0] is not None]
    assert metrics["steps"] == len(labelled)
    if not labelled:
        assert metrics["mae"] is metrics["rmse"] is metrics["r2"] is None
        return
    expected = [naive_column(labelled, column) for column in range(2)]
    for name, row in zip(COLUMNS, expected, strict=True):
        require_near(metrics["per_column"][name], row)
    for name in ("mae", "rmse", "r2"):
        known = [row[name] for row in expected if row[name] is not None]
        require_near(metrics, {name: float(np.mean(known)) if known else None})


def test_a_worked_case() -> None:
    metrics = score_blocks(
        [((1, 5), (1, 5)), ((2, 5), (4, 5)), (None, (9, 9))],
        [((3, 5), (3, 6))],
    )
    speed, force = (metrics["per_column"][name] for name in COLUMNS)
    assert speed["mae"] == pytest.approx(2 / 3)
    assert speed["rmse"] == pytest.approx((4 / 3) ** 0.5)
    assert speed["r2"] == pytest.approx(1 - 4 / 2)
    assert (speed["true_min"], speed["true_max"]) == (1, 3)
    assert force["mae"] == pytest.approx(1 / 3)
    assert force["r2"] is None  # it never changes
    assert metrics["r2"] == speed["r2"]
    assert metrics["mae"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert metrics["per_sequence"] == [
        {"sequence_id": "s0", "steps": 2, "mae": 0.5},
        {"sequence_id": "s1", "steps": 1, "mae": 0.5},
    ]


def test_always_saying_the_mean_has_an_r2_of_nothing() -> None:
    metrics = score_blocks([((1, 0.1), (2, 0.1)), ((3, 0.1), (2, 0.1))])
    assert metrics["per_column"]["speed"]["r2"] == pytest.approx(0)
    assert metrics["per_column"]["force"]["r2"] is None
