"""Videos go through the extraction and the model of a run, and leave nothing behind."""

import tempfile
from pathlib import Path

import h5py
import pytest
from colour_videos import film
from untrained_runs import untrained

from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.store.feature_store import FeatureStore
from trainer.labelling.command import PredictConfig, run_predict
from trainer.trained.run import TrainedRun, load_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainedRun:
    """A run with random weights on two videos, in the folder of which ``bad.mp4`` is broken."""
    names = ("a", "b")
    for number, name in enumerate(names):
        film(tmp_path / "videos" / f"{name}.mp4", 16, 40 * number)
    extract(ExtractConfig((tmp_path / "videos",), tmp_path / "store", backbone="histogram"))
    rows = [f"{name},{0.5 * n},{0.5 * n + 0.5},{'xy'[n % 2]}" for name in names for n in range(4)]
    (tmp_path / "labels.csv").write_text("\n".join(["sequence,start,end,label", *rows]) + "\n")
    splits = '{"train": ["a"], "validation": [], "test": ["b"]}'
    (tmp_path / "splits.json").write_text(splits)
    given = (tmp_path / "store", tmp_path / "labels.csv", tmp_path / "run")
    made = untrained(*given, splits=tmp_path / "splits.json")
    (tmp_path / "videos" / "bad.mp4").write_bytes(b"no video")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return load_run(made.path)


@pytest.mark.slow
def test_a_folder_of_videos_is_answered_as_by_the_command_and_failures_are_named(
    run: TrainedRun, tmp_path: Path
) -> None:
    run_predict(PredictConfig(run.path, (tmp_path / "videos",), tmp_path / "out"))
    found = run.predict(tmp_path / "videos")
    assert (list(found), list(found.failed)) == (["a", "b"], ["bad"])
    assert "bad" in found._repr_html_()
    with h5py.File(tmp_path / "out" / "predictions.h5") as file:
        for name, one in found.items():
            assert one.probabilities.tobytes() == file[name]["probabilities"][()].tobytes()
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.slow
def test_one_video_has_one_object_of_answers_and_its_features_may_be_kept(
    run: TrainedRun, tmp_path: Path
) -> None:
    one = run.predict(str(tmp_path / "videos" / "a.mp4"), store=str(tmp_path / "kept"))
    assert (one.sequence, len(one)) == ("a", 8)
    kept = FeatureStore(tmp_path / "kept")
    assert kept.ids() == ["a"]
    written = kept.path("a").stat().st_mtime_ns
    several = run.predict([tmp_path / "videos" / "a.mp4"], store=tmp_path / "kept")
    assert list(several) == ["a"]
    assert kept.path("a").stat().st_mtime_ns == written
    with pytest.raises(InputError, match=r"bad\.mp4"):
        run.predict(tmp_path / "videos" / "bad.mp4")
