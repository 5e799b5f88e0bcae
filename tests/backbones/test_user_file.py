import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from preprocessing.backbones import digests, load_backbone, with_absolute_paths
from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.store.feature_store import FeatureStore

DOCS = Path(__file__).parents[2] / "docs" / "backbones.md"
MEAN = """
import numpy as np
from preprocessing.backbones import Backbone

class Mean(Backbone):
    size = (8, 8)
    dimension = 3

    def __call__(self, frames):
        return frames.mean((1, 2), dtype="float32")
"""


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (code,) = (block for block in blocks if "class Brightness" in block)
    return code


def write(folder: Path, code: str, name: str = "my_backbone.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(code)
    return folder / name


def film(path: Path, brightness: int) -> None:
    path.parent.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 8, (64, 64))
    for _ in range(4):
        writer.write(np.full((64, 64, 3), brightness, np.uint8))
    writer.release()


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_example_of_the_docs_extracts_features_in_this_process_and_in_others(tmp_path, jobs):
    path = write(tmp_path, example())
    for brightness in (0, 100, 200):
        film(tmp_path / "videos" / f"v{brightness:03d}.mp4", brightness)
    name = f"{path}:Brightness"
    config = ExtractConfig((tmp_path / "videos",), tmp_path / "store", backbone=name, jobs=jobs)
    assert [result.outcome for result in extract(config)] == ["extracted"] * 3
    store = FeatureStore(tmp_path / "store")
    for brightness in (0, 100, 200):
        info = store.info(f"v{brightness:03d}")
        features = store.features(info.sequence_id, 0, info.steps)
        assert features.shape == (2, 8)
        np.testing.assert_allclose(features[:, ::2], brightness, atol=4)
        np.testing.assert_allclose(features[:, 1::2], 0, atol=2)
        assert info.origin.backbone == "my_backbone.py:Brightness"
        assert info.origin.backbone_digest == digests.of_file(path)


def test_a_file_elsewhere_is_the_same_backbone_and_a_changed_one_is_another(tmp_path):
    first, moved = (load_backbone(f"{write(tmp_path / n, MEAN)}:Mean") for n in ("first", "moved"))
    changed = load_backbone(f"{write(tmp_path / 'changed', MEAN + '# other')}:Mean")
    assert (first.name, first.digest) == (moved.name, moved.digest)
    assert first.digest != changed.digest
    assert first.settings == {"size": [8, 8]}


def test_a_class_may_say_that_its_features_are_still_the_same(tmp_path):
    code = MEAN.replace("dimension = 3", 'dimension = 3\n    digest = "v1"')
    assert load_backbone(f"{write(tmp_path, code)}:Mean").digest == "v1"


def test_a_file_leaves_nothing_beside_it(tmp_path):
    load_backbone(f"{write(tmp_path, MEAN)}:Mean")
    assert [path.name for path in tmp_path.iterdir()] == ["my_backbone.py"]


def test_a_file_may_have_dataclasses_and_frames_before(tmp_path):
    code = """
from __future__ import annotations
from dataclasses import dataclass
from preprocessing.backbones import Backbone

@dataclass
class Step:
    length: int = 1

class Change(Backbone):
    size, dimension, context = (4, 4), 1, 1
    settings = {"step": Step().length}

    def __call__(self, frames):
        means = frames.mean((1, 2, 3), dtype="float32")
        return (means[1:] - means[:-1])[:, None]
"""
    backbone = load_backbone(f"{write(tmp_path, code)}:Change")
    assert backbone.context == 1
    assert backbone.settings == {"step": 1, "size": [4, 4]}
    assert backbone([np.full((2, 4, 4, 3), [[[[5]]], [[[9]]]], np.uint8)]).tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("code", "asked", "message"),
    [
        (MEAN, "", r"my_backbone\.py needs a class after it; expected .*my_backbone\.py:Mean$"),
        (MEAN, ":Meen", r"has no class 'Meen'; expected .*my_backbone\.py:Mean$"),
        ("", ":Mean", "has no class 'Mean'"),
        (MEAN, ":np", "is no backbone; derive it from"),
        (MEAN.replace("(Backbone)", ""), ":Mean", "is no backbone; derive it from"),
        (MEAN + "\n1 / 0", ":Mean", r"my_backbone\.py, line 12: ZeroDivisionError"),
        (MEAN + "\ndef", ":Mean", r"my_backbone\.py, line 12: SyntaxError"),
        ("import nothing_at_all", ":Mean", "line 1: ModuleNotFoundError"),
        (MEAN.replace("__call__", "call"), ":Mean", "TypeError: Can't instantiate"),
        (MEAN.replace("frames.mean(", "frames.meen("), ":Mean", "line 10: AttributeError"),
        (MEAN.replace('"float32"', '"float64"'), ":Mean", r"makes float64\[2, 3\] of 2 frames"),
        (MEAN.replace("= 3", "= 4"), ":Mean", r"makes float32\[2, 3\] .* expected float32\[2, 4\]"),
        (MEAN.replace("return ", "return 0 #"), ":Mean", "makes int of 2 frames"),
        (MEAN.replace("(1, 2)", "(0, 1, 2)"), ":Mean", r"makes float32\[3\] of 2 frames"),
        (MEAN.replace("size = (8, 8)", ""), ":Mean", "has size None, expected"),
        (MEAN.replace("(8, 8)", "8"), ":Mean", "has size 8, expected"),
        (MEAN.replace("dimension = 3", ""), ":Mean", "has dimension None, expected 1 or more"),
        (MEAN.replace("= 3", "= 3; context = -1"), ":Mean", "has context -1, expected 0 or more"),
        (MEAN.replace("= 3", "= 3; settings = {'size': 1}"), ":Mean", "has settings {'size': 1}"),
        (MEAN.replace("= 3", "= 3; settings = {'x': np}"), ":Mean", "not JSON serializable"),
    ],
)
def test_what_is_no_backbone_is_refused_in_one_line(tmp_path, code, asked, message):
    with pytest.raises(InputError, match=message) as caught:
        load_backbone(f"{write(tmp_path, code)}{asked}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none\.py: No such file"):
        load_backbone(f"{tmp_path}/none.py:Mean")


def test_a_path_holds_in_processes_that_stand_elsewhere(tmp_path, monkeypatch):
    write(tmp_path, MEAN)
    monkeypatch.chdir(tmp_path)
    name = with_absolute_paths("my_backbone.py:Mean+flow+ResNet50")
    assert name == f"{tmp_path}/my_backbone.py:Mean+flow+ResNet50"
    monkeypatch.chdir("/")
    assert load_backbone(name.removesuffix("+ResNet50")).name == "my_backbone.py:Mean+flow"
