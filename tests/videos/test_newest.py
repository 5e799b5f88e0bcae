"""What arrives for somebody slower: the newest stays."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.videos.newest import Newest


def gated(total: int, ready: threading.Event) -> Iterator[int]:
    """Numbers that all come before the reader takes the second one."""
    yield from range(total)
    ready.set()


@given(st.integers(0, 40), st.integers(1, 10))
@settings(max_examples=20)
def test_only_the_newest_wait_and_every_other_is_counted_as_dropped(total: int, depth: int) -> None:
    ready = threading.Event()
    source = Newest(gated(total, ready), depth)
    assert ready.wait(5)
    taken = list(source)
    numbers = [number for number, _ in taken]
    assert numbers == list(range(max(0, total - depth), total))
    expected = -1
    for number, dropped in taken:
        assert number == expected + dropped + 1
        expected = number


def test_a_reader_that_keeps_up_gets_everything() -> None:
    took = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(50):
            yield number
            assert took.acquire(timeout=5)

    for expected, (number, dropped) in enumerate(Newest(items(), 1)):
        assert (number, dropped) == (expected, 0)
        took.release()


def test_what_the_source_raises_comes_after_what_it_gave() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    source = iter(Newest(broken(), 3))
    assert next(source) == (1, 0)
    with pytest.raises(ValueError, match="no more"):
        next(source)


def test_it_ends_when_it_is_asked_to_and_so_does_its_thread() -> None:
    stop = threading.Event()

    def endless() -> Iterator[int]:
        while True:
            yield 0

    source = Newest(endless(), 2, stop.is_set)
    for number, _ in enumerate(source):
        if number == 5:
            stop.set()
    source._thread.join(5)
    assert not source._thread.is_alive()
