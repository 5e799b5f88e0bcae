"""Backbones of keras-hub: presets saved here, of random weights, since no weights come with it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from preprocessing.backbones import (
    AskedClip,
    load_backbone,
    names_file,
    takes_clips,
    takes_pixels,
    with_absolute_paths,
)
from preprocessing.errors import InputError


@pytest.fixture(scope="module")
def hub():
    from preprocessing.terminal.quiet import import_tensorflow

    import_tensorflow()
    return pytest.importorskip("keras_hub")


@pytest.fixture(scope="module")
def presets(hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Presets of a network of maps, of one of tokens, and of one of clips."""
    folder = tmp_path_factory.mktemp("presets")
    resnet = hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64],
        stackwise_num_blocks=[1],
        stackwise_num_strides=[1],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    vit = hub.models.ViTBackbone((16, 16, 3), 8, 1, 2, 8, 16)
    video = hub.models.VideoPrismBackbone(
        num_frames=4,
        patch_size=8,
        hidden_dim=8,
        intermediate_dim=16,
        num_heads=2,
        num_spatial_layers=1,
        num_temporal_layers=1,
        num_auxiliary_layers=0,
        image_shape=(16, 16, 3),
    )
    scaled = {"scale": [1 / 50, 1 / 60, 1 / 70], "offset": [-2.0, -1.0, 0.0]}
    for name, network, kind, size in (
        ("maps", resnet, "ResNetImageConverter", (24, 20)),
        ("tokens", vit, "ViTImageConverter", (16, 16)),
        ("video", video, "VideoPrismImageConverter", (16, 16)),
    ):
        network.save_to_preset(str(folder / name))
        converter = getattr(hub.layers, kind)(image_size=size, **scaled)
        converter.save_to_preset(str(folder / name))
    return folder


@pytest.mark.parametrize(
    ("name", "size", "dimension"), [("maps", (24, 20), 64), ("tokens", (16, 16), 8)]
)
def test_a_preset_has_its_own_preprocessing_and_is_averaged(hub, presets, name, size, dimension):
    preset = str(presets / name)
    backbone = load_backbone(f"keras-hub:{preset}")
    assert (backbone.name, backbone.sizes) == (f"keras-hub:./{name}", (size,))
    assert (backbone.dimension, backbone.clips) == (dimension, (None,))
    frames = np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8)
    pixels = frames / np.float32([50, 60, 70]) - np.float32([2, 1, 0])
    made = hub.models.Backbone.from_preset(preset)(pixels).numpy()
    wanted = made.reshape(3, -1, dimension).mean(axis=1)
    np.testing.assert_allclose(backbone([frames]), wanted, rtol=1e-3, atol=1e-4)


def test_a_preset_of_clips_sees_clips(hub, presets):
    preset = str(presets / "video")
    backbone = load_backbone(f"keras-hub:{preset}", clip=AskedClip(None, 2))
    assert (backbone.sizes, backbone.clips, backbone.dimension) == (((16, 16),), ((4, 2),), 8)
    assert (backbone.settings["clip"], backbone.settings["clip_stride"]) == (4, 2)
    clips = np.random.default_rng(0).integers(0, 256, (2, 4, 16, 16, 3), np.uint8)
    pixels = clips / np.float32([50, 60, 70]) - np.float32([2, 1, 0])
    made = hub.models.Backbone.from_preset(preset)(pixels).numpy()
    np.testing.assert_allclose(
        backbone([clips]), made.reshape(2, -1, 8).mean(axis=1), rtol=1e-3, atol=1e-4
    )
    with pytest.raises(InputError, match=r"keras-hub:\./video takes clips of 4 frames, --clip 8"):
        load_backbone(f"keras-hub:{preset}", clip=AskedClip(8))


def test_the_digest_tells_weights_and_preprocessing_apart(hub, presets, tmp_path):
    before = load_backbone(f"keras-hub:{presets}/tokens").digest
    same = hub.models.Backbone.from_preset(str(presets / "tokens"))
    found = {before}
    for number, (offset, change) in enumerate([([-2.0, -1.0, 0.0], 1), ([0.0, 0.0, 0.0], 0)]):
        same.set_weights([weight + change for weight in same.get_weights()])
        same.save_to_preset(str(tmp_path / f"{number}"))
        converter = hub.layers.ViTImageConverter(
            image_size=(16, 16), scale=[1 / 50, 1 / 60, 1 / 70], offset=offset
        )
        converter.save_to_preset(str(tmp_path / f"{number}"))
        found.add(load_backbone(f"keras-hub:{tmp_path}/{number}").digest)
    assert len(found) == 3


def test_what_cannot_be_loaded_says_why(hub, presets, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="keras-hub:no_such cannot be loaded: Unknown preset ide"):
        load_backbone("keras-hub:no_such")
    with pytest.raises(InputError, match=r"no_folder cannot be loaded: .*; expected the name of"):
        load_backbone(f"keras-hub:{tmp_path}/no_folder")
    monkeypatch.chdir(presets)
    with pytest.raises(InputError, match=r"keras-hub:maps is a folder; write keras-hub:\./maps"):
        load_backbone("keras-hub:maps")
    with pytest.raises(InputError, match=r"for \.keras and \.onnx files; keras-hub:\./maps scales"):
        load_backbone("keras-hub:./maps", "imagenet")


def test_without_keras_hub_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(InputError, match=r'not installed: pip install "longtake\[keras-hub\]"'):
        load_backbone("keras-hub:resnet_50_imagenet")


def test_a_folder_or_a_handle_is_told_from_a_name():
    assert not names_file("keras-hub:resnet_50_imagenet+flow")
    assert names_file("keras-hub:./tiny")
    assert names_file("flow+keras-hub:hf://user/model")
    assert takes_clips("keras-hub:a.keras")
    assert not takes_pixels("keras-hub:./a.keras")
    assert with_absolute_paths("keras-hub:hf://user/model+flow") == "keras-hub:hf://user/model+flow"
    assert with_absolute_paths("keras-hub:./a") == f"keras-hub:{Path('a').absolute()}"
