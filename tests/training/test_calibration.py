"""A run gets the temperature that its validation split asks for, once, whatever happens."""

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from interrupted import config_for
from quick_trainings import write_persons

from preprocessing.errors import InputError
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.evaluation.command import evaluate
from trainer.evaluation.options import EvaluateConfig
from trainer.model.model_file import load_model, save_model
from trainer.model.temperature import temperature_of, uncalibrated
from trainer.run.calibration import read_calibration
from trainer.run.folder import Run
from trainer.training.command import train
from trainer.trainings.process import TrainingProcess

OPTIONS: dict[str, Any] = {"epochs": 3, "decoder": "none", "fractions": (0.5, 0.3, 0.2)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("calibration")
    return train(config_for(write_persons(folder, 4, 2), folder / "run", **OPTIONS))


def content(run: Run) -> tuple[str, list[np.ndarray]]:
    return run.calibration_path.read_text(), load_model(run.model_path).get_weights()


def test_it_is_told_what_it_did_and_the_model_answers_so(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    known = trained.calibration
    assert known
    assert temperature_of(load_model(trained.model_path)) == pytest.approx(known.temperature)
    metrics = evaluate(EvaluateConfig(trained.path, "validation", bootstrap=0))
    assert metrics["ece"] == pytest.approx(known.ece_after, abs=1e-5)
    assert metrics["steps"] == known.steps
    page = (trained.evaluation_path("validation") / "report.html").read_text()
    assert f"A temperature of {known.temperature:.2f}" in page
    layers = load_model(trained.model_path).layers
    assert {type(layer).__module__.split(".")[0] for layer in layers} == {"keras"}


@pytest.mark.parametrize("lost", ["calibration.json", pytest.param("both", marks=pytest.mark.slow)])
def test_killed_in_between_or_trained_before_there_was_one_the_same_command_does_it(
    trained: Run, tmp_path: Path, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    before = content(run)
    run.calibration_path.unlink()
    if lost == "both":
        save_model(uncalibrated(load_model(run.model_path)), run.model_path)
    config = TrainConfig(**{**vars(run.config), "run": run.path})
    train(config)
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "temperature" in line]
    known = run.calibration
    assert known
    assert said.startswith(f"temperature {known.temperature:.2f}, chosen on validation: expected")
    again = content(run)
    one, other = (json.loads(found[0]) for found in (before, again))
    assert (one.pop("weights"), one.pop("steps")) == (other.pop("weights"), other.pop("steps"))
    assert one == pytest.approx(other, rel=1e-6)
    train(config)
    assert "temperature" not in capsys.readouterr().out
    assert content(run)[0] == again[0]


def test_one_of_many_trainings_is_not_done_before_it_has_it(trained: Run, tmp_path: Path) -> None:
    shutil.copytree(trained.path, tmp_path / "run")
    training = TrainingProcess(trained.config, tmp_path, "run")
    training.run.config_path.write_text(to_yaml(training.config))
    assert training.is_done
    training.run.calibration_path.unlink()
    assert not training.is_done


@pytest.mark.slow
def test_a_run_that_is_continued_begins_without_it_and_gets_its_own(
    trained: Run, tmp_path: Path
) -> None:
    base = trained.config
    begun: list[keras.Model] = []

    class Seen(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            begun.append(self.model)

    config = config_for((base.store, base.labels), tmp_path / "run", **OPTIONS)
    config = TrainConfig(**{**vars(config), "continue_from": trained.path, "units": 6})
    run = train(config, [Seen()])
    assert temperature_of(begun[0]) == 1
    assert run.calibration
    assert temperature_of(load_model(run.model_path)) == pytest.approx(run.calibration.temperature)


@pytest.mark.slow
def test_it_belongs_to_the_model_that_is_there(trained: Run, tmp_path: Path) -> None:
    """Trained further, a run has the old one only as long as no epoch is better."""
    shutil.copytree(trained.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    train(TrainConfig(**{**vars(run.config), "run": run.path, "epochs": 6}))
    assert run.calibration
    assert temperature_of(load_model(run.model_path)) == pytest.approx(run.calibration.temperature)


@pytest.mark.slow
def test_without_validation_there_is_none_and_a_line_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_persons(tmp_path, 4, 1)
    options = {**OPTIONS, "epochs": 1, "fractions": (0.8, 0.0, 0.2)}
    run = train(config_for(data, tmp_path / "run", **options))
    said = capsys.readouterr().out
    assert "temperature: none; there is no validation split to choose it by\n" in said
    assert run.calibration is None
    assert temperature_of(load_model(run.model_path)) == 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("no JSON", "Expecting value"),
        ("[]", "mapping"),
        ('{"temperature": 1.0}', "missing"),
        (None, "temperature is inf"),
        ("steps", "steps is True"),
        ("ece_after", "errors are"),
    ],
)
def test_what_a_stranger_wrote_is_read_with_care(
    trained: Run, tmp_path: Path, damage: str | None, reason: str
) -> None:
    path = tmp_path / "calibration.json"
    told = json.loads(trained.calibration_path.read_text())
    if damage is None:
        damage = json.dumps(told | {"temperature": float("inf")})
    elif damage in told:
        damage = json.dumps(told | {damage: True if damage == "steps" else 1.5})
    path.write_text(damage)
    with pytest.raises(InputError, match=reason):
        read_calibration(path)
    assert read_calibration(tmp_path / "none.json") is None
