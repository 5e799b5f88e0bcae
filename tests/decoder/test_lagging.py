import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.decoder import lagging
from trainer.decoder.blocks import Block
from trainer.decoder.lagging import Lagging, Trailing


@given(
    st.integers(0, 1 << 20), st.integers(1, 40), st.integers(1, 5), st.integers(0, 20), st.data()
)
def test_what_a_block_decides_at_once_is_what_its_steps_decide(
    seed: int, steps: int, states: int, lag: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(seed)
    stays = generator.random((steps, states)) < 0.7
    back = np.where(stays, np.arange(states), generator.integers(0, states, (steps, states)))
    best = generator.integers(0, states, steps)
    cuts = data.draw(st.lists(st.integers(0, steps), max_size=4).map(sorted))
    at_once, one_by_one = Lagging(lag), Trailing(lag)
    for start, stop in zip([0, *cuts], [*cuts, steps], strict=True):
        for decides in (at_once, one_by_one):
            own = slice(start, stop)
            decides.add(Block(np.zeros(0), back[own].astype(np.int32), best[own].astype(np.int32)))
    found, expected = at_once.finish(), one_by_one.finish()
    assert len(found) == steps
    assert found.dtype == expected.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


def test_long_lags_are_decided_step_by_step() -> None:
    assert isinstance(lagging.lagging(lagging.MANY - 1), Lagging)
    assert isinstance(lagging.lagging(lagging.MANY), Trailing)
