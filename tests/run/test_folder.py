"""A run as Python shows it: its state in words, its history in numbers."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.run.checkpoint import Progress
from trainer.run.folder import Run, load_run

figures = st.floats(allow_nan=False) | st.integers(0, 10**12) | st.none()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(to_yaml(TrainConfig("s", "l", "r", epochs=9)))
    (tmp_path / "run" / "checkpoints").mkdir()
    return load_run(str(tmp_path / "run"))


def state(run: Run) -> str:
    beginning = f"<Run({str(run.path)!r}): "
    shown = repr(run)
    assert shown.startswith(beginning)
    assert shown.endswith(">")
    assert "\n" not in shown
    return shown.removeprefix(beginning)[:-1]


def test_a_run_says_how_far_it_is(run: Run, tmp_path: Path) -> None:
    assert state(Run(tmp_path / "elsewhere")) == "not trained yet"
    assert state(run) == "0 of 9 epochs trained"
    run.checkpoints.save(Progress(epoch=3, updates=30), {}, 1)
    assert state(run) == "3 of 9 epochs trained"
    run.checkpoints.save(Progress(epoch=7, updates=70, best_epoch=5, finished=True), {}, 1)
    assert state(run) == "trained to its end, 7 epochs, the best of them 5"
    run.checkpoints.save(Progress(epoch=9, updates=90, finished=True), {}, 1)
    assert state(run) == "trained to its end, 9 epochs"


def test_a_copy_without_checkpoints_is_trained(run: Run) -> None:
    run.model_path.touch()
    assert state(run) == "trained"


def test_an_ensemble_says_of_how_many(run: Run) -> None:
    (run.path / "ensemble.yaml").touch()
    assert state(run).startswith("cannot be read (")
    for number in "12":
        (run.path / "members" / number).mkdir(parents=True)
    assert state(run) == "an ensemble of 2"


@settings(max_examples=30)
@given(content=st.binary(max_size=60))
def test_a_broken_run_is_shown_too(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    run = Run(tmp_path_factory.mktemp("broken"))
    run.config_path.write_bytes(content)
    (run.path / "checkpoints").write_bytes(content)
    assert state(run)
    assert state(Run(f"{run.path}\0"))


@given(rows=st.lists(st.fixed_dictionaries({"loss": figures, "score": figures}), max_size=4))
@settings(max_examples=30)
def test_a_history_is_read_as_the_numbers_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    rows = [{"epoch": number, **row} for number, row in enumerate(rows, start=1)]
    run.write_history(rows)
    assert run.history == rows
    for found, row in zip(run.history, rows, strict=True):
        assert all(type(found[name]) is type(value) for name, value in row.items())


@pytest.mark.parametrize("cells", ["one", "1,2,3", "1,0x2"])
def test_a_history_that_holds_no_numbers_is_refused(run: Run, cells: str) -> None:
    run.history_path.write_text(f"epoch,loss\n{cells}\n")
    with pytest.raises(InputError, match="delete it to go on without its curves"):
        _ = run.history
