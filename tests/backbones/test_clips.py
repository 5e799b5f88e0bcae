"""Networks that see clips: of the video's frames, up to a step's own and never beyond."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from clip_networks import RATE, keras_network, lossless, onnx_network, pictures
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.backbones import AskedClip, Joined, load_backbone
from preprocessing.backbones.frame_batches import described, frame_batches
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
from preprocessing.videos.reader import VideoReader
from preprocessing.videos.stream_samples import FileSamples

import_tensorflow()

FRAMES = 17


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("networks")
    return [onnx_network(folder / "three.onnx"), keras_network(folder / "three.keras")]


def extracted(
    backbone: Joined, images: np.ndarray, fps: float | None, batch: int, stream: bool = False
) -> tuple[list[int], np.ndarray]:
    """The numbers of the frames of a film that are steps, and their features."""
    with tempfile.TemporaryDirectory() as folder:
        path = lossless(Path(folder, "film.mkv"), images)
        source = FileSamples if stream else VideoReader
        samples = source(path, fps, backbone.sizes, backbone.clips)
        batches = frame_batches(samples, backbone.steps_at_once(batch), backbone.context)
        found = list(described(batches, backbone, "float32"))
    times = [sample.timestamp for samples, _ in found for sample in samples]
    return [round(time * RATE) for time in times], np.concatenate([rows for _, rows in found])


@pytest.mark.parametrize("number", [0, 1])
@settings(max_examples=15)
@given(
    st.integers(2, 5),
    st.integers(1, 3),
    st.sampled_from([None, 5, 3]),
    st.integers(1, 12),
    st.data(),
)
def test_what_comes_after_a_step_changes_nothing_in_it(
    networks: list[Path],
    number: int,
    length: int,
    stride: int,
    fps: float | None,
    batch: int,
    data: st.DataObject,
) -> None:
    backbone = load_backbone(str(networks[number]), clip=AskedClip(length, stride))
    images = pictures(FRAMES)
    steps, before = extracted(backbone, images, fps, batch)
    changed = data.draw(st.integers(0, FRAMES - 1))
    images[changed] = 255 - images[changed]
    same, after = extracted(backbone, images, fps, batch, stream=True)
    assert same == steps
    seen = [any(max(0, step - n * stride) == changed for n in range(length)) for step in steps]
    np.testing.assert_array_equal((before != after).any(axis=1), seen)


def naive(backbone: Joined, images: np.ndarray, steps: list[int]) -> np.ndarray:
    """Features of clips that are cut out of the whole film."""
    ((length, stride),) = backbone.clips
    places = [[max(0, step - n * stride) for n in range(length - 1, -1, -1)] for step in steps]
    return np.concatenate([backbone([images[place][None]]) for place in places])


@pytest.mark.parametrize("fps", [None, 4])
@pytest.mark.parametrize("number", [0, 1])
def test_clips_are_of_the_videos_frames_whatever_the_steps_a_second(networks, number, fps):
    backbone = load_backbone(str(networks[number]), clip=AskedClip(4, 2))
    images = pictures(FRAMES)
    steps, features = extracted(backbone, images, fps, 32)
    assert steps == list(range(FRAMES)) if fps is None else [0, 2, 5, 7, 10, 12, 15]
    np.testing.assert_allclose(features, naive(backbone, images, steps), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [("n", 3, 4, 8, 12), (2, 4, 3, 8, 12), ("n", 4, 8, 12, 3)])
def test_a_length_that_is_fixed_and_any_order_of_axes_are_taken(tmp_path, shape):
    backbone = load_backbone(str(onnx_network(tmp_path / "fixed.onnx", shape)))
    wanted = load_backbone(str(onnx_network(tmp_path / "free.onnx")), clip=AskedClip(4))
    assert (backbone.clips, backbone.dimension) == (((4, 1),), 5)
    assert backbone.settings["clip"], backbone.settings["clip_stride"] == (4, 1)
    frames = np.stack([pictures(4, seed) for seed in range(3)])
    np.testing.assert_allclose(backbone([frames]), wanted([frames]), rtol=1e-5)


def test_clips_and_motion_and_pictures_join(networks):
    name = f"{networks[0]}+flow+pixels"
    joined = load_backbone(name, clip=AskedClip(3, 2))
    images = pictures(9)
    _, together = extracted(joined, images, 5, 7)
    alone = [load_backbone(part) for part in ("flow", "pixels")]
    parts = [load_backbone(str(networks[0]), clip=AskedClip(3, 2)), *alone]
    wanted = [extracted(part, images, 5, 7)[1] for part in parts]
    np.testing.assert_array_equal(together, np.concatenate(wanted, axis=1))


def test_a_batch_of_clips_has_no_more_frames_than_one_of_pictures(networks):
    backbone = load_backbone(str(networks[0]), clip=AskedClip(4))
    assert [backbone.steps_at_once(frames) for frames in (1, 4, 32)] == [1, 1, 8]
    assert load_backbone("flow").steps_at_once(32) == 32


def test_what_does_not_go_together_is_refused_in_a_line(networks, tmp_path):
    with pytest.raises(InputError, match=r"--clip 4: hog takes single frames of 128 x 128, exp"):
        load_backbone("hog", clip=AskedClip(4))
    with pytest.raises(InputError, match="--clip-stride 2: pixels takes single frames of 32"):
        load_backbone("pixels", clip=AskedClip(None, 2))
    for network in networks:
        with pytest.raises(InputError, match="of any length; say how many frames with --clip"):
            load_backbone(str(network))
    short = keras_network(tmp_path / "short.keras", 2)
    assert load_backbone(str(short)).clips == ((2, 1),)
    with pytest.raises(InputError, match="clips of 2 frames, --clip 3 asks for others; leave"):
        load_backbone(str(short), clip=AskedClip(3))
    with pytest.raises(InputError, match="cannot take clips of 1 frames of 8 x 12"):
        load_backbone(str(networks[0]), clip=AskedClip(1))
    with pytest.raises(InputError, match="cannot take clips of 1 frames of 8 x 12"):
        load_backbone(str(networks[1]), clip=AskedClip(1))


@pytest.mark.parametrize("shape", [("n", 3, 4, 8, 12, 1), ("n", 4, 8, 12), ("n", 4, 8, 12, 2)])
def test_a_network_of_another_shape_is_told_what_is_expected(tmp_path, shape):
    import onnx
    from onnx_models import model, node

    onnx.save(model([node("Identity", "images")], shape), tmp_path / "other.onnx")
    with pytest.raises(InputError) as refused:
        load_backbone(str(tmp_path / "other.onnx"))
    assert f"takes tensor(float) {list(shape)}, expected one of pictures" in str(refused.value)
    assert "clips, [N, T, H, W, 3], [N, 3, T, H, W] or [N, T, 3, H, W]" in str(refused.value)


OWN = """
import numpy as np
from preprocessing.backbones import Backbone, Clip

class Change(Backbone):
    size, dimension, clip = (8, 12), 3, {clip}

    def __call__(self, frames):
        return (frames[:, -1] - frames[:, 0].astype("float32")).mean((1, 2))
"""


def test_a_class_of_ones_own_may_see_clips(tmp_path):
    (tmp_path / "own.py").write_text(OWN.format(clip="Clip(2, 3)"))
    backbone = load_backbone(f"{tmp_path}/own.py:Change")
    images = pictures(FRAMES)
    _, features = extracted(backbone, images, None, 6)
    first = images[[max(0, n - 3) for n in range(FRAMES)]]
    wanted = (images - first.astype("float32")).mean((1, 2))
    np.testing.assert_allclose(features, wanted, rtol=1e-5)


@pytest.mark.parametrize("clip", ["(0, 1)", "16", "(1, 2, 3)"])
def test_a_clip_that_is_none_is_refused(tmp_path, clip):
    (tmp_path / "own.py").write_text(OWN.format(clip=clip))
    with pytest.raises(InputError, match=r"own\.py:Change has clip .*, expected Clip\(length, st"):
        load_backbone(f"{tmp_path}/own.py:Change")
