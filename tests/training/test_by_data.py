"""What options leave to the data, and defaults of before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from trainer.config import FORMER, SHRINKAGE_SECONDS, TrainConfig
from trainer.run.folder import Run
from trainer.training.by_data import chosen, said
from trainer.training.command import train
from trainer.training.data import load_data

Task = tuple[Path, Path]
SMALL: dict[str, Any] = {"units": 4, "chunk_length": 8, "tensorboard": False, "decoder": "none"}


def config_for(task: Task, run: Path, **options: Any) -> TrainConfig:
    return TrainConfig(*task, run, **{**SMALL, **options})


@pytest.mark.parametrize("rate", [0.01, 1.0, FPS, 29.97])
def test_the_training_split_counts_for_ten_seconds_whatever_the_rate(
    tmp_path: Path, rate: float
) -> None:
    for name in "abc":
        write_sequence(tmp_path / "store", name, np.zeros((9, 2)), fps=rate)
    (tmp_path / "labels.csv").write_text("sequence,label\na,x\nb,y\nc,x\n")
    task = (tmp_path / "store", tmp_path / "labels.csv")
    asked = config_for(task, tmp_path / "run", fractions=(1, 0, 0))
    data = load_data(asked)
    config = chosen(asked, data)
    assert config.normalize == "running"
    assert config.shrinkage == max(1, round(SHRINKAGE_SECONDS * rate))
    line = said(asked, config, data)
    assert line.startswith("chosen by the data: --normalize running (videos differ in what is us")
    assert f"--shrinkage {config.shrinkage} (10 s at {rate:.4g} steps a second)" in line
    assert chosen(config, data) == config
    assert said(config, config, data) == ""


@pytest.mark.parametrize(
    ("options", "normalize", "shrinkage"),
    [
        ({"inputs": "labels"}, "train", None),
        ({"inputs": "both"}, "running", 40),
        ({"normalize": "train"}, "train", None),
        ({"normalize": "none"}, "none", None),
        ({"normalize": "running", "shrinkage": 7}, "running", 7),
        ({"shrinkage": 7}, "running", 7),
    ],
)
def test_what_was_asked_for_is_not_chosen_again(
    memory_task: Task, tmp_path: Path, options: dict[str, Any], normalize: str, shrinkage: int
) -> None:
    asked = config_for(memory_task, tmp_path / "run", **options)
    config = chosen(asked, load_data(asked))
    assert (config.normalize, config.shrinkage) == (normalize, shrinkage)


@pytest.mark.slow
def test_a_run_says_what_was_chosen_and_goes_on_with_it(
    memory_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(config_for(memory_task, tmp_path / "run", epochs=1))
    assert "chosen by the data: --normalize running" in capsys.readouterr().out
    assert (run.config.normalize, run.config.shrinkage) == ("running", 40)
    again = train(config_for(memory_task, tmp_path / "run", epochs=2))
    assert len(again.history) == 2


@pytest.mark.slow
def test_a_run_of_before_goes_on_with_the_defaults_that_it_was_begun_with(
    memory_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(config_for(memory_task, tmp_path / "run", epochs=1, **FORMER))
    capsys.readouterr()
    run = train(config_for(memory_task, tmp_path / "run", epochs=2))
    assert len(run.history) == 2
    said = capsys.readouterr().err
    told = "--normalize train --shrinkage 64 --layers 1 --dropout 0.2"
    assert f"goes on with {told}, the defaults when it was begun" in said
    assert "does nothing" not in said
    assert {name: getattr(Run(tmp_path / "run").config, name) for name in FORMER} == FORMER
    with pytest.raises(InputError, match="was begun with layers 1, not 3"):
        train(config_for(memory_task, tmp_path / "run", epochs=3, layers=3))
