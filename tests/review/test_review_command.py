"""Reviews as a user has them; trainings take place in this process."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence
from quick_trainings import train_here, write_persons
from spoken import Longtake, Said, refusal, speaking

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.cross_validation.command import run_cross_validate
from trainer.cross_validation.options import CrossValidateConfig
from trainer.run.folder import Run

QUICK = {
    **{"units": 8, "layers": 1, "chunk_length": 8, "epochs": 8, "learning_rate": 0.05},
    **{"tensorboard": False, "decoder": "none"},
}
TERMINAL = (
    "--units",
    4,
    "--chunk-length",
    8,
    "--epochs",
    1,
    "--no-tensorboard",
    "--state",
    "carry",
)


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def done(said: Said) -> Said:
    """Checks that a command did its work."""
    assert said[0] == 0, said[2]
    return said


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cross-validation, and labels of which two segments are wrong by now."""
    folder = tmp_path_factory.mktemp("reviewed")
    store, labels = write_persons(folder, 3, 3)
    config = CrossValidateConfig(store, labels, folder / "crossed", leave_out=r"^(P\d+)_", **QUICK)
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_here(monkeypatch)
        assert run_cross_validate(config) == 0
    text = labels.read_text()
    for start, end, right, wrong in ((0.0, 1.75, "low", "high"), (1.75, 3.5, "high", "low")):
        assert f"P2_1,{start},{end},{right}" in text
        text = text.replace(f"P2_1,{start},{end},{right}", f"P2_1,{start},{end},{wrong}")
    labels.write_text(text)
    return folder


@pytest.fixture(scope="module")
def trained(crossed: Path) -> Path:
    """A run of one of its folds, in whose store are two more sequences, without labels."""
    folder = crossed.parent / "trained"
    shutil.copytree(crossed, folder)
    chance = np.random.default_rng(3)
    for name, steps in (("new/a", 40), ("new/b", 9)):
        write_sequence(folder / "store", name, chance.normal(size=(steps, 2)))
    run = folder / "crossed" / "folds" / "P1"
    for path in run.rglob("config.yaml"):
        path.write_text(path.read_text().replace(str(crossed), str(folder)))
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "review.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_wrong_labels_come_first_with_what_they_should_be(
    crossed: Path, longtake: Longtake
) -> None:
    _, said, _ = done(longtake("review", crossed / "crossed"))
    first, second, *_ = rows(crossed / "crossed" / "review")
    assert {first["sequence"], second["sequence"]} == {"P2_1"}
    found = {(one["start"], one["end"], one["label"], one["answer"]) for one in (first, second)}
    assert found == {("0.0", "1.75", "high", "low"), ("1.75", "3.5", "low", "high")}
    assert first["why"] == "contradicted"
    assert "with labels that the model contradicts" in said
    page = (crossed / "crossed" / "review" / "review.html").read_text()
    assert "Labelled <b>high</b>; the model says <b>low</b>" in page
    assert page.count('class="strip look"') == len(rows(crossed / "crossed" / "review"))


def test_the_answers_are_labels_within_the_stretches_alone(
    crossed: Path, longtake: Longtake, tmp_path: Path
) -> None:
    done(longtake("review", crossed / "crossed", "--out", tmp_path))
    labels = read_labels(LabelOptions(tmp_path / "answers.csv"), FeatureStore(crossed / "store"))
    table = rows(tmp_path)
    with (tmp_path / "answers.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            inside = [
                one
                for one in table
                if one["sequence"] == row["sequence"]
                and float(one["start"]) <= float(row["start"])
                and float(row["end"]) <= float(one["end"])
            ]
            assert inside
    assert set(labels.ids()) == {one["sequence"] for one in table}


def test_a_run_answers_what_has_no_labels_and_what_it_was_not_trained_on(
    trained: Path, longtake: Longtake, tmp_path: Path
) -> None:
    run = trained / "crossed" / "folds" / "P1"
    _, _, notes = done(longtake("review", run, "--out", tmp_path, "--longest", 2))
    assert "are not looked at, for" in notes
    assert "was trained on them; a cross-validation answers all of them held out" in notes
    found = rows(tmp_path)
    seen = set(Run(run).splits.train)
    assert {one["sequence"] for one in found if one["why"] == "unsure"} == {"new/a", "new/b"}
    assert not seen & {one["sequence"] for one in found}
    assert all(float(one["end"]) - float(one["start"]) <= 2.0 for one in found)
    done(longtake("predict", run, trained / "store", "--out", tmp_path / "predicted"))
    given = ("--predictions", tmp_path / "predicted" / "predictions.h5", "--why", "unsure")
    done(longtake("review", run, "--out", tmp_path / "again", "--longest", 2, *given))
    unsure = [one for one in found if one["why"] == "unsure"]
    assert [one["start"] for one in rows(tmp_path / "again")] == [one["start"] for one in unsure]


