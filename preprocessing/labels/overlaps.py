"""Labels of one sequence that lie over one another: which of them holds.

priority b, a               corrections: the later file wins where it labels
a ├────────────┤            before ├──a──┤├──b──┤├──c──┤
b      ├──┤                 later       ├───d───┤
  ├─a──┤├b─┤├a─┤                   ├─a─┤├───d───┤├──c──┤
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import groupby, pairwise
from operator import itemgetter

Interval = tuple[float, float, str]


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Joins intervals of the same class that overlap, or of which one begins where another ends.

    Args:
        intervals: in any order.

    Returns:
        Intervals sorted by time; those of a class are apart.
    """
    by_class = sorted(intervals, key=itemgetter(2, 0))
    made: list[Interval] = []
    for label, several in groupby(by_class, key=itemgetter(2)):
        begin, end = -1.0, -1.0
        for start, stop, _ in several:
            if start > end:
                if end > begin:
                    made.append((begin, end, label))
                begin, end = start, stop
            end = max(end, stop)
        made.append((begin, end, label))
    return sorted(made)


def first_of(intervals: Sequence[Interval], priority: Sequence[str]) -> list[Interval]:
    """Cuts intervals so that where classes overlap only the one named first is left.

    Classes that are not named come after all that are; where only such overlap, they are left as
    they are.

    Args:
        intervals: of one sequence, in any order.
        priority: names of classes.
    """
    rank = {name: place for place, name in enumerate(priority)}
    named = [one for one in intervals if one[2] in rank]
    others = [one for one in intervals if one[2] not in rank]
    winners = list(_swept(sorted(named), rank))
    return sorted([*winners, *without(others, [(start, end) for start, end, _ in winners])])


def _swept(intervals: Sequence[Interval], rank: Mapping[str, int]) -> Iterator[Interval]:
    """Yields, in order of time, the stretches in which each class is the first of those there."""
    edges = sorted({edge for start, end, _ in intervals for edge in (start, end)})
    waiting: list[tuple[int, float, str]] = []
    place, begun = 0, (-1.0, -1.0, "")
    for begin, end in pairwise(edges):
        while place < len(intervals) and intervals[place][0] <= begin:
            _, stop, label = intervals[place]
            heappush(waiting, (rank[label], stop, label))
            place += 1
        while waiting and waiting[0][1] <= begin:
            heappop(waiting)
        if not waiting:
            continue
        label = waiting[0][2]
        if begun[1] == begin and begun[2] == label:
            begun = (begun[0], end, label)
            continue
        if begun[2]:
            yield begun
        begun = (begin, end, label)
    if begun[2]:
        yield begun


def without(
    intervals: Iterable[Interval], taken: Iterable[tuple[float, float]]
) -> Iterator[Interval]:
    """Yields what is left of intervals outside of stretches of time.

    Args:
        intervals: of one sequence, in any order.
        taken: (start, end) of each stretch.
    """
    stretches = joined((start, end, "") for start, end in taken)
    begins = [start for start, _, _ in stretches]
    for start, end, label in intervals:
        for begin, stop, _ in stretches[max(0, bisect_right(begins, start) - 1) :]:
            if begin >= end or start >= end:
                break
            if start < begin:
                yield start, begin, label
            start = max(start, stop)
        if start < end:
            yield start, end, label


def corrected(before: Iterable[Interval], later: Sequence[Interval]) -> list[Interval]:
    """Returns intervals of one sequence, replaced where others correct them.

    Args:
        before: what was said first.
        later: what was said later, which holds in all the time that it covers.
    """
    return sorted([*without(before, [(start, end) for start, end, _ in later]), *later])
