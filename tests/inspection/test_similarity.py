import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from preprocessing.errors import InputError
from preprocessing.inspection.similarity import duration, similarity, stretch_means
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, settings_text

quick = settings(deadline=None, max_examples=100)
values = st.floats(-1e4, 1e4, allow_nan=False, width=32)
features = arrays.arrays(
    "float64", arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=values
)


def store_of(folder: Path, times: np.ndarray, rows: np.ndarray, fps: str = "4.0") -> FeatureStore:
    origin = Origin("s", "", fps, "test", "", settings_text())
    with SequenceWriter(folder / "s.h5", rows.shape[1], origin, "float32") as writer:
        writer.append(times, rows)
    return FeatureStore(folder)


def means(times: np.ndarray, rows: np.ndarray, stretches: int, **options: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        store = store_of(Path(folder), times, rows)
        found = stretch_means(store, store.info("s"), stretches, **options)
        store.close()
    return found


@quick
@given(features)
def test_similarity_is_symmetric_with_a_diagonal_of_1_and_within_its_bounds(rows):
    alike = similarity(rows)
    np.testing.assert_allclose(alike, alike.T, atol=1e-12)
    assert (np.diag(alike) == 1).all()
    assert np.abs(alike).max() <= 1


@quick
@given(features, st.floats(-100, 100), st.floats(0.5, 100))
def test_similarity_does_not_depend_on_what_all_moments_share(rows, shift, scale):
    rows = np.round(rows)
    np.testing.assert_allclose(similarity(rows), similarity(rows * scale + shift), atol=1e-5)


def test_moments_of_one_scene_are_more_alike_than_those_of_two():
    generator = np.random.default_rng(0)
    scenes = np.repeat(np.arange(3), 10)
    rows = 50 + generator.normal(size=(3, 64))[scenes] + 0.3 * generator.normal(size=(30, 64))
    alike = similarity(rows)
    together = scenes[:, None] == scenes
    assert alike[together].min() > 0.5
    assert alike[~together].max() < 0


@pytest.mark.parametrize("rows", [np.full((5, 3), 0.1), np.zeros((4, 2)), np.ones((1, 7))])
def test_moments_that_do_not_differ_are_alike(rows):
    assert (similarity(rows) == 1).all()


@quick
@given(
    steps=st.integers(1, 40),
    stretches=st.integers(1, 50),
    block=st.integers(1, 50),
    seed=st.integers(0, 9),
)
def test_means_do_not_depend_on_how_many_steps_are_read_at_once(steps, stretches, block, seed):
    generator = np.random.default_rng(seed)
    times = np.cumsum(generator.uniform(0.01, 2, steps))
    rows = generator.normal(size=(steps, 3))
    whole = means(times, rows, stretches)
    assert whole.shape == (min(steps, stretches), 3)
    np.testing.assert_allclose(means(times, rows, stretches, block_steps=block), whole, atol=1e-9)


@quick
@given(parts=st.integers(1, 8), each=st.integers(1, 6))
def test_means_of_regular_steps_are_those_of_equal_groups(parts, each):
    rows = np.random.default_rng(parts).normal(size=(parts * each, 2)).astype("float32")
    found = means(np.arange(parts * each) / 4, rows, parts)
    np.testing.assert_allclose(found, rows.reshape(parts, each, 2).mean(1), atol=1e-6)


def test_a_step_counts_for_as_long_as_it_is_shown():
    times, rows = np.array([0.0, 3.0, 3.5]), np.array([[1.0], [5.0], [9.0]])
    # It ends at 3.5 + 1.75; two stretches of 2.625 s.
    assert means(times, rows, 2)[:, 0] == pytest.approx(
        [1.0, (0.375 * 1 + 0.5 * 5 + 1.75 * 9) / 2.625]
    )


def test_a_single_frame_of_a_native_rate_has_a_length_to_draw(tmp_path):
    store = store_of(tmp_path, np.array([2.0]), np.array([[7.0, 8.0]]), "native")
    assert duration(store.info("s")) == 1
    assert stretch_means(store, store.info("s")).tolist() == [[7, 8]]


def test_features_that_are_not_finite_are_refused(tmp_path):
    store = store_of(tmp_path, np.arange(5.0), np.zeros((5, 2)))
    with h5py.File(tmp_path / "s.h5", "a") as file:
        file["features"][3, 1] = np.inf
    with pytest.raises(InputError, match="feature 1 of step 3 is inf"):
        stretch_means(store, store.info("s"))
