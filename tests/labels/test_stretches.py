import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.labels.stretches import stretches, stretches_of_blocks

LABELS = st.lists(st.integers(-1, 2))


@given(LABELS)
def test_stretches_unroll_to_the_labels_they_were_cut_from(labels: list[int]) -> None:
    found = stretches(np.array(labels, int))
    assert np.repeat(found.labels, found.lengths).tolist() == labels
    assert (found.labels[1:] != found.labels[:-1]).all()
    assert found.starts.tolist() == [0, *np.cumsum(found.lengths)][: len(found.labels)]


@given(st.lists(LABELS))
def test_a_stretch_goes_on_over_blocks(blocks: list[list[int]]) -> None:
    arrays = [np.array(block, int) for block in blocks]
    parts = [*stretches_of_blocks(arrays)]
    whole = stretches(np.concatenate([np.zeros(0, int), *arrays]))
    for name, wanted in whole._asdict().items():
        found = np.concatenate([np.zeros(0, int), *(getattr(part, name) for part in parts)])
        assert found.tolist() == wanted.tolist()
