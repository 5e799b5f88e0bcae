"""Runs that cannot answer together are refused in one line, which says what differs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from quick_trainings import write_persons
from untrained_runs import untrained

from preprocessing.errors import InputError
from preprocessing.files.whole_file import machine
from preprocessing.labels.splits import Splits
from preprocessing.terminal.options import from_yaml, to_yaml
from trainer.config import TrainConfig
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.repeats.command import run_train
from trainer.repeats.options import RepeatedTrainConfig
from trainer.run.folder import Run
from trainer.run.lineage import Lineage, Recording
from trainer.streaming.online import OnlineTrainer
from trainer.training.command import train
from trainer.tuning.command import run_tune
from trainer.tuning.options import TuneConfig

NAMES = [f"P{person}_{take}" for person in (1, 2, 3) for take in range(2)]
SPLITS = {"train": NAMES[:2], "validation": NAMES[2:4], "test": NAMES[4:]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, labels and a run."""
    root = tmp_path_factory.mktemp("fitting")
    write_persons(root, 3, 2)
    (root / "splits.json").write_text(json.dumps(SPLITS))
    untrained(root / "store", root / "labels.csv", root / "one", splits=root / "splits.json")
    return root


@pytest.fixture
def one(root: Path) -> Run:
    return Run(root / "one")


