"""Several backbones at once: each part as it alone makes it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.backbones import Joined, load_backbone, names_file
from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.quiet import import_tensorflow

STEPS = 11
NAMES = ("flow", "histogram", "hog", "pixels")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that drifts, and then another one."""
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    pictures = np.random.default_rng(0).integers(0, 256, (2, 12, 20, 3), np.uint8)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 8, (128, 96))
    for number in range(STEPS):
        large = cv2.resize(pictures[number // 6], (200, 120))
        writer.write(np.ascontiguousarray(large[10:106, 4 * number : 4 * number + 128]))
    writer.release()
    return path


@pytest.fixture(scope="module")
def features(video: Path):
    made: dict[tuple[str, int], np.ndarray] = {}

    def features(backbone: str, batch_size: int) -> np.ndarray:
        """What ends up in a store."""
        if (backbone, batch_size) not in made:
            root = video.parent / f"{backbone.replace('/', ' ')}-{batch_size}"
            options = {"fps": "native", "dtype": "float32", "batch_size": batch_size}
            extract(ExtractConfig((video,), root, backbone=backbone, **options))
            made[backbone, batch_size] = FeatureStore(root).features("v", 0, STEPS)
        return made[backbone, batch_size]

    return features


@settings(max_examples=25)
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
    batch_size=st.integers(1, STEPS + 2),
)
def test_joined_features_are_those_of_each_alone_whatever_the_batch(features, names, batch_size):
    alone = [features(name, 4) for name in names]
    joined = features("+".join(names), batch_size)
    assert len(joined) == STEPS
    np.testing.assert_array_equal(joined, np.concatenate(alone, axis=1))


def test_a_network_and_motion_join(features, tmp_path):
    import_tensorflow()
    from keras import Input, Sequential, layers

    network = str(tmp_path / "encoder.keras")
    parts = layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(5)
    Sequential([Input((32, 40, 3)), *parts]).save(network)
    alone = [features(name, 4) for name in (network, "flow")]
    joined = features(f"{network}+flow", 4)
    np.testing.assert_array_equal(joined, np.concatenate(alone, axis=1))


@pytest.mark.parametrize("batch_size", [1, 2, 5, 10])
def test_motion_goes_on_across_the_edge_of_a_batch(features, batch_size):
    whole = features("flow", STEPS)
    np.testing.assert_array_equal(features("flow", batch_size), whole)
    assert not whole[0].any()
    moving = whole.reshape(STEPS, 16, 7)[1:6, :, 6]
    assert moving.min() > 0.5


def test_a_joined_backbone_is_described_by_its_parts():
    joined = load_backbone("flow+pixels")
    parts = [load_backbone(name).parts[0] for name in ("flow", "pixels")]
    assert (joined.name, joined.digest) == ("flow+pixels", "1+1")
    assert joined.dimension == sum(part.dimension for part in parts)
    assert joined.sizes == tuple(part.size for part in parts)
    assert joined.context == 1
    assert joined.settings["parts"] == [Joined([part]).settings for part in parts]


@pytest.mark.parametrize("name", ["flow+", "+", "", "flow++pixels", "flow+nothing"])
def test_a_part_that_is_none_is_refused(name):
    with pytest.raises(InputError, match="unknown backbone"):
        load_backbone(name)


def test_a_scale_of_pixels_is_only_for_files():
    with pytest.raises(InputError, match="efficientnet-lite0 scales its pixels itself"):
        load_backbone("efficientnet-lite0", "imagenet")


@pytest.mark.parametrize(
    ("name", "is_file"),
    [
        ("efficientnet-lite0+flow", False),
        ("ResNet50", False),
        ("encoder.keras", True),
        ("flow+/a/encoder.onnx", True),
        ("my.py:Mean+flow", True),
        ("my.py", True),
    ],
)
def test_a_file_is_told_from_a_name(name, is_file):
    assert names_file(name) == is_file
