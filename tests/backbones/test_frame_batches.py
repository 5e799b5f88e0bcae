"""Frames in batches, with those before them that a backbone of motion needs."""

from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.backbones.frame_batches import frame_batches
from preprocessing.videos.reader import Sample


def numbered(count: int) -> list[Sample]:
    """Samples of two sizes whose pixels are their number, from 1."""
    return [
        Sample(number / 4, tuple(np.full((1, side, 3), number, np.uint8) for side in (2, 3)))
        for number in range(1, count + 1)
    ]


def seen(samples: list[Sample], size: int, context: int, before: deque[Sample]) -> list[list[int]]:
    """For each sample, the numbers of the frames that a backbone sees of it."""
    found = []
    for batch, images in frame_batches(samples, size, context, before):
        assert all(len(frames) == context + size for frames in images)
        numbers = images[0][:, 0, 0, 0].tolist()
        assert numbers == images[1][:, 0, 0, 0].tolist()
        found += [numbers[place : place + context + 1] for place in range(len(batch))]
        assert set(numbers[context + len(batch) :]) <= {0}
    return found


@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 3), st.data())
def test_each_frame_comes_with_those_before_it_wherever_it_begins(
    count: int, size: int, context: int, data: st.DataObject
) -> None:
    samples = numbered(count)
    whole = [[max(1, n - back) for back in range(context, -1, -1)] for n in range(1, count + 1)]
    assert seen(samples, size, context, deque()) == whole
    first = data.draw(st.integers(1, count))
    before = deque(samples[:first], maxlen=context)
    assert seen(samples[first:], size, context, before) == whole[first:]
