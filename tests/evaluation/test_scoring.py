import resource
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from prediction_files import KINDS, write_predictions

from preprocessing.errors import InputError
from trainer.evaluation.scoring import Measures, score
from trainer.metrics import HEADLINES, Bootstrap
from trainer.predictions.reader import open_answers
from trainer.report.strips import class_strips, label_set_strips, number_strips

CLASSES = ["a", "b", "c"]


def test_average_precision_leaves_out_steps_without_a_label(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], "true": [0, -1, 1]}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], {"s": arrays})
    metrics = score(path, segmental=True)
    assert metrics["map"] == metrics["cmap"] == 1
    assert metrics["steps"] == 2


def test_ranks_of_many_classes_are_those_of_each(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(19), 60).astype("float32")
    true = generator.integers(-1, 19, 60)
    names = [str(number) for number in range(19)]
    path = write_predictions(
        tmp_path / "p.h5", names, {"s": {"probabilities": probabilities, "true": true}}
    )
    rows = score(path, segmental=True)["per_class"]
    for number, name in enumerate(names):
        alone = {
            "probabilities": probabilities[:, [number, number]],
            "predicted": true == number,
            "true": np.where(true < 0, -1, true == number),
        }
        two = write_predictions(tmp_path / "two.h5", ["rest", "it"], {"s": alone})
        assert score(two, segmental=True)["per_class"]["it"]["ap"] == rows[name]["ap"]


def test_files_that_name_no_task_classify_what_is(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1]], "true": [0]}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], {"s": arrays})
    with h5py.File(path, "r+") as file:
        del file.attrs["task"], file.attrs["horizon"]
    metrics = score(path, segmental=True)
    assert (metrics["task"], metrics["horizon"], metrics["accuracy"]) == ("classification", 0, 1)


@pytest.mark.parametrize("task", list(HEADLINES))
def test_answers_that_are_not_finite_are_refused(task: str, tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"predicted": [[np.inf, 0]], "true": [[0, 0]]}
    if task != "regression":
        true = [0] if task == "classification" else [[0, 1]]
        arrays = {"probabilities": [[np.nan, 0.5]], "true": true}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], {"day/s": arrays}, task)
    with pytest.raises(InputError, match=r"day/s is not finite.*--learning-rate"):
        score(path, segmental=True)


@pytest.mark.parametrize("task", list(HEADLINES))
def test_metrics_and_pictures_of_a_million_steps_take_no_memory_to_speak_of(
    task: str, tmp_path: Path
) -> None:
    segments = Measures(("a",), relax=10) if task == "classification" else Measures()

    def work(steps: int) -> float:
        path = tmp_path / f"{steps}.h5"
        write_long(path, task, steps)
        metrics = score(path, segmental=True, measures=segments)
        assert metrics["steps"] == steps
        draw(path, task)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    work(10_000)
    before = work(10_000)
    assert work(1_000_000) - before < 40


OF_ALL = {"task", "horizon", "sequences", "classes", "steps", "per_sequence"}
OF_ALL |= {"intervals", "bootstrap", "decoded"}
OF_CLASSES = {"accuracy", "precision", "recall", "f1", "jaccard", "map", "cmap"}
OF_CLASSES |= {"accuracy_per_sequence", "per_class", "ece", "reliability"}
KEYS = {
    "classification": OF_CLASSES
    | {"largest_class", "edit", "f1@10", "f1@25", "f1@50", "confusion"}
    | {"segments", "ignored_classes", "delay", "relaxed"},
    "multilabel": OF_CLASSES | {"without_class"},
    "regression": {"mae", "rmse", "r2", "mae_per_sequence", "per_column"},
}


