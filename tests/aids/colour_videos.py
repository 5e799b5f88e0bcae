"""Videos of one colour each, and a backbone that tells them apart."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from preprocessing import backbones
from preprocessing.backbones import Backbone
from preprocessing.extraction.options import ExtractConfig
from preprocessing.store.feature_store import FeatureStore

FPS = 8
SIZE = (32, 48)


class MeanColor(Backbone):
    """A backbone whose features are the mean of each channel; it remembers what it saw."""

    name = "mean-color"
    digest = "0"
    size = (8, 12)
    dimension = 3

    def __init__(self):
        self.settings = {"color": "rgb"}
        self.batches = []

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        self.batches.append(frames)
        return frames.mean((1, 2), dtype="float32")


@pytest.fixture
def backbone(monkeypatch) -> MeanColor:
    made = MeanColor()
    monkeypatch.setitem(backbones.BACKBONES, MeanColor.name, lambda: made)
    backbones.load_backbone.cache_clear()
    yield made
    backbones.load_backbone.cache_clear()


def film(path: Path, frames: int, brightness: int = 0) -> Path:
    """Writes a video in which each frame is 10 brighter than the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE[::-1])
    for number in range(frames):
        writer.write(np.full((*SIZE, 3), brightness + 10 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture
def videos(tmp_path) -> Path:
    film(tmp_path / "videos" / "a.mp4", 5)
    film(tmp_path / "videos" / "day.1" / "b.mp4", 8, brightness=100)
    film(tmp_path / "videos" / "day.1" / "cam" / "c.v2.avi", 3)
    return tmp_path / "videos"


def config(videos: Path, *more: Path, store: str = "store", **options) -> ExtractConfig:
    options = {"fps": "native", "backbone": MeanColor.name, "batch_size": 4, **options}
    return ExtractConfig((videos, *more), videos.parent / store, **options)


def contents(root: Path) -> dict[str, list[list[float]]]:
    store = FeatureStore(root)
    steps = {sequence_id: store.info(sequence_id).steps for sequence_id in store.ids()}
    read = {name: store.features(name, 0, count).tolist() for name, count in steps.items()}
    store.close()
    return read
