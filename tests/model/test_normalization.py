import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stores import MadeStore, write_sequence

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import BLOCK_STEPS, Moments, total_moments
from trainer.layout import Layout
from trainer.model.normalization import scale_by_sequence
from trainer.task import Classification


def learn_moments(store: FeatureStore, sequence_id: str) -> Moments:
    data = SequenceSet(store, [store.info(sequence_id)], None, Layout(Classification(("x",))))
    return total_moments(data.feature_blocks([0], BLOCK_STEPS))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.floats(-1e3, 1e3))
def test_moments_of_blocks_equal_those_of_the_whole(blocks: list[int], offset: float) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(offset, 2.0, size=(sum(blocks), 4))
    parts = np.split(values, np.cumsum(blocks)[:-1])
    total = Moments.of(parts[0])
    for part in parts[1:]:
        total = total + Moments.of(part)
    np.testing.assert_allclose(total.mean, values.mean(0), rtol=1e-9, atol=1e-9)
    if len(values) > 1:
        np.testing.assert_allclose(total.variance, values.var(0), rtol=1e-9)


def test_only_the_given_sequences_are_read(make_store: MadeStore) -> None:
    store = make_store([5, 2000])
    values = store.features("s1", 0, 2000)
    np.testing.assert_allclose(learn_moments(store, "s1").mean, values.mean(0), rtol=1e-4)


def test_a_feature_that_never_changes_is_not_blown_up(tmp_path) -> None:
    write_sequence(tmp_path, "s", np.full((9, 2), 3.0))
    store = FeatureStore(tmp_path)
    assert learn_moments(store, "s").variance.tolist() == [1, 1]


def test_a_nan_in_a_store_names_the_sequence_and_the_step(make_store: MadeStore) -> None:
    import h5py

    store = make_store([9])
    with h5py.File(store.path("s0"), "r+") as file:
        file["features"][7, 1] = np.nan
    with pytest.raises(InputError, match=r"s0\.h5: feature 1 of step 7 is nan"):
        learn_moments(store, "s0")


@pytest.mark.parametrize(("lanes", "steps"), [(4, 4), (1, 4), (4, 1), (3, 5)])
@pytest.mark.parametrize("size", [1, 3])
def test_running_sums_go_on_lane_by_lane(lanes: int, steps: int, size: int) -> None:
    """Also where there are as many lanes as steps, which Keras' addition takes for a bias."""
    import keras

    generator = np.random.default_rng(0)
    z = generator.normal(size=(lanes, steps, size)).astype("float32")
    before = [generator.normal(size=(lanes, width)).astype("float32") for width in (1, size, size)]
    features = keras.Input((None, size))
    _, carry_in, carry_out = scale_by_sequence(features, shrinkage=2)
    after = keras.Model([features, *carry_in], carry_out)([z, *before])
    added = (np.full((lanes, 1), steps), z.sum(1), (z**2).sum(1))
    for state, old, new in zip(after, before, added, strict=True):
        np.testing.assert_allclose(np.asarray(state), old + new, rtol=1e-5, atol=1e-6)
