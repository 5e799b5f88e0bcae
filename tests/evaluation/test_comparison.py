import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import h5py
import naive_metrics as naive
import numpy as np
import pytest
from prediction_files import write_predictions

from preprocessing.errors import InputError
from preprocessing.labels.class_colours import COLOURS, class_colours
from preprocessing.terminal.options import parse, to_yaml
from trainer import cli
from trainer.config import TrainConfig
from trainer.evaluation.comparison import CompareConfig, compare, run_compare
from trainer.evaluation.comparison_table import comparison_lines
from trainer.evaluation.scoring import score
from trainer.metrics import HEADLINES, Bootstrap
from trainer.report.comparison_page import INKS, SHAPES
from trainer.run.folder import Run

CLASSES = ["a", "<b>", "c"]
MadeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MadeRun:
    """Makes what an evaluated run leaves behind: its configuration and its answers."""

    def make(name: str, arrays: dict[str, Any], task: str = "classification", **facts: Any) -> Path:
        run = tmp_path / name
        outputs = facts.pop("outputs", "frame")
        options = facts.pop("options", {})
        config = TrainConfig(Path("store"), Path("labels"), run, outputs=outputs, **options)
        folder = run / "evaluation" / "test"
        folder.mkdir(parents=True)
        (run / "config.yaml").write_text(to_yaml(config))
        (folder / "metrics.json").write_text(json.dumps({"feed": facts.pop("feed", None)}))
        classes = facts.pop("classes", CLASSES)
        write_predictions(folder / "predictions.h5", classes, arrays, task, **facts)
        return run

    return make


def answers(seed: int, right: float, task: str = "classification") -> dict[str, Any]:
    """Four sequences with the same truth for any seed; the second is partly without labels."""
    truth, generator = np.random.default_rng(9), np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    for number, steps in enumerate((30, 12, 25, 7)):
        true = np.repeat(truth.integers(0, 3, steps), 2)[:steps]
        keep = generator.random(steps) < right
        said = np.where(keep, true, generator.integers(0, 3, steps))
        probabilities = 0.1 + 0.7 * np.eye(3)[said]
        row: dict[str, Any] = {"true": true, "probabilities": probabilities}
        if task == "multilabel":
            row["true"] = np.eye(3, dtype=int)[true]
        if task == "regression":
            row = {"true": np.eye(3)[true], "predicted": probabilities}
        if number == 1:
            row["true"][3:6] = np.nan if task == "regression" else -1
        arrays[f"day/{number}"] = row
    return arrays


