import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx_models import Shape, model, node

from preprocessing.backbones import digests, load_backbone
from preprocessing.backbones.onnx_file import OnnxFile
from preprocessing.backbones.pixel_scale import SCALES
from preprocessing.cores import THREADS
from preprocessing.errors import InputError

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3), np.uint8)
Save = Callable[..., str]


FLATTEN = [node("Flatten", "images")]
SAME = [node("Identity", "images")]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(nodes: list, shape: Shape, kind: int = TensorProto.FLOAT, **weights) -> str:
        path = tmp_path / "encoder.onnx"
        onnx.save(model(nodes, shape, kind, **weights), path)
        return str(path)

    return save


def test_the_first_output_of_a_file_is_the_features(save):
    weights = np.random.default_rng(1).normal(size=(144, 7)).astype("float32")
    nodes = [node("Flatten", "images", output="flat"), node("MatMul", "flat", "kernel")]
    path = save(nodes, ("n", 6, 8, 3), kernel=weights)
    backbone = load_backbone(path)
    assert (backbone.name, backbone.sizes, backbone.dimension) == ("encoder.onnx", ((6, 8),), 7)
    assert backbone.digest == digests.of_file(Path(path))
    assert backbone.settings["pixels"] == "0-255"
    expected = FRAMES.reshape(5, -1) @ weights
    np.testing.assert_allclose(backbone([FRAMES]), expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("batch", ["n", None, 1, 2, 4, 5, 9])
@pytest.mark.parametrize("channels_first", [True, False])
def test_frames_come_in_the_order_and_the_batches_that_the_model_takes(save, batch, channels_first):
    shape = (batch, 3, 6, 8) if channels_first else (batch, 6, 8, 3)
    backbone = load_backbone(save(FLATTEN, shape))
    assert backbone.sizes == ((6, 8),)
    expected = FRAMES.transpose(0, 3, 1, 2) if channels_first else FRAMES
    np.testing.assert_array_equal(backbone([FRAMES]), expected.reshape(5, -1))


@pytest.mark.parametrize("shape", [("n", 3, 6, 8), ("n", 6, 8, 3)])
def test_a_map_of_features_is_averaged_over_its_places(save, shape):
    backbone = load_backbone(save(SAME, shape))
    assert backbone.dimension == 3
    np.testing.assert_allclose(backbone([FRAMES]), FRAMES.mean((1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    "shape", [[1, 3, 1 << 30, 1 << 30], [1 << 40, 3, 6, 8], [None, 1 << 25, 8, 3]]
)
def test_frames_that_do_not_fit_into_memory_are_refused(save, shape):
    with pytest.raises(InputError, match="at once, expected"):
        load_backbone(save(SAME, shape))


@pytest.mark.parametrize("pixels", SCALES)
def test_pixels_come_on_the_scale_that_was_asked_for(save, pixels):
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    wanted = {
        "0-255": FRAMES,
        "0-1": FRAMES / 255,
        "-1-1": FRAMES / 127.5 - 1,
        "imagenet": (FRAMES / 255 - mean) / deviation,
    }
    backbone = load_backbone(save(FLATTEN, ("n", 6, 8, 3)), pixels)
    np.testing.assert_allclose(backbone([FRAMES]), wanted[pixels].reshape(5, -1), atol=1e-5)
    assert backbone.settings["pixels"] == pixels


def test_a_size_that_is_open_becomes_224(save):
    backbone = load_backbone(save(SAME, ("n", 3, None, "width")))
    assert backbone.sizes == ((224, 224),)
    assert backbone.settings["size"] == [224, 224]


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8])
def test_models_of_other_numbers_get_them(save, kind):
    nodes = [node("Flatten", "images", output="flat"), node("Cast", "flat", to=TensorProto.FLOAT)]
    path = save(nodes, ("n", 6, 8, 3), kind)
    np.testing.assert_array_equal(load_backbone(path)([FRAMES]), FRAMES.reshape(5, -1))


def test_bytes_have_one_scale_only(save):
    nodes = [node("Cast", "images", to=TensorProto.FLOAT)]
    with pytest.raises(InputError, match="takes uint8, which --pixels 0-1 does not give"):
        load_backbone(save(nodes, ("n", 6, 8, 3), TensorProto.UINT8), "0-1")


@pytest.mark.parametrize(
    ("nodes", "shape", "kind", "message"),
    [
        (SAME, ("n", 6, 8, 1), TensorProto.FLOAT, r"takes tensor\(float\) \['n', 6, 8, 1\], exp"),
        (SAME, ("n", 3, 8, 3), TensorProto.FLOAT, r"takes tensor\(float\) \['n', 3, 8, 3\], exp"),
        (SAME, ("n", 144), TensorProto.FLOAT, r"takes tensor\(float\) \['n', 144\], expected"),
        (
            [node("Cast", "images", to=1)],
            ("n", 6, 8, 3),
            TensorProto.INT64,
            r"takes tensor\(int64\)",
        ),
        ([node("ReduceMean", "images")], ("n", 6, 8, 3), TensorProto.FLOAT, "of two frames"),
        (
            [node("Reshape", "images", "target")],
            ("n", 3, "h", "w"),
            TensorProto.FLOAT,
            "cannot take frames of 224 x 224",
        ),
    ],
)
def test_a_model_of_something_else_is_refused(save, nodes, shape, kind, message):
    with pytest.raises(InputError, match=message):
        load_backbone(save(nodes, shape, kind, target=np.array([-1, 999])))


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "no.onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"no\.onnx cannot be opened as an ONNX model"):
        load_backbone(str(tmp_path / "no.onnx"))
    with pytest.raises(InputError, match=r"cannot read .*none\.onnx"):
        load_backbone(str(tmp_path / "none.onnx"))


@pytest.mark.parametrize("location", ["beside.bin", "../beside.bin", "/absolute.bin"])
def test_weights_in_other_files_are_refused_wherever_they_lie(tmp_path, monkeypatch, location):
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    location = location.replace("/absolute", f"{tmp_path}/absolute")
    kernel = np.ones((144, 2), np.float32)
    (folder / location).write_bytes(kernel.tobytes())
    nodes = [node("Flatten", "images", output="flat"), node("MatMul", "flat", "kernel")]
    outside = model(nodes, ("n", 6, 8, 3), kernel=kernel)
    onnx.external_data_helper.set_external_data(outside.graph.initializer[0], location)
    outside.graph.initializer[0].ClearField("raw_data")
    Path("outside.onnx").write_bytes(outside.SerializeToString())
    with pytest.raises(InputError, match="weights in other files; put all into one"):
        load_backbone(f"{folder}/outside.onnx")


def test_a_model_whose_weights_were_put_into_one_file_is_taken(tmp_path):
    kernel = np.ones((144, 2), np.float32)
    nodes = [node("Flatten", "images", output="flat"), node("MatMul", "flat", "kernel")]
    inside = model(nodes, ("n", 6, 8, 3), kernel=kernel)
    onnx.save(inside, tmp_path / "o.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises(InputError, match="weights in other files"):
        load_backbone(str(tmp_path / "o.onnx"))
    onnx.save(onnx.load(tmp_path / "o.onnx"), tmp_path / "whole.onnx")
    assert load_backbone(str(tmp_path / "whole.onnx")).dimension == 2


def test_without_onnx_runtime_it_says_how_to_install_it(save, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r'pip install "longtake\[onnx\]"'):
        load_backbone(save(FLATTEN, ("n", 6, 8, 3)))


def test_threads_are_this_processs_share_and_change_no_bit(save, monkeypatch):
    generator = np.random.default_rng(2)
    convolution = {"pads": [1, 1, 1, 1], "strides": [1, 1]}
    nodes = [
        node("Conv", "images", "first", output="a", **convolution),
        node("Relu", "a", output="b"),
        node("Conv", "b", "second", output="c", **convolution),
        node("Flatten", "c", output="d"),
        node("MatMul", "d", "third"),
    ]
    weights = {
        "first": generator.normal(size=(32, 3, 3, 3)).astype("float32"),
        "second": generator.normal(size=(16, 32, 3, 3)).astype("float32"),
        "third": generator.normal(size=(16 * 32 * 48, 64)).astype("float32"),
    }
    path = save(nodes, ("n", 3, 32, 48), **weights)
    frames = generator.integers(0, 256, (8, 32, 48, 3), np.uint8)
    features = []
    for threads in (1, 2, 3, 8):
        monkeypatch.setenv(THREADS, str(threads))
        backbone = OnnxFile(Path(path), "0-255")
        assert backbone._session.get_session_options().intra_op_num_threads == threads
        features.append(backbone(frames))
    for other in features[1:]:
        np.testing.assert_array_equal(other, features[0])
