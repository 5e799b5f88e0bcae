from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from preprocessing.backbones import digests, load_backbone
from preprocessing.backbones.pixel_scale import SCALES
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

Save = Callable[..., str]
FRAMES = np.random.default_rng(0).integers(0, 256, (3, 6, 8, 3), np.uint8)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves a model of some layers; returns its path."""

    def save(*parts: keras.Layer, shape: tuple = (6, 8, 3), dtype: str = "float32") -> str:
        keras.Sequential([keras.Input(shape, dtype=dtype), *parts]).save(tmp_path / "encoder.keras")
        return str(tmp_path / "encoder.keras")

    return save


def test_the_output_of_a_file_is_the_features(save):
    path = save(layers.Flatten(), layers.Dense(5))
    backbone = load_backbone(path)
    assert (backbone.name, backbone.sizes, backbone.dimension) == ("encoder.keras", ((6, 8),), 5)
    assert backbone.digest == digests.of_file(Path(path))
    assert backbone.settings["pixels"] == "0-255"
    expected = keras.saving.load_model(path)(FRAMES.astype("float32")).numpy()
    np.testing.assert_allclose(backbone([FRAMES]), expected, rtol=1e-5)


def test_a_map_of_features_is_averaged_over_its_places(save):
    backbone = load_backbone(save(layers.AveragePooling2D(2)))
    assert backbone.dimension == 3
    np.testing.assert_allclose(backbone([FRAMES]), FRAMES.mean((1, 2)), rtol=1e-5)


MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
WANTED = {
    "0-255": FRAMES,
    "0-1": FRAMES / 255,
    "-1-1": FRAMES / 127.5 - 1,
    "imagenet": (FRAMES / 255 - MEAN) / DEVIATION,
}


@pytest.mark.parametrize("pixels", SCALES)
def test_pixels_come_on_the_scale_that_was_asked_for(save, pixels):
    backbone = load_backbone(save(layers.Flatten()), pixels)
    np.testing.assert_allclose(backbone([FRAMES]), WANTED[pixels].reshape(3, -1), atol=1e-5)
    assert backbone.settings["pixels"] == pixels


def test_a_model_of_bytes_gets_bytes(save):
    path = save(layers.Rescaling(1.0), layers.Flatten(), dtype="uint8")
    np.testing.assert_array_equal(load_backbone(path)([FRAMES]), FRAMES.reshape(3, -1))
    with pytest.raises(InputError, match="takes uint8, which --pixels 0-1 does not give"):
        load_backbone(path, "0-1")


def test_a_size_that_is_open_becomes_224(save):
    backbone = load_backbone(save(layers.Conv2D(2, 3), shape=(None, 16, 3)))
    assert backbone.sizes == ((224, 16),)
    assert backbone.settings["size"] == [224, 16]


def test_a_model_that_cannot_take_224_is_refused(save):
    parts = layers.MaxPooling2D(300), layers.GlobalAveragePooling2D()
    with pytest.raises(InputError, match="cannot take frames of 224 x 224; save it with"):
        load_backbone(save(*parts, shape=(None, None, 3)))


@pytest.mark.parametrize(
    ("shape", "parts", "message"),
    [
        ((6, 8, 1), [layers.Flatten()], r"from \[None, 6, 8, 1\] to \[None, 48\], expected"),
        ((8, 3), [layers.Flatten()], r"from \[None, 8, 3\] to \[None, 24\], expected"),
        ((6, 8, 3), [layers.Reshape((6, 24))], r"to \[None, 6, 24\], expected"),
    ],
)
def test_a_model_of_something_else_is_refused_with_its_shapes(save, shape, parts, message):
    with pytest.raises(InputError, match=message):
        load_backbone(save(*parts, shape=shape))


def test_several_outputs_are_refused(tmp_path):
    images = keras.Input((6, 8, 3))
    keras.Model(images, [layers.Flatten()(images)] * 2).save(tmp_path / "two.keras")
    with pytest.raises(InputError, match=r"to \[None, 144\] and \[None, 144\], expected"):
        load_backbone(str(tmp_path / "two.keras"))


def test_a_layer_that_would_execute_code_is_refused_and_not_run(save, tmp_path):
    proof = tmp_path / "proof"

    def write(images, where=str(proof)):
        open(where, "a").close()
        return images

    path = save(layers.Lambda(lambda images: write(images)), layers.Flatten())
    assert proof.exists()
    proof.unlink()
    with pytest.raises(InputError, match=r"cannot be opened as a Keras model: .*Lambda"):
        load_backbone(path)
    assert not proof.exists()


class Own(layers.Layer):
    def call(self, images):
        return images


def test_a_layer_that_keras_does_not_have_is_named(save):
    with pytest.raises(InputError, match="Could not locate class 'Own'") as caught:
        load_backbone(save(Own(), layers.Flatten()))
    assert len(str(caught.value)) < 300


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "no.keras").write_bytes(b"PK no model")
    with pytest.raises(InputError, match=r"no\.keras cannot be opened as a Keras model"):
        load_backbone(str(tmp_path / "no.keras"))
    with pytest.raises(InputError, match=r"there is no file .*none\.keras"):
        load_backbone(str(tmp_path / "none.keras"))