def altered(
    run: Run,
    folder: Path,
    splits: dict[str, list[str]] | None = None,
    facts: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """A copy of a run that says other things of itself."""
    path = folder / "other"
    shutil.copytree(run.path, path)
    if splits:
        (path / "splits.json").write_text(json.dumps(splits))
        own = Lineage(frozenset(map(Recording, splits["train"])))
        (path / "trained.json").write_text(own.to_json())
    told = json.loads((path / "run.json").read_text()) | (facts or {})
    (path / "run.json").write_text(json.dumps(told))
    config = from_yaml(TrainConfig, path / "config.yaml")
    (path / "config.yaml").write_text(to_yaml(TrainConfig(**{**vars(config), **options})))
    return path


def refused(runs: list[Path], new: Path) -> str:
    with pytest.raises(InputError) as told:
        make_ensemble(EnsembleConfig(tuple(runs), new))
    assert not new.exists()
    assert not list(new.parent.glob(".*"))
    return str(told.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"facts": {"classes": ["high", "mid"]}}, "their classes differ, by low, mid"),
        ({"facts": {"classes": ["low", "high"]}}, "their classes differ, in their order"),
        ({"facts": {"dimension": 9}}, "their features differ, made with dimension 2 and 9"),
        ({"facts": {"fps": "8"}}, "their features differ, made with fps 4.0 and 8"),
        ({"facts": {"backbone": "b"}}, "their features differ, made with backbone test and b"),
        ({"outputs": "sequence"}, "their --outputs differ, frame and sequence"),
        ({"ignore_label": ("mid",)}, "their --ignore-label differ, none and mid"),
        ({"label_fps": 3.0}, "their --label-fps differ, none and 3.0"),
        ({"inputs": "both"}, "their --inputs differ, features and both"),
        ({"horizon": 2}, "their --horizon differ, 0 and 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_named(
    one: Run, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    other = altered(one, tmp_path, **changed)
    assert refused([one.path, other], tmp_path / "new") == (
        f"{one.path} and {other} do not fit: {said}; expected runs of the same task, classes, "
        "features, labels and test"
    )


def test_another_task_does_not_fit(one: Run, tmp_path: Path) -> None:
    other = altered(one, tmp_path, facts={"task": "multilabel"}, task="multilabel")
    said = "their tasks differ, classification and multilabel"
    assert said in refused([one.path, other], tmp_path / "new")


@pytest.mark.parametrize(("part", "what"), [("train", "trained"), ("validation", "validated")])
def test_what_one_tests_another_must_not_have_used(
    one: Run, tmp_path: Path, part: str, what: str
) -> None:
    splits = {"train": NAMES[:2], "validation": [], "test": NAMES[5:]}
    splits[part] = [*splits[part], NAMES[4]]
    other = altered(one, tmp_path, splits)
    said = f"{one.path} and {other} do not fit: the latter was {what} on {NAMES[4]}, which the"
    for order in ([one.path, other], [other, one.path]):
        assert refused(order, tmp_path / "new").startswith(said)


def test_what_one_trained_on_counts_as_trained_on_by_all(one: Run, tmp_path: Path) -> None:
    splits = {"train": NAMES[1:3], "validation": NAMES[3:4], "test": NAMES[5:]}
    other = altered(one, tmp_path, splits)
    (run,) = make_ensemble(EnsembleConfig((one.path, other), tmp_path / "new"))
    test = (*NAMES[4:5], *NAMES[5:])
    assert run.splits == Splits(tuple(NAMES[:3]), tuple(NAMES[3:4]), test)
    assert {it.sequence_id for it in run.lineage.run} == set(NAMES[:3])


def test_ancestors_of_all_members_are_not_held_out(one: Run, tmp_path: Path) -> None:
    other = altered(one, tmp_path)
    lineage = Lineage(one.lineage.run, frozenset({Recording(NAMES[4])}))
    (other / "trained.json").write_text(lineage.to_json())
    (run,) = make_ensemble(EnsembleConfig((one.path, other), tmp_path / "new"))
    said = (
        f"1 of 2 sequences of the test split ({NAMES[4]}) were trained on, by a member of "
        f"{run.path} or a run that it continues: they are not held out"
    )
    with pytest.raises(InputError, match=f"^{re.escape(said)}"):
        evaluate(EvaluateConfig(run.path))


def test_what_has_no_model_or_is_no_run_is_refused(one: Run, tmp_path: Path) -> None:
    new, other = tmp_path / "new", altered(one, tmp_path)
    (other / "model.keras").unlink()
    assert refused([other], new) == f"{other} has no model yet; train it first"
    assert "is no run" in refused([tmp_path / "nothing"], new)
    assert refused([one.path, one.path], new) == (
        f"{one.path} is given twice; expected different runs"
    )
    with pytest.raises(InputError, match="no run given"):
        EnsembleConfig((), new)


def test_nothing_is_written_over(one: Run, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    config = EnsembleConfig((one.path,), tmp_path / "new")
    make_ensemble(config)
    with pytest.raises(InputError, match=r"new is not empty; give --run a folder of its own, or"):
        make_ensemble(config)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file; expected a folder"):
        make_ensemble(EnsembleConfig((one.path,), tmp_path / "file"))


def test_what_a_killed_process_left_is_taken_away(one: Run, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    whose = {"gone": process.pid, "own": os.getpid(), "alive": os.getppid()}
    left = {who: tmp_path / f".{pid}-{machine()}.partial.new" for who, pid in whose.items()}
    other = tmp_path / f".{process.pid}-{machine()}.partial.newer"
    for folder in (*left.values(), other):
        (folder / "members" / "1").mkdir(parents=True)
    make_ensemble(EnsembleConfig((one.path,), tmp_path / "new"))
    assert {path for path in tmp_path.iterdir() if path.name[0] == "."} == {left["alive"], other}


def test_it_is_not_trained(one: Run, tmp_path: Path) -> None:
    (run,) = make_ensemble(EnsembleConfig((one.path,), tmp_path / "new"))
    (again,) = make_ensemble(EnsembleConfig((run.path,), tmp_path / "again"))
    assert [member.path for member in again.answering] == [again.path / "members" / "1"]
    said = "is an ensemble, which answers and is not trained; give a run of one model"
    options = {**vars(one.config), "tensorboard": False}
    with pytest.raises(InputError, match=f"--run {run.path} {said}"):
        train(TrainConfig(**{**options, "run": run.path}))
    further = {**options, "continue_from": run.path, "run": tmp_path / "next"}
    with pytest.raises(InputError, match=f"--continue-from {run.path} {said}"):
        train(TrainConfig(**further))
    with pytest.raises(InputError, match=f"--continue-from {run.path} {said}"):
        run_train(RepeatedTrainConfig(**further, repeats=2))
    with pytest.raises(InputError, match=f"--continue-from {run.path} {said}"):
        run_tune(TuneConfig(one.config.store, one.config.labels, tmp_path, continue_from=run.path))
    with pytest.raises(InputError, match=f"the run {run.path} {said}"):
        OnlineTrainer.from_run(run.path)
