"""Figures over several sequences are those of all their bouts together."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.bouts.bout import Bouts, Observed
from trainer.bouts.pooled import Pooled
from trainer.bouts.summary import summary

lengths = st.lists(st.integers(1, 40), max_size=5)


def sequence_of(durations: list[int]) -> Observed:
    """A sequence of bouts of class 0, each a second after the last."""
    starts = np.cumsum([1, *(length + 1 for length in durations)])[: len(durations)]
    ends = starts + np.array(durations, int)
    count = len(durations)
    bouts = Bouts(
        np.zeros(count, int), starts.astype(float), ends.astype(float), np.full(count, np.nan)
    )
    end = float(sum(durations) + count + 1)
    known = Bouts(np.zeros(1, int), np.zeros(1), np.full(1, end), np.zeros(1))
    return Observed(bouts, known, 0.0, end)


@settings(max_examples=60)
@given(st.lists(lengths, min_size=1, max_size=5))
def test_sequences_pool_to_the_figures_of_all_bouts(several: list[list[int]]) -> None:
    pooled = Pooled(1)
    sequences = [sequence_of(durations) for durations in several]
    for one in sequences:
        pooled.add(summary(one, 1, (one.begin, one.end)))
    together = [length for durations in several for length in durations]
    seconds = sum(one.end for one in sequences)
    assert pooled.seconds == seconds
    assert pooled.bouts[0] == len(together)
    assert pooled.share[0] == pytest.approx(sum(together) / seconds)
    assert pooled.rate[0] == pytest.approx(3600 * len(together) / seconds)
    if together:
        assert pooled.mean[0] == pytest.approx(statistics.mean(together))
        assert pooled.latency[0] == 1.0
    else:
        assert np.isnan([pooled.mean[0], pooled.latency[0]]).all()
    if len(together) > 1:
        assert pooled.deviation[0] == pytest.approx(statistics.stdev(together), abs=1e-6)
    else:
        assert np.isnan(pooled.deviation[0])