@pytest.mark.parametrize("task", list(HEADLINES))
def test_a_comparison_has_the_figures_and_intervals_of_each_run(
    task: str, make_run: MadeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [make_run(name, answers(n, n / 3, task), task) for n, name in enumerate("xyz", 1)]
    assert run_compare(CompareConfig(tuple(runs), out=tmp_path / "out")) == 0
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [run["name"] for run in found["runs"]] == ["x", "y", "z"]
    for path, run in zip(runs, found["runs"], strict=True):
        metrics = score(path / "evaluation" / "test" / "predictions.h5", segmental=True)
        for name in HEADLINES[task]:
            assert run["metrics"][name] == metrics[name]
            assert run["intervals"][name] == metrics["intervals"][name]
    printed = capsys.readouterr().out
    assert "y minus x" in printed
    assert "report: " in printed
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)[^#]", page)
    assert "prefers-color-scheme: dark" in page
    assert ("&lt;b&gt;</span>" in page) == (task == "classification")
    assert page.count("<path transform") == 3 + 4 * 3
    # The truth and each run.
    assert (page.count("<img") >= 4 * 4) == (task == "classification")


def test_differences_are_paired_in_every_draw(make_run: MadeRun) -> None:
    sides = [answers(1, 0.5), answers(2, 0.8)]
    runs = tuple(make_run(name, side) for name, side in zip("xy", sides, strict=True))
    found = compare(CompareConfig(runs, bootstrap=40))
    pairs = [
        [
            ([None if t < 0 else int(t) for t in row["true"]], row["probabilities"].argmax(1))
            for row in side.values()
        ]
        for side in sides
    ]
    weights = np.concatenate(list(Bootstrap(40).draws(4))).astype(int)
    gains = []
    for row in weights:
        sample = np.repeat(np.arange(4), row)
        one, other = (naive.accuracy([side[number] for number in sample]) for side in pairs)
        gains.append(other - one)
    interval = found["runs"][1]["difference"]["accuracy"]["interval"]
    assert interval == pytest.approx(naive.interval(gains, 4), abs=1e-6)
    assert found["runs"][0]["difference"] is None


def test_the_same_answers_differ_in_no_draw(make_run: MadeRun) -> None:
    runs = (make_run("x", answers(1, 0.5)), make_run("y", answers(1, 0.5)))
    row = compare(CompareConfig(runs))["runs"][1]
    unsure = {"seeds": None, "sure": False}
    assert row["difference"]["f1@50"] == {"value": 0, "interval": [0, 0], **unsure}
    assert row["difference"]["map"] == {"value": 0, "interval": None, **unsure}
    assert row["sequences"] == {"better": 0, "worse": 0, "equal": 4}


def test_sequences_are_counted_and_the_worst_comes_first(make_run: MadeRun) -> None:
    labels = {
        "same": ([0, 1], [0, 1], [0, 1]),
        "better": ([0, 1], [0, 0], [0, 1]),
        "worse": ([0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 0]),
        "worst": ([0, 1], [0, 1], [1, 0]),
        "unlabelled": ([-1, -1], [0, 1], [1, 0]),
    }

    def said(side: int) -> dict[str, Any]:
        return {
            name: {"true": row[0], "probabilities": np.eye(3)[row[side]]}
            for name, row in labels.items()
        }

    runs = (make_run("first", said(1)), make_run("second", said(2)))
    found = compare(CompareConfig(runs))
    assert found["runs"][1]["sequences"] == {"better": 1, "worse": 2, "equal": 1}
    order = [row["sequence_id"] for row in found["per_sequence"]]
    assert order == ["worst", "worse", "same", "better"]
    assert found["per_sequence"][0]["scores"] == [1, 0]


def test_less_error_is_better(make_run: MadeRun) -> None:
    def numbers(error: float) -> dict[str, Any]:
        true = np.arange(6.0)[:, None]
        return {"s": {"true": true, "predicted": true + error}}

    runs = tuple(
        make_run(name, numbers(error), "regression", classes=["speed"])
        for name, error in (("far", 2), ("near", 1))
    )
    found = compare(CompareConfig(runs))
    assert found["runs"][1]["sequences"] == {"better": 1, "worse": 0, "equal": 0}
    difference = found["runs"][1]["difference"]["mae"]
    assert (difference["value"], difference["interval"]) == (-1, None)


def test_options_in_which_runs_differ_are_told(
    make_run: MadeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make_run("one", answers(1, 0.5))
    options = {"units": 7, "ignore_label": ("<x>", "\x1b[2J")}
    two = make_run("two", answers(1, 0.5), options=options)
    run_compare(CompareConfig((one, two), out=tmp_path / "out"))
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())["options"]
    assert found == {
        "--ignore-label": ["", "<x> \x1b[2J"],
        "--units": [str(TrainConfig.units), "7"],
    }
    printed = capsys.readouterr().out
    assert re.search(rf"--units +{TrainConfig.units} +7\n", printed)
    assert "\x1b" not in printed
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert re.search(rf"--units</th><td>{TrainConfig.units}</td><td>7</td>", page)
    assert "&lt;x&gt;" in page


def test_runs_of_the_same_options_say_so(make_run: MadeRun, tmp_path: Path) -> None:
    runs = (make_run("one", answers(1, 0.5)), make_run("two", answers(2, 0.5)))
    found = compare(CompareConfig(runs, out=tmp_path / "out"))
    assert found["options"] == {}
    assert "their options are the same" in list(comparison_lines(found))
    assert "None: all runs" in (tmp_path / "out" / "comparison.html").read_text()


def seen(colours: Sequence[str]) -> np.ndarray:
    """Colours in CIE L*a*b*, in which distances are about those that people see."""
    parts = [[int(colour[at : at + 2], 16) / 255 for at in (5, 3, 1)] for colour in colours]
    return cv2.cvtColor(np.array([parts], np.float32), cv2.COLOR_BGR2Lab)[0]


def nearest(some: np.ndarray, others: np.ndarray) -> float:
    distances = np.linalg.norm(some[:, None] - others, axis=2)
    return float(distances[distances > 0].min())


def test_runs_look_like_no_class() -> None:
    runs = seen(INKS)
    assert nearest(runs, seen(COLOURS)) > 40
    assert nearest(runs, seen(class_colours([str(number) for number in range(40)]))) > 10
    assert nearest(runs, runs) > 50
    assert len({(INKS[n % len(INKS)], SHAPES[n % len(SHAPES)]) for n in range(20)}) == 20


def test_runs_with_the_same_folder_name_are_told_apart(make_run: MadeRun, tmp_path: Path) -> None:
    runs = (make_run("one/run", answers(1, 0.5)), make_run("two/run", answers(2, 0.5)))
    found = compare(CompareConfig(runs, out=tmp_path / "out"))
    assert [run["name"] for run in found["runs"]] == [str(run) for run in runs]
    assert str(runs[1]) in (tmp_path / "out" / "comparison.html").read_text()


def test_classes_can_be_ignored(make_run: MadeRun) -> None:
    runs = tuple(make_run(name, answers(seed, 0.5)) for seed, name in enumerate("xy"))
    whole, part = (
        compare(CompareConfig(runs, ignore_classes=out))["runs"][0]["metrics"]
        for out in ((), ("a",))
    )
    assert whole["edit"] != part["edit"]
    assert whole["accuracy"] == part["accuracy"]
    with pytest.raises(InputError, match="--ignore-classes d: no such class; there are a"):
        compare(CompareConfig(runs, ignore_classes=("d",)))


def changed(part: str) -> dict[str, Any]:
    """What a run has that answered another question."""
    arrays = answers(1, 0.5)
    if part == "label":
        arrays["day/2"]["true"][4] = (arrays["day/2"]["true"][4] + 1) % 3
    if part == "sequence":
        arrays["night"] = arrays.pop("day/0")
    if part == "sequences":
        arrays = {f"night/{name}": rows for name, rows in arrays.items()}
    return arrays


@pytest.mark.parametrize(
    ("other", "facts", "reason"),
    [
        ("label", {}, "true labels differ, those of 'day/2'"),
        ("sequences", {}, "there is no sequence that both held out"),
        ("", {"classes": ["a", "b", "c"]}, "classes differ"),
        ("", {"horizon": 2}, "horizons differ, 0 and 2"),
        ("", {"outputs": "sequence"}, "one answers each step"),
    ],
)
def test_runs_that_answered_something_else_are_refused(
    other: str, facts: dict[str, Any], reason: str, make_run: MadeRun
) -> None:
    runs = (make_run("x", answers(1, 0.5)), make_run("y", changed(other), **facts))
    with pytest.raises(InputError, match=f"cannot be compared: .*{re.escape(reason)}"):
        compare(CompareConfig(runs))


def test_answers_that_come_late_are_about_the_same_steps(make_run: MadeRun) -> None:
    runs = (make_run("x", answers(1, 0.5)), make_run("y", answers(1, 0.8), horizon=-2))
    found = compare(CompareConfig(runs))
    assert found["horizon"] == 0
    for path, run in zip(runs, found["runs"], strict=True):
        predictions = path / "evaluation" / "test" / "predictions.h5"
        assert run["metrics"]["edit"] == score(predictions, segmental=True)["edit"]


def test_runs_of_other_tasks_are_refused(make_run: MadeRun) -> None:
    runs = (
        make_run("x", answers(1, 0.5)),
        make_run("y", answers(1, 0.5, "multilabel"), "multilabel"),
    )
    with pytest.raises(InputError, match="tasks differ, classification and multilabel"):
        compare(CompareConfig(runs))


def break_file(path: Path, how: str) -> None:
    if how == "junk":
        path.write_bytes(b"no HDF5 at all")
        return
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-600])
        return
    with h5py.File(path, "r+") as file:
        if how == "task":
            file.attrs["task"] = "guessing"
        elif how == "classes":
            del file.attrs["classes"]
        else:
            del file["day/2"][how]
            if how == "timestamps":
                file["day/2/timestamps"] = np.arange(3.0)


