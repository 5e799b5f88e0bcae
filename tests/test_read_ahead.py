import itertools
import threading
import time
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.read_ahead import read_ahead


class Source:
    """Items, and the thread that takes them."""

    def __init__(self, items: Iterable[object], error: Exception | None = None):
        self.items, self.error = items, error
        self.taken = 0
        self.thread = threading.current_thread()

    def __iter__(self) -> Iterator[object]:
        self.thread = threading.current_thread()
        for item in self.items:
            self.taken += 1
            yield item
        if self.error:
            raise self.error

    def is_left_alone(self) -> bool:
        return self.thread is not threading.current_thread() and not self.thread.is_alive()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.none(), st.integers())), st.integers(1, 5))
def test_items_come_in_order(items, depth):
    source = Source(items)
    assert list(read_ahead(source, depth)) == items
    assert source.is_left_alone()


def test_an_exception_arrives_after_the_items_before_it():
    source = Source([1, 2], InputError("the third is bad"))
    reader = read_ahead(source, 1)
    assert [next(reader), next(reader)] == [1, 2]
    with pytest.raises(InputError, match="the third is bad"):
        next(reader)
    assert source.is_left_alone()


def test_the_thread_ends_when_the_caller_stops_early():
    source = Source(itertools.count())
    reader = read_ahead(source, 2)
    assert [next(reader), next(reader)] == [0, 1]
    assert source.thread.is_alive()
    reader.close()
    assert source.is_left_alone()


def test_the_thread_ends_when_the_caller_fails():
    source = Source(itertools.count())

    def consume() -> None:
        for item in read_ahead(source, 2):
            if item == 3:
                raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more") as caught:
        consume()
    del caught
    assert source.is_left_alone()


def test_the_thread_ends_when_the_caller_stops_before_an_exception():
    source = Source([1], InputError("never seen"))
    reader = read_ahead(source, 1)
    assert next(reader) == 1
    reader.close()
    assert source.is_left_alone()


def test_items_are_prepared_ahead_but_no_more_than_the_depth():
    source = Source(range(100))
    reader = read_ahead(source, 3)
    assert next(reader) == 0
    deadline = time.monotonic() + 5
    while source.taken < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert source.taken == 5
    reader.close()