@pytest.mark.parametrize("task", list(HEADLINES))
def test_what_is_known_of_each_task(task: str, tmp_path: Path) -> None:
    flat = task == "classification"
    true = [0, 1, 0] if flat else np.eye(3)[:, :2]
    arrays = {"true": true, "probabilities": np.eye(3)[:, :2], "predicted": true}
    both = {"one": arrays, "two": arrays}
    if task == "regression":
        both = {name: {"true": true, "predicted": true} for name in both}
    metrics = score(write_predictions(tmp_path / "p.h5", ["a", "b"], both, task), segmental=True)
    assert set(metrics) == OF_ALL | KEYS[task]
    assert set(metrics["intervals"]) == set(HEADLINES[task])
    known = {name for name, interval in metrics["intervals"].items() if interval}
    assert known == set(HEADLINES[task]) - {"map", "cmap"}
    assert metrics["bootstrap"] == Bootstrap().facts()


def test_one_sequence_and_no_draws_have_no_intervals(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1]] * 3, "true": [0, 1, 0]}
    one = write_predictions(tmp_path / "1.h5", ["a", "b"], {"s": arrays})
    two = write_predictions(tmp_path / "2.h5", ["a", "b"], {"s": arrays, "t": arrays})
    assert not any(score(one, True)["intervals"].values())
    assert not any(score(two, True, Measures(bootstrap=0))["intervals"].values())
    assert score(two, True)["intervals"]["accuracy"] == pytest.approx([2 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"relax": 0}, "--relax 0: expected seconds, more than 0"),
        ({"relax": float("nan")}, "--relax nan"),
        ({"bug_compatible": True}, "--relaxed-bug-compatible needs --relax"),
        ({"bootstrap": -1}, "--bootstrap -1: expected samples"),
    ],
)
def test_measures_that_make_no_sense_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Measures(**options)


def test_what_is_said_of_segments_must_fit_the_answers(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1]], "true": [[0, 1]]}
    sets = write_predictions(tmp_path / "sets.h5", ["a", "b"], {"s": arrays}, "multilabel")
    with pytest.raises(InputError, match="--relax is about segments, and multilabel"):
        score(sets, True, Measures(relax=1))
    whole = write_predictions(tmp_path / "p.h5", ["a", "b"], {"s": {**arrays, "true": [0]}})
    with pytest.raises(InputError, match="--ignore-classes is about segments"):
        score(whole, False, Measures(("a",)))
    with pytest.raises(InputError, match="--ignore-classes c: no such class; there are a, b"):
        score(whole, True, Measures(("c",)))
    with pytest.raises(InputError, match="published script knows"):
        score(whole, True, Measures(relax=1, bug_compatible=True))


def write_long(path: Path, task: str, steps: int) -> None:
    """Right answers, written block by block."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"classes": CLASSES, "task": task})
        for name, kind in {**KINDS[task], "timestamps": "float64"}.items():
            flat = name == "timestamps" or (task == "classification" and name != "probabilities")
            data = file.create_dataset(f"s/{name}", (steps,) if flat else (steps, 3), kind)
            for start in range(0, steps, 10_000):
                steps_there = np.arange(start, start + 10_000)
                values = steps_there if name == "timestamps" else steps_there // 997 % 3
                data[start : start + 10_000] = values if flat else np.eye(3)[values]


def draw(path: Path, task: str) -> None:
    if task == "classification":
        class_strips(CLASSES, {"predicted": path})
        return
    with open_answers(path) as answers:
        if task == "multilabel":
            label_set_strips(answers)
        else:
            number_strips(answers, [(0, 1)] * 3)


@pytest.mark.parametrize(
    ("name", "value"), [("true", 3), ("true", -2), ("predicted", 300), ("predicted", -1)]
)
def test_answers_of_no_class_are_refused(tmp_path: Path, name: str, value: int) -> None:
    arrays = {"true": np.arange(6) % 3, "predicted": np.arange(6) % 3}
    arrays[name][2] = value
    arrays["probabilities"] = np.full((6, 3), 1 / 3)
    path = write_predictions(tmp_path / "p.h5", "abc", {"s": arrays})
    with pytest.raises(InputError, match=f"'{name}' of 's' holds what no answer is"):
        score(path, segmental=True)
