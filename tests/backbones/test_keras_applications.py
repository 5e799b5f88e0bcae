import os
from pathlib import Path

import numpy as np
import pytest

from preprocessing.backbones import digests, keras_applications, load_backbone
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402

WEIGHTS = Path(os.environ["KERAS_HOME"], "models")
MOBILENET = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends every download to a port at which nobody listens."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A MobileNetV2 whose weights lie where Keras would have put its download."""
    keras.utils.set_random_seed(3)
    made = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3)
    )
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    made.save(WEIGHTS / MOBILENET)
    return made


def test_an_application_is_loaded_by_its_name_in_any_case(network, unreachable):
    backbone = load_backbone("mobilenetv2")
    assert backbone.name == "MobileNetV2"
    assert backbone.sizes == ((224, 224),)
    assert backbone.dimension == 1280
    assert backbone.digest == digests.of_arrays(network.get_weights())
    assert backbone.settings["size"] == [224, 224]
    frames = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    pixels = keras.applications.mobilenet_v2.preprocess_input(frames.astype("float32"))
    expected = network(pixels, training=False).numpy()
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(backbone([frames]), expected, atol=1e-5)


def test_a_download_that_fails_says_what_to_do(unreachable, capfd):
    with pytest.raises(InputError, match=r"weights of MobileNet .*: URL .*\.keras file"):
        load_backbone("MobileNet")
    assert capfd.readouterr().out == ""


def test_weights_that_are_damaged_say_what_to_do(unreachable):
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    (WEIGHTS / "mobilenet_1_0_224_tf_no_top.h5").write_bytes(b"half of it")
    try:
        with pytest.raises(InputError, match=r"weights of MobileNet .*: .*open file"):
            load_backbone("MobileNet")
    finally:
        (WEIGHTS / "mobilenet_1_0_224_tf_no_top.h5").unlink()


def test_all_that_keras_has_are_there_with_their_own_preprocessing():
    names = keras_applications.applications()
    assert {"ResNet50", "MobileNetV3Small", "ConvNeXtTiny", "VGG16", "NASNetMobile"} <= set(names)
    for name, builder in names.items():
        assert keras_applications.spelled(name.upper()) == name
        assert callable(keras_applications.preprocessing(builder))


@pytest.mark.slow
def test_a_default_size_is_the_networks_own():
    builders = keras_applications.applications()
    assert keras_applications.default_size(builders["MobileNetV3Small"]) == (224, 224)
    assert keras_applications.default_size(builders["EfficientNetB1"]) == (240, 240)


@pytest.mark.parametrize(
    ("name", "close"), [("resnt50", "ResNet50"), ("ConvNextTiny2", "ConvNeXtTiny"), ("?", "ResNet")]
)
def test_a_wrong_name_is_told_what_there_is_and_what_is_close(name, close):
    with pytest.raises(InputError) as caught:
        load_backbone(name)
    message = str(caught.value)
    assert f"unknown backbone {name!r}" in message
    assert "flow, histogram, hog, pixels" in message
    assert close in message
    assert len(message) < 400
