"""What a model was trained on is not counted as held out, whatever it is called."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_stores import write_sequence

from preprocessing.errors import InputError
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.run.folder import Run
from trainer.training.command import train

NAMES = [f"s{number}" for number in range(6)]
SPLITS = {"train": NAMES[:3], "validation": NAMES[3:4], "test": NAMES[4:]}


def write_task(folder: Path, names: dict[str, str]) -> dict[str, Path]:
    """Writes a store and labels of sequences with fingerprints; the print tells the features."""
    rows = ["sequence,label"]
    for name, fingerprint in names.items():
        generator = np.random.default_rng(list(fingerprint.encode()))
        features = generator.normal(size=(12, 2))
        write_sequence(folder / "store", name, features, fingerprint=fingerprint)
        rows.append(f"{name},{'ab'[len(rows) % 2]}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return {"store": folder / "store", "labels": folder / "labels.csv"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("base")
    task = write_task(folder, {name: f"print of {name}" for name in NAMES})
    (folder / "splits.json").write_text(json.dumps(SPLITS))
    return train(
        TrainConfig(
            **task, run=folder / "run", splits=folder / "splits.json",
            units=2, epochs=1, tensorboard=False,
        )
    )  # fmt: skip


def page_of(run: Run, split: str) -> str:
    return (run.evaluation_path(split) / "report.html").read_text()


def test_what_was_held_out_is_said_to_be_so(base: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(EvaluateConfig(base.path, bootstrap=0))["seen"] == []
    written = json.loads((base.evaluation_path("test") / "metrics.json").read_text())
    assert written["seen"] == []
    assert "Not held out" not in page_of(base, "test")
    assert "trained on; " not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("split", "words"), [("train", "all sequences"), ("all", "3 of 6 sequences")]
)
def test_what_was_trained_on_is_named_where_it_was_asked_for(
    base: Run, split: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(EvaluateConfig(base.path, split, bootstrap=0))["seen"] == NAMES[:3]
    assert f"Not held out:</b> {words} were trained on" in page_of(base, split)
    said = "note: 3 of 6 sequences were trained on; the figures include them\n"
    assert (said in capsys.readouterr().err) == (split == "all")


def test_a_sequence_of_training_that_comes_back_under_another_name_is_refused(
    base: Run, tmp_path: Path
) -> None:
    task = write_task(tmp_path, {"new": "another", "again": "print of s1"})
    config = EvaluateConfig(base.path, "all", **task, bootstrap=0)
    expected = (
        f"1 of 2 sequences among these (again) were trained on, by {base.path} or a run that it "
        "continues: they are not held out; take them out of the labels or splits, or give "
        "--allow-seen to count them all the same, which metrics.json and the page then say"
    )
    with pytest.raises(InputError, match=f"^{re.escape(expected)}$"):
        evaluate(config)
    assert evaluate(replace(config, allow_seen=True))["seen"] == ["again"]
    assert "Not held out:</b> 1 of 2 sequences were trained on" in page_of(base, "all")


def test_data_that_have_moved_are_still_all_of_the_run(
    base: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(base.config.store, tmp_path / "moved")
    moved = EvaluateConfig(base.path, "all", store=tmp_path / "moved", bootstrap=0)
    assert evaluate(moved)["seen"] == NAMES[:3]
    assert "3 of 6 sequences were trained on; the figures include them" in capsys.readouterr().err


@pytest.mark.slow
def test_what_ancestors_were_trained_on_is_not_held_out(
    base: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = {"train": NAMES[3:], "test": NAMES[:3]}
    (tmp_path / "turned.json").write_text(json.dumps(turned))
    config = replace(base.config, run=tmp_path / "second", continue_from=base.path)
    second = train(replace(config, splits=tmp_path / "turned.json"))
    said = "was trained on 3 sequences of the test split (s0, s1, s2): they are not held out"
    assert said in capsys.readouterr().err
    third = train(replace(config, run=tmp_path / "third", splits=None, continue_from=second.path))
    assert sorted(third.splits.train) == NAMES[3:]
    for run in (second, third):
        assert {it.sequence_id for it in run.lineage.ancestors} >= set(NAMES[:3])
        with pytest.raises(InputError, match=r"3 of 3 sequences of the test split \(s0, s1, s2\)"):
            evaluate(EvaluateConfig(run.path))
    assert evaluate(EvaluateConfig(third.path, allow_seen=True, bootstrap=0))["seen"] == NAMES[:3]
    assert "Not held out:</b> all sequences were trained on" in page_of(third, "test")