@pytest.mark.slow
def test_members_of_an_ensemble_that_disagree_are_heard(
    trained: Path, longtake: Longtake, tmp_path: Path
) -> None:
    fold = trained / "crossed" / "folds"
    second = tmp_path / "second"
    shutil.copytree(fold / "P1", second)
    done(longtake("ensemble", fold / "P1", second, "--run", tmp_path / "both"))
    done(longtake("review", tmp_path / "both", "--why", "unsure", "--out", tmp_path / "out"))
    assert {one["why"] for one in rows(tmp_path / "out")} == {"unsure"}
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"review.csv", "review.html", "answers.csv", "predictions.h5"}


@pytest.mark.slow
def test_the_loop_is_closed(trained: Path, longtake: Longtake, tmp_path: Path) -> None:
    run = trained / "crossed" / "folds" / "P1"
    done(longtake("review", run, "--out", tmp_path, "--write", "boris", "--minutes", 1))
    project = tmp_path / "answers.boris"
    told = json.loads(project.read_text())
    (name, events) = next((n, o["events"]) for n, o in told["observations"].items() if o["events"])
    for event in events:  # As a person corrects them in BORIS.
        event[2] = "low"
    project.write_text(json.dumps(told))
    given = ("--store", trained / "store", "--labels", trained / "labels.csv", project)
    done(longtake("train", *given, "--run", tmp_path / "next", *TERMINAL))
    config = Run(tmp_path / "next").config
    labels = read_labels(config.label_options, FeatureStore(trained / "store"))
    info = FeatureStore(trained / "store").info(name)
    shown = labels.at(info, 0, np.array([float(events[0][0]) + 0.5 / FPS]))
    assert labels.classes[shown[0]] == "low"


def test_a_format_of_several_files_gets_a_folder_without_a_suffix(
    trained: Path, longtake: Longtake, tmp_path: Path
) -> None:
    run = trained / "crossed" / "folds" / "P1"
    done(longtake("review", run, "--out", tmp_path, "--write", "elan", "--minutes", 1))
    assert not list(tmp_path.glob("answers.*"))
    assert list((tmp_path / "answers").rglob("*.eaf"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--minutes", 0), "--minutes 0: expected more than 0"),
        (("--longest", -1), "--longest -1: expected more than 0"),
        (("--around", -1), "--around -1: expected 0 or more"),
    ],
)
def test_times_that_are_none_are_refused(
    options: tuple[object, ...], told: str, longtake: Longtake, tmp_path: Path
) -> None:
    assert told in refusal(longtake("review", tmp_path, *options))


def test_what_somebody_may_have_corrected_is_not_replaced(
    crossed: Path, longtake: Longtake, tmp_path: Path
) -> None:
    (tmp_path / "answers.csv").write_text("mine")
    failed = longtake("review", crossed / "crossed", "--out", tmp_path)
    assert "is there already, and may have been corrected" in refusal(failed)
    assert (tmp_path / "answers.csv").read_text() == "mine"


def test_too_little_time_for_any_stretch_is_said(
    crossed: Path, longtake: Longtake, tmp_path: Path
) -> None:
    failed = longtake("review", crossed / "crossed", "--out", tmp_path, "--minutes", 0.01)
    assert "--minutes 0.01 is not enough for one stretch: the shortest takes" in refusal(failed)


def test_a_run_that_saw_all_labels_has_nothing_to_say(
    crossed: Path, longtake: Longtake, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(crossed / "crossed" / "folds" / "P1", run)
    every = [*FeatureStore(crossed / "store").ids()]
    (run / "trained.json").write_text(
        json.dumps({"run": [[name, "", 0] for name in every], "ancestors": []})
    )
    failed = longtake("review", run, "--out", tmp_path / "out")
    assert "there is nothing to review" in refusal(failed)
    assert not (tmp_path / "out").exists()


def test_a_cross_validation_whose_folds_were_trained_on_is_to_be_evaluated(
    crossed: Path, longtake: Longtake, tmp_path: Path
) -> None:
    folder = tmp_path / "crossed"
    shutil.copytree(crossed / "crossed", folder)
    shutil.copy(folder / "folds" / "P1" / "model.keras", folder / "folds" / "P2" / "model.keras")
    failed = longtake("review", folder, "--out", tmp_path / "out")
    assert "by other weights than the folds have now" in refusal(failed)
    shutil.rmtree(folder / "evaluation")
    failed = longtake("review", folder, "--out", tmp_path / "out")
    assert f"longtake evaluate {folder} writes them" in refusal(failed)


def test_numbers_have_no_classes_to_doubt(longtake: Longtake, tmp_path: Path) -> None:
    from untrained_runs import untrained

    chance = np.random.default_rng(0)
    for number in range(4):
        write_sequence(tmp_path / "store", f"s{number}", chance.normal(size=(12, 2)))
    write_intervals(tmp_path / "labels.csv", [(f"s{n}", 0.0, 3.0, "ab"[n % 2]) for n in range(4)])
    labels = tmp_path / "labels.csv"
    run = untrained(tmp_path / "store", labels, tmp_path / "run", task="multilabel")
    failed = longtake("review", run.path)
    assert "has answers for --task multilabel; review looks at" in refusal(failed)
