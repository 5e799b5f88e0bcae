import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_sample_image

from preprocessing.backbones import BACKBONES, Backbone, load_backbone
from preprocessing.backbones.descriptors import Histogram, Hog, Pixels
from preprocessing.backbones.flow import Flow

NAMES = ["flow", "histogram", "hog", "pixels"]


def noise(count: int, size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Blurred noise, so that there is something to follow."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), np.uint8)
    return np.stack([cv2.resize(frame, size[::-1]) for frame in coarse])


def photograph(size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(load_sample_image("china.jpg"), size[::-1], interpolation=cv2.INTER_AREA)


def moved(image: np.ndarray, right: float, down: float) -> np.ndarray:
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return cv2.warpAffine(image, shift, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.fixture(params=NAMES)
def descriptor(request) -> Backbone:
    return BACKBONES[request.param]()


def test_a_backbone_has_the_name_it_is_asked_by():
    for name in [*NAMES, "efficientnet-lite0"]:
        assert load_backbone(name).name == name
        assert load_backbone(name).digest


def test_descriptors_are_finite_numbers_of_the_promised_shape(descriptor):
    for frames in (noise(4, descriptor.size), np.zeros((4, *descriptor.size, 3), np.uint8)):
        features = descriptor(frames)
        assert features.shape == (4 - descriptor.context, descriptor.dimension)
        assert features.dtype == np.float32
        assert np.isfinite(features).all()


@settings(max_examples=20)
@given(cut=st.integers(1, 6), name=st.sampled_from(NAMES))
def test_the_same_frame_gives_the_same_features_in_any_batch(cut, name):
    descriptor = BACKBONES[name]()
    frames = noise(7 + descriptor.context, descriptor.size)
    together = descriptor(frames)
    pieces = [descriptor(frames[: cut + descriptor.context]), descriptor(frames[cut:])]
    np.testing.assert_array_equal(np.concatenate(pieces), together)
    np.testing.assert_array_equal(BACKBONES[name]()(frames), together)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_change_nothing(descriptor, threads):
    frames = noise(3, descriptor.size)
    frames[1] = photograph(descriptor.size)
    together = descriptor(frames)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(threads)
        np.testing.assert_array_equal(descriptor(frames), together)
    finally:
        cv2.setNumThreads(before)


def test_pixels_are_the_picture():
    frames = noise(2, (32, 32))
    np.testing.assert_array_equal(Pixels()(frames).reshape(frames.shape) * 255, frames)


def test_a_histogram_says_which_colours_are_in_which_quarter():
    frame = np.zeros((96, 96, 3), np.uint8)
    frame[:48, :48] = (255, 0, 0)
    frame[:48, 48:] = (0, 255, 0)
    frame[48:, :24] = 255
    quarters = Histogram()(frame[None]).reshape(4, 8, 4, 4)
    np.testing.assert_allclose(quarters.sum((1, 2, 3)), 1)
    assert quarters[0, 0, 3, 3] == 1  # red: hue 0, full saturation and value
    assert quarters[1, 2, 3, 3] == 1  # green: a third of the circle
    assert quarters[2, 0, 0, 3] == quarters[2, 0, 0, 0] == 0.5  # white and black
    assert quarters[3, 0, 0, 0] == 1


def blocks_of(frame: np.ndarray) -> np.ndarray:
    return Hog()(frame[None]).reshape(7, 7, 4, 9)


@pytest.mark.parametrize(
    ("degrees", "expected"), [(0, {0, 8}), (50, {2}), (90, {4}), (130, {6}), (10, {0})]
)
def test_hog_tells_the_direction_in_which_brightness_changes(degrees, expected):
    rows, columns = np.mgrid[:128, :128] / 20
    angle = np.deg2rad(degrees)
    waves = 127 + 100 * np.sin(columns * np.cos(angle) + rows * np.sin(angle))
    strength = blocks_of(np.repeat(waves.astype("uint8")[..., None], 3, axis=2)).sum((0, 1, 2))
    strongest = np.argsort(strength)[::-1][: len(expected)]
    assert set(strongest.tolist()) == expected


def test_hog_does_not_mind_brightness_and_contrast():
    frame = photograph((128, 128))
    dark = blocks_of((frame * 0.5 + 20).astype("uint8"))
    assert np.abs(blocks_of(frame) - dark).mean() < 0.02
    assert np.abs(blocks_of(frame) - blocks_of(frame[:, ::-1])).mean() > 0.05


def test_blocks_of_hog_have_length_one_or_nothing_in_them():
    lengths = np.linalg.norm(blocks_of(photograph((128, 128))).reshape(49, 36), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-3)
    assert not blocks_of(np.full((128, 128, 3), 200, np.uint8)).any()


def cells_of(*frames: np.ndarray) -> np.ndarray:
    return Flow()(np.stack(frames)).reshape(-1, 4, 4, 7)


@pytest.mark.parametrize(("right", "down"), [(3, -2), (-4, 0), (0, 5), (1.5, 1.5)])
def test_flow_is_the_way_that_a_picture_moved(right, down):
    frame = photograph(Flow.size)
    middle = cells_of(frame, moved(frame, right, down))[0, 1:3, 1:3]
    np.testing.assert_allclose(middle[..., 0], right, atol=0.3)
    np.testing.assert_allclose(middle[..., 1], down, atol=0.3)
    np.testing.assert_allclose(middle[..., 2], np.hypot(right, down), atol=0.3)
    assert middle[..., 3:6].max() < 1
    assert middle[..., 6].min() > 0.95


def test_what_does_not_move_has_no_flow():
    frame = photograph(Flow.size)
    assert not cells_of(frame, frame).any()


def test_flow_says_where_something_moved():
    still = photograph(Flow.size)
    after = still.copy()
    after[:48, :64] = moved(still, 4, 0)[:48, :64]
    shares = cells_of(still, after)[0, :, :, 6]
    assert shares[0, 0] > 0.9
    assert shares[2:, 2:].max() < 0.1


def test_descriptors_need_no_tensorflow():
    code = (
        "import sys; from preprocessing.backbones import load_backbone\n"
        f"load_backbone({'+'.join(NAMES)!r})\n"
        "assert not {'tensorflow', 'keras', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
