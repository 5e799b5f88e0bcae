import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.videos.frame_order import in_order


def ordered(times: list[float | None], as_given: bool = False) -> list[float | None]:
    return [item[0] for item, _ in in_order([(time, 0.04, None) for time in times], as_given)]


def test_a_frame_that_comes_one_too_late_is_put_in_its_place():
    assert ordered([0.0, 0.067, 0.033, 0.1]) == [0.0, 0.033, 0.067, 0.1]
    assert ordered([0.0, 0.067, 0.033, 0.1], as_given=True) == [0.0, 0.067, 0.033, 0.1]


@pytest.mark.parametrize("times", [[0.0, 0.04, 9.0, 0.08, 0.12], [5.0, 5.04, 0.0, 0.04], [None]])
def test_a_clock_that_jumps_is_left_as_it_is(times):
    assert ordered(times) == times


@given(st.lists(st.none() | st.floats(0, 3), max_size=30))
def test_no_frame_is_lost(times):
    told = list(in_order([(time, 0.0, n) for n, time in enumerate(times)], False))
    assert sorted(number for (_, _, number), _ in told) == list(range(len(times)))
