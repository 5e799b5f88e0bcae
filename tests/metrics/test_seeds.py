import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from trainer.metrics.seeds import leaves_out_zero, over_seeds, welch_interval

values_of = st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=2, max_size=6)


@pytest.mark.filterwarnings("ignore:Precision loss")
@example([0.0, 0.0], [0.003, 0.003, 0.003])
@example([0.049, 0.207], [0.22, 0.253, 0.275, 0.711, 0.715, 0.62])
@given(values_of, values_of)
def test_the_interval_over_seeds_is_that_of_scipy(one: list[float], other: list[float]) -> None:
    found = welch_interval(one, other)
    if np.ptp(one) == np.ptp(other) == 0:
        assert found is None
        return
    assert found is not None
    low, high = stats.ttest_ind(other, one, equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx([low, high], abs=1e-5 * (high - low) + 1e-9)


@given(values_of, values_of, st.floats(-3, 3))
def test_it_moves_with_a_side_and_turns_with_the_order(
    one: list[float], other: list[float], by: float
) -> None:
    assume(np.ptp(one) or np.ptp(other))
    low, high = welch_interval(one, other) or (0, 0)
    assert welch_interval(other, one) == pytest.approx([-high, -low])
    moved = welch_interval(one, [value + by for value in other])
    assert moved == pytest.approx([low + by, high + by], abs=1e-7)


def test_one_seed_says_nothing_of_chance() -> None:
    assert welch_interval([0.5], [0.9, 0.8]) is None
    assert welch_interval([0.5, 0.4], [0.9]) is None
    assert welch_interval([0.5, 0.4], [0.9, None]) is None
    assert not leaves_out_zero(None)


def test_zero_must_lie_outside() -> None:
    assert leaves_out_zero([0.1, 0.2])
    assert leaves_out_zero([-0.2, -0.1])
    assert not leaves_out_zero([0.0, 0.2])
    assert not leaves_out_zero([-0.2, 0.1])


def test_figures_over_seeds() -> None:
    several = [{"f1": 0.5, "edit": None}, {"f1": 0.7, "edit": None}]
    found = over_seeds(several, ["f1", "edit"])
    deviation = pytest.approx(0.1 * math.sqrt(2))
    assert found["f1"] == {"mean": pytest.approx(0.6), "sd": deviation, "values": [0.5, 0.7]}
    assert found["edit"] == {"mean": None, "sd": None, "values": [None, None]}


def test_a_difference_that_is_none_is_found_in_one_of_twenty() -> None:
    generator = np.random.default_rng(0)
    pairs = generator.normal(0.7, 0.02, (400, 2, 3))
    pairs[:, 1] += generator.normal(0, 0.03, (400, 3))
    found = [leaves_out_zero(welch_interval(*pair.tolist())) for pair in pairs]
    assert 0.02 <= np.mean(found) <= 0.08
