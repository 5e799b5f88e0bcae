from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import SIZE, frames_of, write_frames

from preprocessing.errors import InputError
from preprocessing.files.jpeg import decoded, encoded
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore

STEPS = 9


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("frames")
    write_frames(root, "s", frames_of(STEPS))
    return root


def test_a_sequence_of_frames_says_so(root):
    info = FeatureStore(root).info("s")
    assert (info.steps, info.frame_size, info.dtype) == (STEPS, SIZE, "uint8")
    assert info.dimension == SIZE[0] * SIZE[1] * 3
    assert info.content == "16 x 24 pixels"


@settings(deadline=None, max_examples=100)
@given(start=st.integers(0, STEPS), length=st.integers(0, STEPS))
def test_any_stretch_is_the_frames_that_were_written(root, start, length):
    store = FeatureStore(root)
    stop = min(STEPS, start + length)
    expected = [encoded(frame, 90) for frame in frames_of(STEPS)[start:stop]]
    assert list(store.jpegs("s", start, stop)) == expected
    assert store.content("s", start, stop) == b"".join(expected)
    store.close()


def test_frames_are_written_in_any_number_of_batches(root, tmp_path):
    write_frames(tmp_path, "s", frames_of(STEPS), batch=2)
    one, other = FeatureStore(root), FeatureStore(tmp_path)
    assert list(one.jpegs("s", 0, STEPS)) == list(other.jpegs("s", 0, STEPS))


def test_frames_are_decoded_as_they_were_encoded(root):
    store = FeatureStore(root)
    pixels = decoded_frames(store, store.info("s"), 2, 5)
    expected = [decoded(encoded(frame, 90), SIZE) for frame in frames_of(STEPS)[2:5]]
    np.testing.assert_array_equal(pixels, expected)
    assert decoded_frames(store, store.info("s"), 2, 5, small=True).shape == (3, 2, 3, 3)


def test_frames_are_no_features(root):
    with pytest.raises(InputError, match=r"s\.h5 holds frames, not features: train .*--finetune"):
        FeatureStore(root).features("s", 0, 1)


def cut(file):
    file["jpeg"].resize(len(file["jpeg"]) - 1, axis=0)


def sort(file):
    ends = file["jpeg_ends"][:]
    file["jpeg_ends"][:] = ends[::-1]


def gap(file):
    file["jpeg_ends"].resize(STEPS - 1, axis=0)


def huge(file):
    file["jpeg"].attrs["size"] = (1 << 20, 1 << 20)


def small(file):
    # Every frame takes more than it could have at this size.
    file["jpeg"].attrs["size"] = (1, 1)
    file["jpeg_ends"][:] = np.arange(STEPS)


def unsized(file):
    del file["jpeg"].attrs["size"]


def linked(file):
    del file["jpeg_ends"]
    file["jpeg_ends"] = h5py.SoftLink("/timestamps")


def numbers(file):
    del file["jpeg_ends"]
    file["jpeg_ends"] = np.arange(1.0, STEPS + 1)


@pytest.mark.parametrize("harm", [cut, sort, gap, huge, small, unsized, linked, numbers])
def test_a_damaged_file_is_named_as_such(tmp_path, harm):
    path = write_frames(tmp_path, "s", frames_of(STEPS))
    with h5py.File(path, "r+") as file:
        harm(file)
    with pytest.raises(InputError, match=r"s\.h5 is not a whole feature file.*delete it"):
        FeatureStore(tmp_path).info("s")


def test_a_damaged_frame_is_named_with_its_place(tmp_path):
    path = write_frames(tmp_path, "s", frames_of(STEPS))
    with h5py.File(path, "r+") as file:
        begin, end = file["jpeg_ends"][3:5]
        file["jpeg"][begin:end] = 0
    store = FeatureStore(tmp_path)
    assert len(decoded_frames(store, store.info("s"), 0, 4)) == 4
    with pytest.raises(InputError, match=r"s\.h5: one of the frames of steps 4 to 5 is damaged"):
        decoded_frames(store, store.info("s"), 4, 6)


def test_a_frame_of_another_size_is_not_decoded(tmp_path):
    path = write_frames(tmp_path, "s", frames_of(STEPS))
    with h5py.File(path, "r+") as file:
        file["jpeg"].attrs["size"] = (24, 16)
    store = FeatureStore(tmp_path)
    with pytest.raises(InputError, match=r"damaged \(a JPEG of \(16, 24, 3\), expected a basel"):
        decoded_frames(store, store.info("s"), 0, 1)
