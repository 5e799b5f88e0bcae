"""Predictions replace no table of a user, and lie in no store."""

import os
from pathlib import Path

import pytest
from made_stores import MadeStore
from prediction_files import write_predictions

from preprocessing.errors import InputError
from preprocessing.files.whole_file import machine
from preprocessing.labels.splits import Splits
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.labelling.command import run_predict
from trainer.labelling.options import PredictConfig
from trainer.labelling.out_folder import (
    LABELS,
    remove_own,
    require_free,
    write_labels,
    write_own_bouts,
)
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run


@pytest.fixture
def store(make_store: MadeStore) -> FeatureStore:
    return make_store([6])


@pytest.fixture
def run(store: FeatureStore, tmp_path: Path) -> Run:
    """A run of its options only, on labels in a folder ``mine``."""
    config = TrainConfig(store.root, tmp_path / "mine" / "labels.csv", tmp_path / "run")
    (labels,) = config.labels
    labels.parent.mkdir()
    labels.write_text("sequence,label\ns0,a\n")
    facts = ModelFacts(("a", "b"), 3, "2.0", "test", "0", "{}")
    made = Run(config.run)
    made.begin(config, Splits(("s0",), (), ()), facts)
    return made


def predicted(store: FeatureStore, out: Path, number: int = 0) -> None:
    """Writes what predict would, all of one class."""
    out.mkdir(exist_ok=True)
    arrays = {"s0": {"probabilities": [[1 - number, number]] * 6, "true": [-1] * 6}}
    path = write_predictions(out / "predictions.h5", ["a", "b"], arrays)
    write_labels(out, [store.info("s0")], path, "frame")


def refused(run: Run, out: Path, *inputs: Path) -> str:
    with pytest.raises(InputError) as caught:
        run_predict(PredictConfig(run.path, inputs, out))
    return str(caught.value)


def test_labels_that_a_run_was_trained_on_are_not_replaced(run: Run, store: FeatureStore) -> None:
    (labels,) = run.config.labels
    before = labels.read_text()
    assert "was given to train as --labels" in refused(run, labels.parent, store.root)
    assert labels.read_text() == before
    labels.unlink()
    predicted(store, labels.parent)  # Also if predict wrote them.
    assert "was given to train as --labels" in refused(run, labels.parent, store.root)


def test_labels_that_are_corrected_while_answers_are_made_are_kept(
    store: FeatureStore, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    predicted(store, out)
    (out / LABELS).write_text("mine")
    with pytest.raises(InputError, match=r"labels\.csv was changed while answers were made"):
        predicted(store, out, 1)
    with pytest.raises(InputError, match=r"labels\.csv was changed while answers were made"):
        remove_own(out, LABELS)
    assert (out / LABELS).read_text() == "mine"
    assert not list(out.glob(".*partial*"))


def test_what_a_killed_process_left_of_tables_is_removed(
    run: Run, store: FeatureStore, tmp_path: Path
) -> None:
    out, gone = tmp_path / "out", f"4194304-{machine()}"  # No process has such a number.
    predicted(store, out)
    left = [
        out / f".{gone}.partial.{name}" for name in ("predictions.h5", f".{gone}.partial.{LABELS}")
    ]
    others = [out / f".{os.getpid()}-0000.partial.{LABELS}", out / ".mine.partial.labels.csv"]
    for path in (*left, *others):
        path.touch()
    require_free(run, PredictConfig(run.path, (store.root,), out))
    assert [path.exists() for path in (*left, *others)] == [False, False, True, True]


def test_labels_that_were_corrected_by_hand_are_not_replaced(
    run: Run, store: FeatureStore, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    config = PredictConfig(run.path, (store.root,), out)
    require_free(run, config)
    for number in (0, 1, 0):
        predicted(store, out, number)
        require_free(run, config)
    (out / LABELS).write_text((out / LABELS).read_text().replace(",a", ",b"))
    assert "somebody made or corrected it" in refused(run, out, store.root)
    (out / LABELS).unlink()
    require_free(run, config)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / LABELS).write_text("sequence,label\nmine,a\n")
    assert "give another --out" in refused(run, tmp_path / "other", store.root)


def test_bouts_of_an_earlier_prediction_do_not_outlive_it(
    run: Run, store: FeatureStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    config = PredictConfig(run.path, (store.root,), out)
    predicted(store, out)
    for bins in (None, 1.0):
        write_own_bouts(out, [store.info("s0")], out / "predictions.h5", bins)
        require_free(run, config)
    (out / "notes.csv").write_text("mine")
    remove_own(out, "bouts.csv", "summary.csv")
    left = {path.name for path in out.glob("[!.]*")}
    assert left == {"labels.csv", "notes.csv", "predictions.h5"}
    said = "note: of an earlier predict, and not written this time: bouts.csv, summary.csv in "
    assert capsys.readouterr().err == f"{said}{out}; removed\n"
    (out / "bouts.csv").write_text("mine")
    assert "somebody made or corrected it" in refused(run, out, store.root)


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("run", "is the run itself"),
        ("store", "the store that"),
        ("store/new/predicted", "the store that"),
        ("other", "a store (s0.h5 lies there), whose"),
        ("other/predicted", "a store (s0.h5 lies there), whose"),
        (".", "features of the videos would go to"),
        ("elsewhere", "features of the videos would go to"),
        ("file", "is a file; expected a folder"),
    ],
)
def test_predictions_lie_apart(
    run: Run, store: FeatureStore, make_store: MadeStore, tmp_path: Path, out: str, reason: str
) -> None:
    make_store([4], name="other")
    make_store([4], name="elsewhere/store")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "v.mp4").write_bytes(b"")
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    assert reason in refused(run, tmp_path / out, tmp_path / "videos")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_no_video_is_named(run: Run, store: FeatureStore, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("empty", "videos"):
        (tmp_path / name).mkdir()
    (tmp_path / "videos" / "v.mp4").write_bytes(b"")
    assert "holds nothing: neither videos nor" in refused(run, out, tmp_path / "empty")
    inputs = tmp_path / "videos", store.root
    assert f"{store.root} is a store, which is predicted on its own" in refused(run, out, *inputs)
