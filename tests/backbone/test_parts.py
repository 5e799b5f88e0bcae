import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.backbones.efficientnet_lite import build
from preprocessing.backbones.keras_applications import applications, preprocessing
from preprocessing.backbones.pixel_layer import from_pixels
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.parts import cut

tf = import_tensorflow()
import keras  # noqa: E402

SIZE = (32, 32)
FRAMES = np.random.default_rng(0).integers(0, 255, (2, *SIZE, 3)).astype("float32")
layers = keras.layers


def network(name: str) -> tuple[keras.Model, keras.Model]:
    """A network of keras.applications as it is, and with its preprocessing in it."""
    builder = applications()[name]
    made = builder(include_top=False, pooling="avg", input_shape=(*SIZE, 3), weights=None)
    return made, from_pixels(made, SIZE, preprocessing(builder))


def blocks(count: int = 3) -> keras.Model:
    """Blocks whose input passes beside them, each with a gate that sees the whole picture."""
    keras.utils.set_random_seed(0)
    images = keras.Input((*SIZE, 3))
    x = layers.Conv2D(4, 3, 2, use_bias=False, name="stem")(layers.Rescaling(1 / 128)(images))
    for number in range(count):
        y = layers.BatchNormalization(name=f"norm{number}")(x)
        y = layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv{number}")(y)
        gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
        gate = layers.Conv2D(4, 1, activation="sigmoid", name=f"gate{number}")(gate)
        x = layers.Add()([x, layers.Multiply()([y, gate])])
    return keras.Model(images, layers.GlobalAveragePooling2D()(x), name="blocks")


@pytest.fixture(scope="module")
def made() -> keras.Model:
    return blocks()


@pytest.fixture
def whole(made) -> keras.Model:
    """A network of which all is trained."""
    for layer in made.layers:
        layer.trainable = True
    return made


def test_a_layer_whose_name_is_misspelt_is_answered_with_the_one_that_is_meant(whole) -> None:
    with pytest.raises(InputError, match=r"begins so \(did you mean conv2\?\); it has stem, norm0"):
        cut(whole, "cnv2", freeze_norms=True)


def require_both_parts(model: keras.Model, share: float) -> None:
    """Both parts, one after the other, give the features of the whole network."""
    expected = model(FRAMES, training=False).numpy()
    for layer in model.layers:
        layer.trainable = True
    parts = cut(model, str(share), freeze_norms=True)
    entering = FRAMES if parts.frozen is None else parts.frozen(FRAMES, training=False)
    (found,) = tf.nest.flatten(parts.trained(entering, training=False))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)


@settings(deadline=None, max_examples=6)
@given(share=st.floats(0, 0.99))
def test_both_parts_are_the_network_wherever_it_is_cut(made, share):
    """Also through branches, of which one passes beside the cut."""
    require_both_parts(made, share)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0, 0.1, 0.33, 0.5, 0.67, 0.9])
def test_both_parts_are_a_network_of_many_branches(share):
    require_both_parts(network("MobileNetV3Small")[1], share)


def test_a_share_of_the_layers_stays_as_it_is(whole):
    counts = [len(cut(whole, share, freeze_norms=True).variables) for share in ("0.9", "0.5", "0")]
    # Layers that are frozen stay frozen.
    assert counts[0] == counts[1] == counts[2]
    for layer in whole.layers:
        layer.trainable = True
    assert len(cut(whole, "0.5", freeze_norms=True).variables) > counts[0]


def test_norms_are_frozen_or_refused(whole):
    with pytest.raises(InputError, match="would be trained by the statistics of a few frames"):
        cut(whole, "0.5", freeze_norms=False)
    parts = cut(whole, "0.5", freeze_norms=True)
    norms = [one for one in whole.layers if isinstance(one, layers.BatchNormalization)]
    assert norms
    assert not any(one.trainable for one in norms[1:])
    assert parts.variables


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "EfficientNetB0", "ConvNeXtTiny"])
def test_pixels_are_prepared_as_the_module_of_a_network_does(name):
    """Here by a small network that stands for the named one."""
    prepare, given = preprocessing(applications()[name]), blocks(1)
    expected = given(prepare(FRAMES.copy()), training=False).numpy()
    found = from_pixels(given, SIZE, prepare)(FRAMES, training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "EfficientNetB0"])
def test_a_network_takes_pixels_as_its_preprocessing_would_give_them(name):
    given, made = network(name)
    builder = applications()[name]
    expected = given(preprocessing(builder)(FRAMES.copy()), training=False).numpy()
    np.testing.assert_allclose(made(FRAMES, training=False), expected, rtol=1e-4, atol=1e-6)


def test_blocks_of_the_default_backbone_are_called_by_their_number():
    parts = cut(build(size=(64, 64)), "block15", freeze_norms=False)
    assert parts.begins == "block15_expand"
    assert parts.entering == ((2, 2, 192),)
    assert sum(int(np.prod(one.shape)) for one in parts.variables) == 1_013_696


def test_a_preprocessing_that_looks_at_its_neighbours_is_refused():
    images = keras.Input((*SIZE, 3))
    model = keras.Model(images, keras.layers.GlobalAveragePooling2D()(images))
    with pytest.raises(InputError, match="cannot be made a layer"):
        from_pixels(model, SIZE, lambda pixels: np.sqrt(pixels))
