from pathlib import Path

import numpy as np
import pytest
from colour_videos import FPS, film

from preprocessing.backbones import load_backbone
from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.inspection.command import run as inspect
from preprocessing.inspection.options import InspectConfig
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two videos, and a store of their frames."""
    folder = tmp_path_factory.mktemp("filmed")
    film(folder / "videos" / "a.mp4", 8)
    film(folder / "videos" / "b.mp4", 5, brightness=100)
    extract(config(folder))
    return folder


def config(folder: Path, store: str = "store", **options) -> ExtractConfig:
    options = {"fps": "native", "backbone": "frames:24x40", **options}
    return ExtractConfig((folder / "videos",), folder / store, **options)


def test_a_step_has_the_frame_that_is_shown_then(folder):
    store = FeatureStore(folder / "store")
    info = store.info("a")
    assert (info.steps, info.frame_size, info.origin.backbone) == (8, (24, 40), "frames:24x40")
    assert info.frames_decoded == 8
    means = decoded_frames(store, info, 0, 8).mean((1, 2, 3))
    np.testing.assert_allclose(means, 10 * np.arange(8), atol=5)
    assert store.timestamps("a") == pytest.approx(np.arange(8) / FPS)
    assert store.frames("a").numbers.tolist() == list(range(8))


def test_frames_are_the_pixels_that_a_backbone_of_this_size_would_see(folder):
    """But for the loss of JPEG, which hardly shows in frames of one colour."""
    extract(config(folder, "small", backbone="pixels"))
    extract(config(folder, "frames", backbone="frames:32"))
    pixels, frames = FeatureStore(folder / "small"), FeatureStore(folder / "frames")
    seen = decoded_frames(frames, frames.info("b"), 0, 5) / 255
    np.testing.assert_allclose(seen.reshape(5, -1), pixels.features("b", 0, 5), atol=0.01)


def test_what_is_done_is_skipped_and_another_quality_is_another_setting(folder):
    assert [result.outcome for result in extract(config(folder))] == ["skipped"] * 2
    with pytest.raises(InputError, match=r"made with quality 90.* asked for with quality 50"):
        extract(config(folder, quality=50))


def test_shards_and_processes_write_the_same_bytes(folder):
    for shard in ("1/2", "2/2"):
        extract(config(folder, "sharded", shard=shard))
    extract(config(folder, "together", jobs=2))
    for name in ("a.h5", "b.h5"):
        content = (folder / "store" / name).read_bytes()
        assert (folder / "sharded" / name).read_bytes() == content
        assert (folder / "together" / name).read_bytes() == content


def test_a_better_quality_takes_more_bytes(folder):
    extract(config(folder, "poor", quality=10))
    store, poor = FeatureStore(folder / "store"), FeatureStore(folder / "poor")
    assert len(poor.content("a", 0, 8)) < len(store.content("a", 0, 8))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frames", "expected the size at which frames are kept"),
        ("frames:8", "of 16 pixels or more, such as frames:224"),
        ("frames:224x", "frames:HEIGHTxWIDTH"),
        ("frames:99999", "expected 1 to 67108864 pixels"),
        ("frames:64+flow", r"cannot be joined with others by \+"),
        ("flow+frames:64", r"cannot be joined with others by \+"),
    ],
)
def test_what_is_no_size_is_said(name, message):
    with pytest.raises(InputError, match=message):
        load_backbone(name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": 0}, "--quality 0: expected 1 to 100"),
        ({"quality": 80, "backbone": "pixels"}, "--quality 80 is for --backbone frames:SIZE"),
        ({"dtype": "float32"}, "--dtype float32 is of features"),
        ({"pixels": "0-1"}, "--pixels 0-1 is for .keras and .onnx files"),
    ],
)
def test_options_that_say_nothing_of_frames_are_refused(folder, options, message):
    with pytest.raises(InputError, match=message):
        extract(config(folder, "none", **options))


def test_inspect_says_how_large_frames_are(folder, capsys):
    assert inspect(InspectConfig(folder / "store")) == 0
    told = capsys.readouterr().out
    assert "dimension  24 x 40 pixels" in told
    assert "backbone   frames:24x40" in told


def test_a_contact_sheet_of_frames_needs_no_video(folder, tmp_path):
    alone = tmp_path / "videos"
    film(alone / "c.mp4", 8)
    extract(ExtractConfig((alone,), tmp_path / "store", fps="native", backbone="frames:32"))
    (alone / "c.mp4").unlink()
    sheet = tmp_path / "sheet.png"
    assert inspect(InspectConfig(tmp_path / "store", sheet=sheet)) == 0
    assert sheet.stat().st_size > 10_000
