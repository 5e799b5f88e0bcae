"""Trainings that differ in their seed only, as a user has them; they take place in this process."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from quick_trainings import train_here, use_stand_in, write_persons
from spoken import Longtake, Said, refusal, speaking

from preprocessing.errors import InputError
from trainer.config import TrainConfig
from trainer.repeats.options import RepeatedTrainConfig
from trainer.run.folder import Run
from trainer.run.members import members
from trainer.training.by_data import as_chosen

QUICK = ("--units", "4", "--layers", "1", "--chunk-length", "8", "--epochs", "1")
QUICK += ("--no-tensorboard",)


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_persons(tmp_path_factory.mktemp("repeats"), 4, 3)


def train_command(data: tuple[Path, Path], run: Path, *options: object) -> tuple[object, ...]:
    return ("train", "--store", data[0], "--labels", data[1], "--run", run, *QUICK, *options)


@pytest.fixture(scope="module")
def repeated(data: tuple[Path, Path]) -> Path:
    """A run of the seeds 5 and 6."""
    run = data[0].parent / "run"
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_here(monkeypatch)
        from trainer.repeats.command import train_repeatedly

        shared = {"units": 4, "layers": 1, "chunk_length": 8, "epochs": 1, "tensorboard": False}
        assert train_repeatedly(RepeatedTrainConfig(*data, run, seed=5, repeats=2, **shared)) == 0
    return run


def test_seeds_have_the_same_splits_and_other_weights(repeated: Path) -> None:
    runs = [Run(path) for path in members(repeated)]
    assert [run.path.name for run in runs] == ["5", "6"]
    assert [run.config.seed for run in runs] == [5, 6]
    assert runs[0].splits == runs[1].splits
    assert runs[0].weights_digest != runs[1].weights_digest


@pytest.mark.slow
def test_the_same_command_trains_nothing_again_and_more_repeats_add_to_it(
    repeated: Path, data: tuple[Path, Path], longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = train_here(monkeypatch)
    code, out, _ = longtake(*train_command(data, repeated, "--seed", 5, "--repeats", 2))
    assert code == 0
    assert begun == []
    assert "[2/2] seed 6: 1 epoch, best in epoch 1 (val_loss " in out
    assert out.splitlines()[-1] == f"{repeated}: 2 seeds; next: longtake evaluate {repeated}"
    assert out.count("(docs/guide.md#") == 1  # Advice, once for all seeds.
    quiet = longtake(*train_command(data, repeated, "--seed", 5, "--repeats", 2, "--quiet"))
    assert quiet[1] == "".join(line for line in out.splitlines(True) if "docs/guide" not in line)
    assert longtake(*train_command(data, repeated, "--seed", 5, "--repeats", 3))[0] == 0
    assert begun == ["7"]
    assert Run(repeated / "seeds" / "7").splits == Run(repeated / "seeds" / "5").splits


@pytest.mark.slow
def test_evaluate_takes_all_seeds_as_one(repeated: Path, longtake: Longtake) -> None:
    code, out, _ = longtake("evaluate", repeated)
    assert code == 0
    metrics = json.loads((repeated / "evaluation" / "test" / "metrics.json").read_text())
    each = [
        json.loads((Run(run).evaluation_path("test") / "metrics.json").read_text())
        for run in members(repeated)
    ]
    assert metrics["runs"] == [run.name for run in members(repeated)]
    for name in ("accuracy", "f1", "edit", "map"):
        values = [one[name] for one in each]
        assert metrics["seeds"][name]["values"] == values
        assert metrics["seeds"][name]["mean"] == metrics[name] == pytest.approx(np.mean(values))
        assert metrics["seeds"][name]["sd"] == pytest.approx(np.std(values, ddof=1))
    low, high = metrics["intervals"]["accuracy"]
    assert low <= metrics["accuracy"] <= high
    assert metrics["sequences"] == each[0]["sequences"]
    assert [row["sequence_id"] for row in metrics["per_sequence"]] == sorted(
        Run(members(repeated)[0]).splits.test
    )
    assert f"sd {metrics['seeds']['accuracy']['sd']:.4f} over {len(each)} seeds" in out
    folder = repeated / "evaluation" / "test"
    assert f"report: {folder / 'report.html'}" in out
    page = (folder / "report.html").read_text()
    assert f"run: test, {len(each)} seeds" in page
    links = re.findall(r'href="([^"#]+)"', page)
    names = [run.name for run in members(repeated)]
    assert links == [f"../../seeds/{name}/evaluation/test/report.html" for name in names]
    assert all((folder / link).is_file() for link in links)
    assert "Not held out" not in page
    assert longtake("evaluate", repeated, "--split", "train")[0] == 0
    page = (folder.parent / "train" / "report.html").read_text()
    assert "<b>Not held out:</b> all sequences were trained on" in page


def test_commands_that_want_one_model_are_told_which_folder_to_give(
    repeated: Path, data: tuple[Path, Path], longtake: Longtake, tmp_path: Path
) -> None:
    seeds = repeated / "seeds"
    wanted = f"is no run but several, in {seeds}; give one of them, as {seeds / '5'}"
    for command in (
        ("predict", repeated, data[0], "--out", tmp_path / "out"),
        ("stream", repeated, "0"),
        ("export", repeated, "--format", "keras", "--out", tmp_path / "model.keras"),
        train_command(data, tmp_path / "run", "--continue-from", repeated),
    ):
        assert wanted in refusal(longtake(*command))


def test_another_command_in_the_same_folder_is_refused(
    repeated: Path, data: tuple[Path, Path], longtake: Longtake, tmp_path: Path
) -> None:
    other = train_command(data, repeated, "--seed", 5, "--repeats", 2, "--layers", 3)
    said = "was begun with layers 1, not 3; give another --run, or the same options to go on"
    assert said in refusal(longtake(*other))
    lone = repeated / "seeds" / "5"
    said = f"{lone} is not empty and no repeated training; give --run a folder of its own"
    assert said in refusal(longtake(*train_command(data, lone, "--repeats", 2)))
    labels = tmp_path / "labels.csv"
    labels.write_text(data[1].read_text().replace("low", "deep"))
    fewer = train_command(data, repeated, "--seed", 5, "--repeats", 1)
    said = ", not 1; give as many or more, or another --run"
    assert said in refusal(longtake(*fewer))
    changed = train_command((data[0], labels), repeated, "--seed", 5, "--repeats", 3)
    said = "was begun with other data: changed are the classes in --labels (with deep, 2)"
    assert said in refusal(longtake(*changed))


def test_bad_data_are_told_before_anything_is_begun(
    data: tuple[Path, Path], longtake: Longtake, tmp_path: Path
) -> None:
    command = train_command((data[0], tmp_path / "none.csv"), tmp_path / "run", "--repeats", 3)
    assert "none.csv" in refusal(longtake(*command))
    assert not (tmp_path / "run").exists()


def test_what_fails_has_an_exit_code_of_its_own(
    data: tuple[Path, Path], longtake: Longtake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    said: Said = longtake(*train_command(data, tmp_path / "run", "--repeats", 2, "--units", 13))
    assert "none of 2 seeds came to its end; seed 0: the loss became nan" in refusal(said)


def test_one_training_is_an_ordinary_run(
    data: tuple[Path, Path], longtake: Longtake, tmp_path: Path
) -> None:
    code, _, err = longtake(*train_command(data, tmp_path / "run", "--jobs", 2))
    assert code == 0
    assert "note: --jobs 2 does nothing without --repeats" in err
    config = TrainConfig(
        *data, tmp_path / "run", units=4, layers=1, chunk_length=8, epochs=1, tensorboard=False
    )
    assert Run(tmp_path / "run").config == as_chosen(config, Run(tmp_path / "run").config)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"repeats": 0}, "--repeats 0: expected at least 1"),
        ({"jobs": 0}, "--jobs 0: expected at least 1"),
        ({"repeats": 3, "seed": 2**32 - 2}, "expected 3 seeds below 2^32"),
        ({"repeats": 2, "strategy": "multiworker"}, "each process would repeat it"),
    ],
)
def test_repeats_that_make_no_sense_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as refused:
        RepeatedTrainConfig(Path("store"), Path("labels"), Path("run"), **options)  # type: ignore[arg-type]
    assert said in str(refused.value)


@pytest.mark.slow
def test_seeds_are_trained_in_processes_of_their_own(
    data: tuple[Path, Path], longtake: Longtake, tmp_path: Path
) -> None:
    command = train_command(data, tmp_path / "run", "--repeats", 2, "--jobs", 2)
    code, out, _ = longtake(*command)
    assert code == 0
    assert "[2/2] seed " in out
    assert len(members(tmp_path / "run")) == 2
