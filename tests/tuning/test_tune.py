"""The search as a person uses it. Most tests put a quick stand-in at the place of train."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from preprocessing.files.whole_file import partial_path
from preprocessing.terminal.options import parse
from trainer import cli
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.tuning import study as tune_study
from trainer.tuning.trial import TrialRun

Said = tuple[int, str, str]
Tune = Callable[..., Said]

# Fails at 13 units; else its loss is the farther from 0 the farther its units are from 20. Writes
# down when it is started and when it stops.
STAND_IN = """
import csv, pathlib, signal, sys, time, yaml
config = yaml.safe_load(open(sys.argv[1]))
run, pace = pathlib.Path(config["run"]), float(sys.argv[2])
def stop(*_):
    print("stopped", file=open(diary, "a"))
    raise SystemExit(75)
signal.signal(signal.SIGTERM, stop)
(run / "checkpoints").mkdir(parents=True, exist_ok=True)
diary = run / "diary.txt"
path = run / "history.csv"
rows = list(csv.DictReader(open(path))) if path.exists() else []
print("begun after", len(rows), file=open(diary, "a"))
if config["units"] == 13:
    print("python -m trainer train: error: the loss became nan", file=sys.stderr)
    raise SystemExit(2)
for epoch in range(len(rows) + 1, config["epochs"] + 1):
    time.sleep(pace)
    loss = abs(config["units"] - 20) + 1 / epoch
    rows.append({"epoch": epoch, "loss": loss, "val_loss": loss, "val_accuracy": 1 / (1 + loss)})
    with open(path.with_suffix(".partial"), "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    path.with_suffix(".partial").replace(path)
"""
WITH_STAND_IN = """
import sys
from trainer.tuning.trial import TrialRun
from trainer.cli import main
stand_in, pace, *arguments = sys.argv[1:]
TrialRun.command = property(lambda t: [sys.executable, stand_in, str(t._yaml_path), pace])
sys.argv[1:] = arguments
raise SystemExit(main())
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return path


@pytest.fixture
def arguments(memory_task: tuple[Path, Path], tmp_path: Path) -> list[str]:
    store, labels = memory_task
    run = tmp_path / "tune"
    return ["tune", "--store", str(store), "--labels", str(labels), "--run", str(run)]


@pytest.fixture
def tune(
    arguments: list[str],
    stand_in: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Tune:
    """Runs the command in this process, with the stand-in."""

    def call(*options: object, pace: float = 0) -> Said:
        def command(training: TrialRun) -> list[str]:
            return [sys.executable, str(stand_in), str(training._yaml_path), str(pace)]

        monkeypatch.setattr(TrialRun, "command", property(command))
        given = arguments[:-2] if "--run" in options else arguments
        monkeypatch.setattr(sys, "argv", ["longtake", *given, *map(str, options)])
        capfd.readouterr()
        return cli.main(), *capfd.readouterr()

    return call


def begin(arguments: list[str], stand_in: Path, pace: float, *options: object) -> Any:
    """Starts the command in a process of its own, with the stand-in."""
    return subprocess.Popen(
        [sys.executable, "-c", WITH_STAND_IN, str(stand_in), str(pace), *arguments]
        + [str(option) for option in options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(said: Said) -> str:
    assert said[0] == 2
    (line,) = (line for line in said[2].splitlines() if not line.startswith("note: "))
    assert line.startswith("longtake tune: error: ")
    return line


def read_trials(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def diaries(folder: Path) -> dict[int, list[str]]:
    """What the stand-in wrote down, by units."""
    return {
        _units(path.parent): path.read_text().splitlines()
        for path in folder.glob("trials/*/diary.txt")
    }


def _units(run: Path) -> int:
    config: TrainConfig = parse(TrainConfig, "", ["--config", f"{run}.yaml"])
    return config.units


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass within 30 s")


def test_a_search_trains_and_its_best_options_train_again(
    arguments: list[str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    thorough: bool,
) -> None:
    options = ["--trials", "2" if thorough else "1", "--epochs", "2", "--no-tensorboard"]
    options += ["--search", "units=2,12"]
    monkeypatch.setattr(sys, "argv", ["longtake", *arguments, *options, "state=carry"])
    assert cli.main() == 0
    out, _ = capfd.readouterr()
    folder = tmp_path / "tune"
    best = read_trials(folder)[0]
    assert f"next: longtake evaluate {folder / best['folder']}" in out
    assert (folder / best["folder"] / "model.keras").exists()
    history = Run(folder / best["folder"]).history
    assert float(best["val_loss"]) == min(float(row["val_loss"]) for row in history)
    again = ["--config", str(folder / "best.yaml"), "--run", "new"]
    config: TrainConfig = parse(TrainConfig, "longtake train", again)
    assert (config.units, config.epochs, config.run) == (int(best["units"]), 2, Path("new"))
    assert (folder / "tune.png").read_bytes()[:4] == b"\x89PNG"
    trained = (folder / best["folder"] / "model.keras").stat().st_mtime_ns
    monkeypatch.setattr(sys, "argv", ["longtake", "train", "--config", f"{folder}/best.yaml"])
    assert cli.main() == 0
    assert "already finished: 2 epochs" in capfd.readouterr()[0]
    assert (folder / best["folder"] / "model.keras").stat().st_mtime_ns == trained


def test_failed_pruned_and_refused_trials_do_not_stop_a_search(tune: Tune, tmp_path: Path) -> None:
    search = ("--search", "units=0,13,20,22,24", "--epochs", 6, "--trials", 14)
    code, out, _ = tune(*search)
    assert code == 0
    trials = read_trials(tmp_path / "tune")
    assert len(trials) == 14
    assert (trials[0]["state"], trials[0]["units"]) == ("done", "20")
    assert float(trials[0]["val_loss"]) == pytest.approx(1 / 6)
    reasons = {trial["units"]: trial["reason"] for trial in trials}
    assert reasons["13"] == "the loss became nan"
    assert reasons["0"] == "--units 0: expected at least 1"
    assert {t["state"] for t in trials if t["units"] == "13"} == {"failed"}
    assert {t["state"] for t in trials if t["units"] == "0"} == {"pruned"}
    assert "[14/14] trial 13" in out
    assert "the loss became nan" in out
    starts = diaries(tmp_path / "tune")
    assert all(len(starts[units]) == 1 for units in starts if units != 13)

    code, out, _ = tune(*search)
    assert code == 0
    assert "no trial is left to begin" in out
    assert read_trials(tmp_path / "tune") == trials
    assert diaries(tmp_path / "tune") == starts
    code, out, _ = tune(*search[:-1], 15)
    assert code == 0
    assert len(read_trials(tmp_path / "tune")) == 15


def test_a_trial_worse_than_the_others_is_stopped_early(
    tune: Tune, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "tune"
    monkeypatch.setattr(tune_study, "BEFORE_PRUNING", {"n_startup_trials": 1, "n_warmup_steps": 1})
    search = ("--trials", 5, "--epochs", 12, "--search", "units=20..900")
    code, out, _ = tune(*search, pace=0.1)
    assert code == 0
    trials = read_trials(folder)
    pruned = [trial for trial in trials if trial["state"] == "pruned"]
    assert pruned
    for trial in pruned:
        assert int(trial["units"]) > int(trials[0]["units"])
        assert trial["reason"].startswith("worse than the median in epoch ")
        assert int(trial["epochs"]) < 12
        assert (folder / trial["folder"] / "diary.txt").read_text().endswith("stopped\n")
    assert "worse than the median" in out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_search_that_is_stopped_goes_on(
    arguments: list[str], stand_in: Path, tune: Tune, tmp_path: Path, number: int
) -> None:
    folder, search = tmp_path / "tune", ("--trials", 2, "--epochs", 9, "--search", "units=20,21")
    process = begin(arguments, stand_in, 0.3, *search)
    wait_for(lambda: list(folder.glob("trials/*/history.csv")))
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == 75
    name = signal.Signals(number).name
    said = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert said == [f"longtake tune: {name}: stopped; start the same command again to go on"]
    (begun,) = diaries(folder)
    assert tune(*search)[0] == 0
    trials = read_trials(folder)
    assert [trial["state"] for trial in trials] == ["done", "done"]
    first, stopped, second, *_ = diaries(folder)[begun]
    assert (first, stopped) == ("begun after 0", "stopped")
    assert second != first


@pytest.mark.slow
def test_a_search_whose_worker_is_killed_goes_on_and_nothing_is_trained_twice(
    arguments: list[str], stand_in: Path, tune: Tune, tmp_path: Path
) -> None:
    folder, search = tmp_path / "tune", ("--trials", 1, "--epochs", 8, "--search", "units=20,21")
    process = begin(arguments, stand_in, 0.2, *search)
    wait_for(lambda: list(folder.glob("trials/*/history.csv")))
    process.kill()
    process.communicate()
    code, _, err = tune(*search)
    assert code == 0
    assert "waits for a training of its options that runs already" in err
    (trial,) = read_trials(folder)
    assert (trial["state"], trial["epochs"]) == ("done", "8")
    assert list(diaries(folder).values()) == [["begun after 0", "begun after 8"]]


@pytest.mark.slow
def test_workers_share_a_search(arguments: list[str], stand_in: Path, tmp_path: Path) -> None:
    search = ("--trials", 6, "--epochs", 3, "--search", "units=20..60", "--no-prune")
    workers = [begin(arguments, stand_in, 0.2, *search) for _ in range(2)]
    said = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    trials = read_trials(tmp_path / "tune")
    begun = [line for lines in diaries(tmp_path / "tune").values() for line in lines]
    assert set(begun) == {"begun after 0"}
    assert len({trial["trial"] for trial in trials}) == 6
    assert sum(out.count("] trial ") for out, _ in said) == 6


def test_a_worker_that_comes_while_another_makes_the_folder_joins_it(
    tune: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, options = tmp_path / "tune", ("--trials", 1, "--epochs", 1, "--search", "units=20")
    assert tune(*options)[0] == 0
    begun, listdir = (folder / "tune.yaml").read_text(), os.listdir
    shutil.rmtree(folder)
    folder.mkdir()
    partial = partial_path(folder / "tune.yaml")
    partial.write_text(begun)

    def list_before_the_other_is_done(path: Path) -> list[str]:
        names = listdir(path)
        if partial.exists():
            partial.rename(folder / "tune.yaml")
        return names

    monkeypatch.setattr(os, "listdir", list_before_the_other_is_done)
    assert tune(*options)[0] == 0
    assert not partial.exists()


def test_a_search_without_a_validation_split_is_refused_before_it_begins(
    tune: Tune, tmp_path: Path
) -> None:
    splits = {"train": ["s00", "s01"], "test": ["s02"]}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    said = refusal(tune("--splits", tmp_path / "splits.json"))
    assert "compares trials on a validation split and there is none" in said
    assert not (tmp_path / "tune").exists()


def test_another_search_or_other_files_in_the_folder_are_refused(
    tune: Tune, tmp_path: Path
) -> None:
    options = ("--trials", 1, "--epochs", 1)
    assert tune(*options, "--search", "units=20")[0] == 0
    said = refusal(tune(*options, "--search", "units=21"))
    assert "was begun with search units=20, not units=21; give another --run" in said
    assert "was begun with layers 2, not 3" in refusal(tune(*options, "--layers", 3))
    assert "is not empty and no search" in refusal(tune("--run", tmp_path / "task"))


def test_a_search_of_which_nothing_comes_is_an_error(tune: Tune) -> None:
    said = refusal(tune("--trials", 2, "--search", "units=13"))
    assert "none of 2 trials came to its end; trial 0: the loss became nan" in said


def test_an_objective_that_training_does_not_have_is_refused(tune: Tune) -> None:
    said = refusal(tune("--epochs", 1, "--search", "units=20", "--objective", "val_f1"))
    assert "--objective val_f1: expected one of val_loss, val_accuracy; " in said


def test_the_highest_accuracy_is_the_best(tune: Tune, tmp_path: Path) -> None:
    options = ("--objective", "val_accuracy", "--epochs", 3, "--trials", 5, "--no-prune")
    assert tune(*options, "--search", "units=14..26")[0] == 0
    values = [float(trial["val_accuracy"]) for trial in read_trials(tmp_path / "tune")]
    assert values == sorted(values, reverse=True)


def test_a_storage_that_cannot_be_used_is_one_line_without_its_password(tune: Tune) -> None:
    assert "cannot use --storage" in refusal(tune("--storage", "no database"))
    said = refusal(tune("--storage", "sqlite:////no/folder/tune.db"))
    assert "the database of the search failed" in said
    said = refusal(tune("--storage", "nosuch://me:secret@host/name"))
    assert "cannot use --storage" in said
    assert "secret" not in said


def test_a_storage_may_hold_many_searches(tune: Tune, tmp_path: Path) -> None:
    options = ("--storage", f"sqlite:///{tmp_path}/all.db", "--trials", 2, "--epochs", 1)
    for name in ("one", "two"):
        assert tune(*options, "--search", "units=20..30", "--run", tmp_path / name)[0] == 0
        assert len(read_trials(tmp_path / name)) == 2


def test_a_folder_may_have_any_name(tune: Tune, tmp_path: Path) -> None:
    folder = tmp_path / "one {a} 100%? #2"
    assert tune("--run", folder, "--trials", 1, "--epochs", 1, "--search", "units=20")[0] == 0
    assert (folder / "tune.db").exists()


def test_what_a_stranger_put_into_the_database_is_not_done(tune: Tune, tmp_path: Path) -> None:
    search = ("--epochs", 1, "--search", "units=20..30")
    assert tune("--trials", 1, *search)[0] == 0
    study = optuna.load_study(study_name="longtake", storage=f"sqlite:///{tmp_path}/tune/tune.db")
    units = optuna.distributions.IntDistribution(1, 99)
    model = optuna.distributions.CategoricalDistribution(["evil.py:f"])
    strange = {
        "params": {"units": 90, "model": "evil.py:f"},
        "distributions": {"units": units, "model": model},
        "user_attrs": {"digest": "../../elsewhere"},
    }
    waiting = optuna.trial.create_trial(state=optuna.trial.TrialState.WAITING, **strange)
    study.add_trial(waiting)
    study.add_trial(optuna.trial.create_trial(value=0.0, intermediate_values={1: 0.0}, **strange))
    assert tune("--trials", 3, *search)[0] == 0
    text = (tmp_path / "tune" / "best.yaml").read_text() + str(read_trials(tmp_path / "tune"))
    assert "evil" not in text
    assert "elsewhere" not in text
    assert list(diaries(tmp_path / "tune")) != [90]


def test_without_optuna_a_line_says_what_to_install(
    tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert 'pip install "longtake[tune]"' in refusal(tune())
