"""The last look at the validation split, for advice, as a user has it."""

import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interrupted import require_same
from made_stores import FPS, write_sequence
from spoken import Longtake, speaking

from preprocessing.labels.writing import write_intervals
from trainer.run.folder import Run
from trainer.run.validated import Validated
from trainer.training import last_look
from trainer.training.last_look import LastLook

Task = tuple[Path, Path]
HELPLESS = "memory beyond 8 steps is no help; --chunk-length 32 or --gradient full teaches it"


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def memoryless(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A store and labels: each step's feature says what that step is called."""
    folder, generator, rows = tmp_path_factory.mktemp("task"), np.random.default_rng(0), []
    for number in range(6):
        name, true = f"s{number}", generator.integers(0, 2, 24)
        write_sequence(folder / "store", name, 4.0 * true[:, None] - 2 + np.zeros((24, 2)))
        rows += [(name, t / FPS, (t + 1) / FPS, "ab"[label]) for t, label in enumerate(true)]
    write_intervals(folder / "labels.csv", rows)
    return folder / "store", folder / "labels.csv"


def command(task: Task, run: Path, *more: object) -> tuple[object, ...]:
    small = ("--units", 4, "--layers", 1, "--chunk-length", 8, "--epochs", 6, "--no-tensorboard")
    small += ("--learning-rate", 0.1, "--normalize", "train", "--decoder", "none", "--dropout", 0)
    return ("train", "--store", task[0], "--labels", task[1], "--run", run, *small, *more)


def test_a_memory_that_cannot_matter_is_told_after_train_and_after_evaluate(
    memoryless: Task, tmp_path: Path, longtake: Longtake
) -> None:
    run = tmp_path / "run"
    code, out, _ = longtake(*command(memoryless, run))
    assert code == 0
    (line,) = [line for line in out.splitlines() if HELPLESS in line]
    assert line.endswith("(docs/guide.md#carry-or-reset)")
    figures = r"^memory: validation (.*) with the state carried, \1 with it reset at each chunk$"
    assert re.search(figures, out, re.MULTILINE)
    assert out.splitlines()[-1].startswith(f"{run} is finished")
    found = json.loads((run / "validated.json").read_text())
    assert found["carried"] == pytest.approx(found["reset"], abs=0.01)
    assert found["segments"] <= found["true_segments"] * 1.1
    written = (run / "validated.json").stat().st_mtime_ns
    code, out, _ = longtake(*command(memoryless, run))
    assert (code, line in out, "was already finished" in out) == (0, True, True)
    assert (run / "validated.json").stat().st_mtime_ns == written
    assert HELPLESS not in longtake(*command(memoryless, run, "--quiet"))[1]


@pytest.mark.slow
def test_quiet_looks_at_nothing_and_changes_nothing_of_the_run(
    memoryless: Task, tmp_path: Path, longtake: Longtake
) -> None:
    for name, quiet in (("told", ()), ("quiet", ("--quiet",))):
        code, out, _ = longtake(*command(memoryless, tmp_path / name, "--dropout", 0.3, *quiet))
        assert code == 0
        assert ("docs/guide.md#" in out) != bool(quiet)
    told, quiet_run = Run(tmp_path / "told"), Run(tmp_path / "quiet")
    require_same(told, quiet_run)
    left = {path.name for path in quiet_run.path.iterdir()} | {"validated.json"}
    assert left == {path.name for path in told.path.iterdir()}
    assert replace(told.config, run=quiet_run.path) == quiet_run.config
    assert HELPLESS in longtake("evaluate", told.path)[1]
    assert HELPLESS not in longtake("evaluate", told.path, "--quiet")[1]


@pytest.mark.slow
def test_what_is_stopped_in_the_look_is_looked_at_by_the_same_command(
    memoryless: Task, tmp_path: Path, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert longtake(*command(memoryless, whole))[0] == 0
    looking = LastLook.take

    def signalled(self: LastLook, *given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return looking(self, *given)

    monkeypatch.setattr(LastLook, "take", signalled)
    code, out, _ = longtake(*command(memoryless, cut))
    assert code == 75
    assert "docs/guide.md#" not in out
    assert not (cut / "validated.json").exists()
    monkeypatch.setattr(LastLook, "take", looking)
    code, out, _ = longtake(*command(memoryless, cut))
    assert (code, HELPLESS in out) == (0, True)
    require_same(Run(whole), Run(cut))
    assert (cut / "validated.json").read_text() == (whole / "validated.json").read_text()


@pytest.mark.slow
def test_a_look_that_fails_costs_nothing_but_advice(
    memoryless: Task, tmp_path: Path, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: LastLook, *given: Any) -> Any:
        raise OSError("no such disk")

    monkeypatch.setattr(LastLook, "take", failing)
    code, out, err = longtake(*command(memoryless, tmp_path / "run"))
    assert (code, HELPLESS in out) == (0, False)
    assert "note: no look at validation for advice: no such disk" in err
    assert (tmp_path / "run" / "calibration.json").exists()
    assert not (tmp_path / "run" / "validated.json").exists()


@pytest.mark.slow
def test_training_further_takes_the_look_of_the_earlier_end_away(
    memoryless: Task, tmp_path: Path, longtake: Longtake
) -> None:
    run = tmp_path / "run"
    assert longtake(*command(memoryless, run))[0] == 0
    assert longtake(*command(memoryless, run, "--epochs", 7, "--quiet"))[0] == 0
    assert not (run / "validated.json").exists()


@pytest.mark.slow
def test_a_look_that_would_cost_much_is_not_taken(
    memoryless: Task, tmp_path: Path, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_look, "MOST_SHARE", 0.04)
    code, out, _ = longtake(*command(memoryless, tmp_path / "run"))
    assert (code, HELPLESS in out) == (0, False)
    found = json.loads((tmp_path / "run" / "validated.json").read_text())
    assert found["reset"] is None
    assert found["segments"] is not None  # Of answers that the temperature needed anyway.


def test_figures_beyond_all_measure_are_not_kept() -> None:
    """Advice must not fail a training: of numbers near 1e18 the mean error is as large."""
    assert [Validated.score_of(x) for x in (0.5, 1e18, float("nan"))] == [0.5, None, None]
