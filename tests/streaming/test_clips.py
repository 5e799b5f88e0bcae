"""Runs on features of clips: new videos and streams are seen as the training videos were."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from clip_networks import SIZE, lossless, onnx_network, pictures
from untrained_runs import untrained

from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer import cli

Longtake = Callable[..., tuple[int, str, str]]
FRAMES = 60


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["longtake", *map(str, words)])
        capfd.readouterr()
        try:
            code = cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return call


def test_predict_and_stream_see_the_clips_of_extraction(longtake: Longtake, tmp_path: Path) -> None:
    network = onnx_network(tmp_path / "clips.onnx", ("n", 3, 4, *SIZE))
    (tmp_path / "videos").mkdir()
    for number in range(2):
        lossless(tmp_path / "videos" / f"v{number}.mkv", pictures(FRAMES, number))
    given = ("--backbone", network)
    extract = ("extract", tmp_path / "videos", "--store", tmp_path / "store", "--fps", 4)
    code, _, err = longtake(*extract, *given, "--clip-stride", 3)
    assert code == 0
    assert (
        "note: clips.onnx takes clips of 4 frames, so a step is that many frames of the video, 3 "
        "apart, its own the last (--clip-stride takes others)" in err
    )
    settings = json.loads(FeatureStore(tmp_path / "store").info("v0").origin.settings)
    assert (settings["clip"], settings["clip_stride"]) == (4, 3)
    # The same again makes nothing, another stride is another making.
    assert "0 extracted, 2 already done" in longtake(*extract, *given, "--clip-stride", 3)[1]
    assert longtake(*extract, *given)[0] == 2

    rows = [(f"v{n}", s, s + 3.0, "ab"[n ^ s // 3 % 2]) for n in range(2) for s in range(0, 6, 3)]
    write_intervals(tmp_path / "labels.csv", [(v, float(b), e, name) for v, b, e, name in rows])
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["v0"], "test": ["v1"]}))
    untrained(
        tmp_path / "store",
        tmp_path / "labels.csv",
        tmp_path / "run",
        splits=tmp_path / "splits.json",
    )
    video = tmp_path / "videos" / "v1.mkv"
    predict = ("predict", tmp_path / "run", video, "--out", tmp_path / "out")
    assert longtake(*predict, *given)[0] == 0
    stores = [FeatureStore(tmp_path / name) for name in ("store", "out/store")]
    np.testing.assert_array_equal(*(store.features("v1", 0, 24) for store in stores))
    with h5py.File(tmp_path / "out" / "predictions.h5") as file:
        wanted = file["v1/probabilities"][()]
        classes = [str(name) for name in file.attrs["classes"]]
    for batch in (1, 20):
        code, out, _ = longtake(
            "stream", tmp_path / "run", video, *given, "--batch-size", batch, "--decode", "none"
        )
        assert code == 0
        lines = [json.loads(line) for line in out.splitlines()]
        told = [[line["probabilities"][name] for name in classes] for line in lines]
        np.testing.assert_allclose(told, wanted, atol=1e-5)
