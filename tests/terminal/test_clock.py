import pytest

from preprocessing.terminal.clock import clock
from preprocessing.terminal.table import aligned


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.9, "0:00:59"), (3661.2, "1:01:01"), (-61, "-0:01:01")]
)
def test_times_are_not_rounded_up(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.3, "0:00.3"), (61.99, "1:01.9"), (6 * 0.1 + 0.1, "0:00.7")]
)
def test_a_part_of_a_second_is_shown_where_it_is_asked_for(seconds: float, text: str) -> None:
    assert clock(seconds, digits=1, hours=False) == text


def test_columns_stand_below_each_other() -> None:
    rows = [["", "a", "bb"], ["loss", "10", ""]]
    assert aligned(rows) == ["       a  bb", "loss  10"]
    assert aligned(rows, left=2) == ["      a   bb", "loss  10"]
    assert aligned([]) == []
