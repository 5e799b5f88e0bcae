"""Comparisons of runs that have not all in common: steps, sequences, seeds, what they saw."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import write_predictions

from preprocessing.errors import InputError
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.evaluation.comparison import CompareConfig, compare, run_compare
from trainer.evaluation.comparison_table import comparison_lines
from trainer.metrics.relaxed import ROUNDING_SECONDS
from trainer.run.facts import ModelFacts

CLASSES = ["a", "b", "c"]
MadeRun = Callable[..., Path]


def write_run(run: Path, arrays: Mapping[str, Any], **more: Any) -> Path:
    """Writes what an evaluated run leaves behind: configuration, splits, facts and answers."""
    folder = run / "evaluation" / "test"
    folder.mkdir(parents=True)
    options, fps = more.pop("options", {}), more.pop("fps", 4.0)
    config = TrainConfig(Path("store"), Path("labels"), run, **options)
    (run / "config.yaml").write_text(to_yaml(config))
    train = more.pop("train", [])
    splits = {"train": train, "test": [name for name in arrays if name not in train]}
    (run / "splits.json").write_text(json.dumps(splits))
    facts = ModelFacts(tuple(CLASSES), 2, str(fps), more.pop("backbone", "lite"), "0", "")
    (run / "run.json").write_text(facts.to_json())
    (folder / "metrics.json").write_text(json.dumps({"feed": None, **more.pop("metrics", {})}))
    times = {
        name: np.arange(len(rows["true"])) / fps + more.get("late", 0)
        for name, rows in arrays.items()
    }
    write_predictions(folder / "predictions.h5", CLASSES, arrays, times=times)
    return run


@pytest.fixture
def make(tmp_path: Path) -> MadeRun:
    return lambda name, arrays, **more: write_run(tmp_path / name, arrays, **more)


def labelled(seconds: float, seed: int) -> list[tuple[float, int]]:
    """Changes of the label: when, and to which."""
    generator = np.random.default_rng(seed)
    lengths = generator.uniform(0.4, 3, 40)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    kept = starts[starts < seconds]
    return list(zip(kept.tolist(), generator.integers(0, 3, len(kept)).tolist(), strict=True))


def answers(fps: float, right: float, seed: int = 0, sequences: int = 4) -> dict[str, Any]:
    """The same recordings at some steps a second; the model is right so often."""
    arrays, generator = {}, np.random.default_rng(seed)
    for number in range(sequences):
        changes = labelled(20, number)
        times = np.arange(int(20 * fps)) / fps
        places = np.searchsorted([start for start, _ in changes], times + 1e-9, "right") - 1
        true = np.array([label for _, label in changes])[places]
        keep = generator.random(len(times)) < right
        said = np.where(keep, true, generator.integers(0, 3, len(times)))
        arrays[f"day/{number}"] = {"true": true, "probabilities": 0.1 + 0.7 * np.eye(3)[said]}
    return arrays


def test_runs_of_other_fps_are_compared_by_time(
    make: MadeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("coarse", answers(4, 1.0))
    other = make("fine", answers(25, 1.0), fps=25.0, backbone="flow", options={"chunk_length": 9})
    config = CompareConfig((one, other), out=tmp_path / "out", bootstrap=50)
    assert run_compare(config) == 0
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["steps"] is None
    assert found["seconds"] == pytest.approx(80, abs=1)
    coarse, fine = (run["metrics"] for run in found["runs"])
    # Right at every step, and late by an eighth of a second at each of some forty changes.
    assert fine["accuracy"] > coarse["accuracy"] > 0.9
    assert (fine["edit"], fine["f1@50"]) == (1, 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"test: 4 sequences, {found['seconds']:.1f} labelled seconds"
    assert lines[1].startswith("their steps differ: an answer holds until the next,")
    assert lines[2] == "options that differ"
    shown = {line.split("  ")[1].strip(): line.split()[-2:] for line in lines[3:6]}
    assert shown["--fps (of the store)"] == ["4.0", "25.0"]
    assert shown["--backbone (of the store)"] == ["lite", "flow"]
    assert shown["--chunk-length"] == ["64", "9"]
    assert max(len(line) for line in lines if "report: " not in line) <= 80
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert page.index("Options that differ") < page.index("<h2>Figures")
    assert "figures are shares of time" in page
    assert page.count("<img") >= 4 * 3


@settings(max_examples=10)
@given(right=st.floats(0, 1), pieces=st.integers(2, 4))
def test_steps_cut_into_pieces_are_the_same_run(right: float, pieces: int) -> None:
    with TemporaryDirectory() as folder:
        arrays = answers(4, right)
        often = {
            name: {key: np.repeat(rows, pieces, axis=0) for key, rows in found.items()}
            for name, found in arrays.items()
        }
        one = write_run(Path(folder) / "one", arrays)
        other = write_run(Path(folder) / "other", often, fps=4.0 * pieces)
        found = compare(CompareConfig((one, other), bootstrap=0))
        for row in found["runs"][1]["difference"].values():
            assert row["value"] == pytest.approx(0, abs=1e-5)
        assert found["runs"][1]["sequences"]["equal"] >= 3


def test_other_labels_are_noticed_on_other_clocks(make: MadeRun) -> None:
    fine = answers(8, 1.0)
    fine["day/2"]["true"] = np.roll(fine["day/2"]["true"], 16)
    runs = (make("one", answers(4, 1.0)), make("two", fine, fps=8.0))
    with pytest.raises(InputError, match=r"cannot be compared: their true labels differ.*'day/2'"):
        compare(CompareConfig(runs))


def test_other_labels_are_noticed_where_no_two_steps_meet(make: MadeRun) -> None:
    shifted = answers(4, 1.0)
    one = make("one", answers(4, 1.0))
    assert compare(CompareConfig((one, make("late", shifted, late=0.01))))["seconds"]
    shifted["day/1"]["true"] = (shifted["day/1"]["true"] + 1) % 3
    with pytest.raises(InputError, match="their true labels differ, those of 'day/1'"):
        compare(CompareConfig((one, make("other", shifted, late=0.01))))


@pytest.mark.parametrize("late", [0.05, 0.001])
def test_times_that_containers_round_are_the_same_steps(late: float, make: MadeRun) -> None:
    runs = (make("x", answers(4, 0.5)), make("y", answers(4, 0.5)))
    with h5py.File(runs[1] / "evaluation" / "test" / "predictions.h5", "r+") as file:
        file["day/2/timestamps"][70:] += late
    found = compare(CompareConfig(runs, bootstrap=0))
    assert (found["seconds"] is None) == (late < ROUNDING_SECONDS)


def test_runs_are_compared_on_the_sequences_that_all_held_out(
    make: MadeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = answers(4, 0.5, sequences=5), answers(4, 0.8, sequences=4)
    one = make("one", here, train=["day/9"])
    two = make("two", there, metrics={"seen": ["day/1"]})
    three = make("three", there, train=["day/2"])
    found = compare(CompareConfig((one, two, three), out=tmp_path / "out", bootstrap=0))
    assert {row["sequence_id"] for row in found["per_sequence"]} == {"day/0", "day/3"}
    assert found["left_out"] == ["day/1", "day/2", "day/4"]
    assert (
        "compared on the 2 of 5 sequences that all runs held out; left out: day/1, day/2, day/4"
        in capsys.readouterr().err
    )
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "Left out are 3 that not all of them held out: day/1, day/2, day/4." in page
    with pytest.raises(InputError, match="no sequence that both held out"):
        compare(CompareConfig((make("all", there, train=list(there)), one)))


def repeated(folder: Path, rights: Mapping[int, float], sequences: int = 4) -> Path:
    """A run of several seeds, each right so often."""
    for seed, right in rights.items():
        run = folder / "seeds" / str(seed)
        write_run(run, answers(4, right, seed, sequences), options={"seed": seed})
        (run / "model.keras").touch()
        (folder / "seeds" / f"{seed}.yaml").touch()
    (folder / "repeats.yaml").write_text("repeats: 3\n")
    return folder


def test_a_difference_is_sure_where_sequences_and_seeds_leave_out_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = repeated(tmp_path / "worse", {0: 0.50, 1: 0.52, 2: 0.51}, 6)
    better = repeated(tmp_path / "better", {0: 0.90, 1: 0.91, 2: 0.89}, 6)
    unsteady = repeated(tmp_path / "unsteady", {0: 0.95, 1: 0.40, 2: 0.70}, 6)
    config = CompareConfig((worse, better, unsteady), out=tmp_path / "out", bootstrap=200)
    run_compare(config)
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    first, second, third = found["runs"]
    assert [run["trainings"] for run in found["runs"]] == [3, 3, 3]
    values = first["seeds"]["accuracy"]["values"]
    assert first["metrics"]["accuracy"] == pytest.approx(np.mean(values))
    assert first["seeds"]["accuracy"]["sd"] == pytest.approx(np.std(values, ddof=1))
    sure = second["difference"]["accuracy"]
    assert sure["sure"]
    assert sure["seeds"][0] > 0
    assert sure["interval"][0] > 0
    unsure = third["difference"]["accuracy"]
    assert unsure["interval"][0] > 0
    assert unsure["seeds"][0] < 0
    assert not unsure["sure"]
    assert not second["difference"]["map"]["sure"]  # Of which no draws are known.
    printed = capsys.readouterr().out
    assert re.search(r"accuracy +0\.\d{4} sd 0\.\d{4}", printed)
    assert re.search(r"over sequences +over seeds", printed)
    assert re.search(rf"accuracy +{re.escape(format(sure['value'], '+.4f'))}\* ", printed)
    assert "* both intervals leave out 0" in printed
    assert all(len(line) <= 100 for line in printed.splitlines())
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert f"<b>+{sure['value']:.3f}</b>" in page
    assert f"<b>+{unsure['value']:.3f}</b>" not in page
    assert "mean ± deviation over 3 seeds" in page


def test_of_few_sequences_no_difference_is_sure(tmp_path: Path) -> None:
    worse = repeated(tmp_path / "worse", {0: 0.50, 1: 0.52, 2: 0.51})
    better = repeated(tmp_path / "better", {0: 0.90, 1: 0.91, 2: 0.89})
    found = compare(CompareConfig((worse, better), bootstrap=200))
    assert not any(row["sure"] for row in found["runs"][1]["difference"].values())
    said = "too few were drawn to be sure of others, so that no difference is marked"
    assert list(comparison_lines(found))[-1] == said


def test_with_one_seed_each_seeds_alone_may_make_the_difference(
    make: MadeRun, tmp_path: Path
) -> None:
    runs = (make("x", answers(4, 0.3)), make("y", answers(4, 0.9)))
    found = compare(CompareConfig(runs, bootstrap=50, out=tmp_path / "out"))
    assert not any(row["sure"] for row in found["runs"][1]["difference"].values())
    assert found["runs"][0]["seeds"] is None
    said = "seeds alone may make such a difference (see train --repeats)"
    assert list(comparison_lines(found))[-1] == f"one seed each: {said}"
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "other seeds alone may make such differences, so none is bold" in page
    several = repeated(tmp_path / "several", {0: 0.9, 1: 0.9})
    found = compare(CompareConfig((runs[0], several), bootstrap=50))
    assert list(comparison_lines(found))[-1] == f"one seed of x: {said}"


def test_one_seed_of_several_is_called_by_the_name_of_all(tmp_path: Path) -> None:
    several = repeated(tmp_path / "several", {0: 0.9, 1: 0.8})
    runs = (several / "seeds" / "0", several / "seeds" / "1")
    found = compare(CompareConfig(runs, bootstrap=0))
    assert [run["name"] for run in found["runs"]] == ["several/0", "several/1"]
    assert found["options"] == {"--split-seed": ["0", "1"], "--seed": ["0", "1"]}


def test_a_cross_validation_is_compared_by_its_groups(tmp_path: Path) -> None:
    def crossed(name: str, right: float) -> Path:
        folder = write_run(tmp_path / name, answers(4, right))
        (folder / "config.yaml").unlink()
        (folder / "cross-validation.yaml").write_text("folds: 2\n")
        groups = ["sequence,group", *(f"day/{n},{'ann' if n < 2 else 'bob'}" for n in range(4))]
        (folder / "groups.csv").write_text("\n".join(groups) + "\n")
        fold = write_run(folder / "folds" / "ann", answers(4, right, sequences=2))
        (fold / "model.keras").touch()
        (folder / "folds" / "ann.splits.json").touch()
        return folder

    found = compare(CompareConfig((crossed("one", 0.5), crossed("two", 0.8)), bootstrap=50))
    assert found["sequences"] == 4
    assert found["bootstrap"]["groups"] == 2
    assert "over 2 groups" in "\n".join(comparison_lines(found))
