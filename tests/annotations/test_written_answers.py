"""Answers for annotation tools, as a person gets them from predict and evaluate."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_stores import write_sequence
from spoken import Longtake, refusal, speaking
from untrained_runs import untrained

from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.registry import read_annotations
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.labels.writing import write_intervals
from trainer.annotations.files import annotation_path, require_writable
from trainer.run.folder import Run

STEPS, FPS = 24, 4.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose model answers by chance, and two sequences of 6 s to test it on."""
    folder = tmp_path_factory.mktemp("written")
    generator = np.random.default_rng(4)
    for name in ("s0", "day/s1", "s2"):
        values = generator.normal(size=(STEPS, 3))
        write_sequence(folder / "store", name, values, FPS, "import-test")
    rows = [("s0", 0.0, 6.0, "a"), ("day/s1", 0.0, 1.5, "a"), ("day/s1", 1.5, 4.0, "b")]
    write_intervals(folder / "labels.csv", [*rows, ("s2", 0.0, 6.0, "a")])
    splits = {"train": ["s0"], "test": ["day/s1", "s2"]}
    (folder / "splits.json").write_text(json.dumps(splits))
    made = untrained(
        folder / "store", folder / "labels.csv", folder / "run", splits=folder / "splits.json"
    )
    made.write_history([{"epoch": 1, "loss": 1.0}])
    return made


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def said_in(path: Path) -> list[Annotation]:
    reading = read_annotations(path, LabelChoices())
    assert reading is not None
    return reading.annotations


def test_predict_writes_its_labels_for_tools_and_replaces_no_correction(
    run: Run, longtake: Longtake, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("predict", run.path, run.config.store, "--out", out, "--write", "boris", "names")
    code, printed, _ = longtake(*command)
    assert code == 0
    project, texts = out / "annotations" / "labels.boris", out / "annotations" / "names"
    assert f"BORIS projects: {project}\n" in printed
    rows = [row.split(",") for row in (out / "labels.csv").read_text().splitlines()[1:]]
    assert sorted((one.start, one.end, one.label) for one in said_in(project)) == sorted(
        (float(start), float(end), label) for _, start, end, label, _ in rows
    )
    assert sorted(path.relative_to(texts).as_posix() for path in texts.rglob("*.txt")) == [
        *("day/s1.txt", "s0.txt", "s2.txt")
    ]
    assert (texts / "s0.txt").read_text().count("\n") == STEPS
    code, _, noted = longtake(*command[:5])
    assert code == 0
    told = "note: of an earlier predict, whose answers may be others: labels.boris, names in "
    assert told in noted
    code, _, noted = longtake(*command)  # Its own work it replaces.
    assert code == 0
    assert "earlier predict" not in noted
    corrected = project.read_text().replace('"a"', '"b"')
    project.write_text(corrected)
    said = refusal(longtake(*command))
    assert f"{project} is not known to be as predict wrote it (somebody made or corrected" in said
    assert project.read_text() == corrected
    project.unlink()
    (texts / "s0.txt").write_text("mine\n")
    assert f"{texts} is not known" in refusal(longtake(*command))
    assert (texts / "s0.txt").read_text() == "mine\n"


def test_evaluate_writes_truth_and_prediction_on_tiers_of_their_own(
    run: Run, longtake: Longtake
) -> None:
    formats = ("elan", "label-studio", "intervals", "webvtt")
    code, _, _ = longtake("evaluate", run.path, "--bootstrap", 0, "--write", *formats)
    assert code == 0
    folder = run.evaluation_path("test") / "annotations"
    said = said_in(folder / "elan" / "day" / "s1.eaf")
    truth = [(one.start, one.end, one.label) for one in said if one.tier == "truth"]
    assert truth == [(0.0, 1.5, "a"), (1.5, 4.0, "b")]
    assert {one.tier for one in said} == {"truth", "prediction"}
    (task, other) = json.loads((folder / "label-studio" / "tasks.json").read_text())
    assert [task["data"]["sequence"], other["data"]["sequence"]] == ["day/s1", "s2"]
    ranges = [one["value"]["ranges"][0] for one in task["annotations"][0]["result"]]
    assert ranges == [{"start": 1, "end": 6}, {"start": 7, "end": 16}]
    scores = [one["score"] for one in task["predictions"][0]["result"]]
    assert all(0.5 <= score <= 1 for score in scores)
    intervals = said_in(folder / "labels.csv")
    assert {one.confidence is None for one in intervals if one.tier == "truth"} == {True}
    assert sorted(path.name for path in (folder / "webvtt").iterdir()) == ["prediction", "truth"]


@pytest.mark.parametrize(
    ("task", "outputs", "said"),
    [
        ("regression", "frame", "answers with numbers"),
        ("classification", "sequence", "answers once a sequence"),
    ],
)
def test_only_stretches_of_classes_are_written(
    task: str, outputs: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"--write elan: the model {said}, and only stretches"):
        require_writable(["elan"], tmp_path, "predict", task, outputs)
    require_writable([], tmp_path, "predict", task, outputs)


def test_no_two_formats_have_the_same_place() -> None:
    places = {annotation_path(Path("x"), writer) for writer in WRITERS.values()}
    assert len(places) == len(WRITERS)
