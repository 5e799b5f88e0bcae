"""Intervals over one another, against the class of each tiny moment, told one by one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from preprocessing.labels.overlaps import Interval, corrected, first_of, joined, without

LATEST = 12
CLASSES = ("a", "b", "c", "d")
WHOLE = st.tuples(st.integers(0, LATEST), st.integers(0, LATEST), st.sampled_from(CLASSES))
INTERVALS = st.lists(WHOLE.filter(lambda one: one[0] < one[1]), max_size=12).map(
    lambda found: [(float(start), float(end), label) for start, end, label in found]
)


def shown(intervals: list[Interval]) -> list[set[str]]:
    """Returns the classes of each moment between two whole numbers."""
    return [
        {label for start, end, label in intervals if start <= moment + 0.5 < end}
        for moment in range(LATEST)
    ]


@given(INTERVALS)
def test_joined_intervals_show_the_same_and_those_of_a_class_are_apart(
    intervals: list[Interval],
) -> None:
    made = joined(intervals)
    assert shown(made) == shown(intervals)
    assert made == sorted(made)
    for label in CLASSES:
        own = [one for one in made if one[2] == label]
        assert all(before[1] < after[0] for before, after in pairwise(own))


@given(INTERVALS, st.permutations(CLASSES), st.integers(0, 4))
def test_where_classes_overlap_the_first_of_those_named_is_left(
    intervals: list[Interval], order: list[str], named: int
) -> None:
    priority = order[:named]
    expected = []
    for classes in shown(intervals):
        winner = next((name for name in priority if name in classes), None)
        expected.append(classes if winner is None else {winner})
    assert shown(first_of(intervals, priority)) == expected


@given(INTERVALS, INTERVALS)
def test_a_correction_holds_where_it_labels_and_nowhere_else(
    before: list[Interval], later: list[Interval]
) -> None:
    expected = [new or old for old, new in zip(shown(before), shown(later), strict=True)]
    made = corrected(before, later)
    assert shown(made) == expected
    assert all(start < end for start, end, _ in made)


@given(INTERVALS, INTERVALS)
def test_what_is_taken_away_is_gone_and_the_rest_is_there(
    intervals: list[Interval], taken: list[Interval]
) -> None:
    left = [*without(intervals, [(start, end) for start, end, _ in taken])]
    expected = [
        set() if gone else there for there, gone in zip(shown(intervals), shown(taken), strict=True)
    ]
    assert shown(left) == expected
