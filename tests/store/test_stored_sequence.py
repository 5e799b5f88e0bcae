"""A store from Python: counted, iterated, and its sequences as arrays and tables."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import frames_of, write_frames
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from preprocessing.store import stored_sequence
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text
from preprocessing.store.stored_sequence import StoredSequence

STEPS, DIMENSION = 50, 3
FEATURES = np.random.default_rng(0).normal(size=(STEPS, DIMENSION)).astype("float32")
ends = st.none() | st.integers(-STEPS - 3, STEPS + 3)
slices = st.builds(slice, ends, ends, st.none() | st.integers(-9, 9).filter(bool))
steps = slices | st.integers(-STEPS, STEPS - 1)


@pytest.fixture(scope="module")
def sequence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredSequence]:
    """Read in blocks of a few steps."""
    root = tmp_path_factory.mktemp("store")
    write_sequence(root, "monday/camera1", FEATURES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_sequence, "BYTES_AT_ONCE", 7 * DIMENSION * 4)
        yield FeatureStore(root)["monday/camera1"]


@given(steps=steps, others=st.lists(slices | st.integers(0, DIMENSION - 1), max_size=1))
def test_steps_of_a_sequence_are_those_of_its_array(
    sequence: StoredSequence, steps: Any, others: list[Any]
) -> None:
    found, expected = sequence[(steps, *others)], FEATURES[(steps, *others)]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(sequence[steps], FEATURES[steps])
    rows = found if found.base is None else found.base
    assert rows.nbytes <= max(found.nbytes, DIMENSION * 4)  # Nothing else is kept in memory.


@pytest.mark.parametrize("others", [([0, 2],), (np.array([True, False, True]),), (np.int64(1),)])
def test_features_are_chosen_as_of_an_array(
    sequence: StoredSequence, others: tuple[Any, ...]
) -> None:
    for steps in (slice(None), slice(40, 3, -2), slice(4, 4)):
        place = (steps, *others)
        np.testing.assert_array_equal(sequence[place], FEATURES[place])


@given(steps=steps)
def test_nothing_is_read_but_what_is_asked_for(sequence: StoredSequence, steps: Any) -> None:
    read: list[tuple[int, int]] = []
    store, real = sequence.store, sequence.store.features

    def watched(sequence_id: str, start: int, stop: int) -> Any:
        read.append((start, stop))
        return real(sequence_id, start, stop)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "features", watched)
        again = store["monday/camera1"]
        assert not read
        _ = again[steps]
    wanted = set(np.atleast_1d(np.arange(STEPS)[steps]).tolist())
    assert all(stop - start <= 7 for start, stop in read)
    assert all({start, stop - 1} <= wanted for start, stop in read)
    assert wanted <= {step for start, stop in read for step in range(start, stop)}


def test_a_sequence_is_an_array_to_numpy(sequence: StoredSequence) -> None:
    assert (sequence.shape, sequence.ndim, len(sequence)) == (FEATURES.shape, 2, STEPS)
    assert sequence.dtype == np.asarray(sequence).dtype == np.float32
    np.testing.assert_array_equal(sequence, FEATURES)
    np.testing.assert_array_equal(np.array(sequence, "float64"), FEATURES.astype("float64"))
    np.testing.assert_array_equal(list(sequence), FEATURES)
    np.testing.assert_array_equal(sequence.timestamps, np.arange(STEPS) / FPS)
    assert np.mean(sequence) == FEATURES.mean()
    with pytest.raises(ValueError, match="copy=False"):
        np.array(sequence, copy=False)


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        (STEPS, IndexError, f"There are {STEPS} steps. Received: {STEPS}"),
        ([1, 2], TypeError, "Steps are a number or a slice"),
        ("a", TypeError, "Steps are a number or a slice"),
    ],
)
def test_what_are_no_steps_is_refused(
    sequence: StoredSequence, steps: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        sequence[steps]


def test_half_precision_comes_as_single_with_the_same_values(tmp_path: Path) -> None:
    origin = Origin("a", "", "4.0", "test", "0", settings_text())
    with SequenceWriter(str(sequence_path(str(tmp_path), "a")), DIMENSION, origin) as writer:
        writer.append(np.arange(STEPS) / FPS, FEATURES)
    sequence = FeatureStore(str(tmp_path))["a"]
    assert sequence.info.dtype == "float16"
    np.testing.assert_array_equal(sequence, FEATURES.astype("float16").astype("float32"))


def test_frames_come_as_pixels_and_make_no_table(tmp_path: Path) -> None:
    frames = frames_of(5)
    write_frames(tmp_path, "a", frames)
    sequence = FeatureStore(tmp_path)["a"]
    assert (sequence.shape, sequence.dtype) == (frames.shape, np.uint8)
    assert np.abs(np.asarray(sequence).astype(int) - frames).mean() < 5
    rows = [0, 2]
    for place in (
        (3, slice(4)),
        (3, rows, slice(None), rows),
        (slice(2, 4), rows, slice(None), rows),
    ):
        np.testing.assert_array_equal(sequence[place], np.asarray(sequence)[place])
    with pytest.raises(InputError, match="holds frames, which make no table"):
        sequence.to_pandas()


def test_a_table_has_a_row_a_step_at_its_time(sequence: StoredSequence) -> None:
    pandas = pytest.importorskip("pandas")
    table = sequence.to_pandas()
    assert (table.index.name, list(table.columns)) == ("time", list(range(DIMENSION)))
    np.testing.assert_array_equal(table.index, sequence.timestamps)
    np.testing.assert_array_equal(table.to_numpy(), FEATURES)
    pandas.testing.assert_frame_equal(sequence.to_pandas(10, 20), table.iloc[10:20])
    assert len(sequence.to_pandas(20, 10)) == 0


def test_without_pandas_it_says_how_to_get_it(
    sequence: StoredSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        InputError, match=r'to_pandas needs pandas: pip install "longtake\[pandas\]"'
    ):
        sequence.to_pandas()


def test_a_store_is_counted_and_iterated(make_store: Callable[..., FeatureStore]) -> None:
    store = make_store([3, 4])
    assert (len(store), list(store)) == (2, store.ids())
    assert "s0" in store
    assert "s2" not in store
    assert [len(store[name]) for name in store] == [3, 4]


def test_an_empty_store_is_one(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    assert store
    assert (len(store), list(store)) == (0, [])
    with pytest.raises(InputError, match="has no sequence 'a'; it is empty"):
        store["a"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("monday/camera2", r"did you mean monday/camera1\?"),
        ("monday/camera1.mp4", "the store has monday/camera1: an id has no suffix"),
        ("zzz", "it has monday/camera1"),
    ],
)
def test_a_missing_sequence_names_those_that_are_near(
    sequence: StoredSequence, name: str, message: str
) -> None:
    with pytest.raises(InputError, match=f"has no sequence '{name}'; {message}"):
        sequence.store[name]


def test_all_of_it_says_what_it_is(sequence: StoredSequence) -> None:
    root = sequence.store.root
    assert repr(sequence.store) == f"<FeatureStore({str(root)!r}): 1 sequence>"
    told = "'monday/camera1': 50 steps of 3 features, 0.0 to 12.2 s"
    assert repr(sequence) == f"<StoredSequence {told}>"
    assert repr(sequence.info) == f"<SequenceInfo {told}; test, fps 4.0>"


def test_names_from_strangers_steer_no_terminal(tmp_path: Path) -> None:
    name, backbone = "a\x1b[31m", "\x1b]0;title\x07"
    write_sequence(tmp_path, name, FEATURES, backbone=backbone)
    store = FeatureStore(tmp_path)
    with pytest.raises((InputError, KeyError)) as refused:
        store["b"]
    for text in (repr(store[name]), repr(store.info(name)), repr(store), str(refused.value)):
        assert "\x1b" not in text
        assert "\x07" not in text