@pytest.mark.parametrize(
    "how", ["junk", "cut", "task", "classes", "true", "probabilities", "timestamps"]
)
def test_a_broken_file_of_predictions_is_named(how: str, make_run: MadeRun) -> None:
    runs = (make_run("x", answers(1, 0.5)), make_run("y", answers(1, 0.5)))
    path = runs[1] / "evaluation" / "test" / "predictions.h5"
    break_file(path, how)
    expected = f"{re.escape(str(path))} is no whole file of predictions: .*; run evaluate again"
    with pytest.raises(InputError, match=expected):
        compare(CompareConfig(runs))


def test_the_command_line_says_what_to_do(
    make_run: MadeRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [make_run(name, answers(seed, 0.5)) for seed, name in enumerate("xy")]

    def said(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["longtake", "compare", *map(str, arguments)])
        code = cli.main()
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    code, text = said(*runs, "--bootstrap", 20)
    assert code == 0
    assert "20 draws" in text
    assert not (tmp_path / "comparison").exists()
    assert said(runs[0])[0] == 2
    assert "given twice" in said(runs[0], runs[0])[1]
    assert "is no run" in said(runs[0], tmp_path / "nothing")[1]
    code, text = said(*runs, "--split", "validation")
    assert code == 2
    assert f"longtake evaluate {runs[0]} --split validation" in text


def test_a_configuration_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("runs: [x, y]\nbootstrap: 5\n")
    config = parse(CompareConfig, "compare", ["--config", str(tmp_path / "c.yaml")])
    assert config.runs == (Path("x"), Path("y"))
    assert config.bootstrap == 5


def test_an_evaluation_of_before_more_training_is_refused(
    make_run: MadeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = (make_run("x", answers(1, 0.5)), make_run("y", answers(1, 0.5)))
    config = CompareConfig(runs, bootstrap=0)

    def trained(weights: bytes, seconds: float) -> None:
        with zipfile.ZipFile(runs[1] / "model.keras", "w") as archive:
            archive.writestr("model.weights.h5", weights)
        os.utime(runs[1] / "model.keras", (seconds, seconds))

    predictions = runs[1] / "evaluation" / "test" / "predictions.h5"
    trained(b"first", predictions.stat().st_mtime - 9)
    compare(config)
    assert not capsys.readouterr().err
    trained(b"second", predictions.stat().st_mtime + 9)
    compare(config)
    advice = f"`longtake evaluate {runs[1]} --split test` again"
    assert advice in capsys.readouterr().err
    with h5py.File(predictions, "r+") as file:
        file.attrs["weights"] = Run(runs[1]).weights_digest
    compare(config)
    assert not capsys.readouterr().err
    trained(b"third!", predictions.stat().st_mtime - 9)
    with pytest.raises(InputError, match=f"trained further since .*{re.escape(advice)}"):
        compare(config)
