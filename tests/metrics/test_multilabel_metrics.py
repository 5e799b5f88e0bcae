import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import write_predictions
from sklearn.metrics import average_precision_score, f1_score, jaccard_score

from trainer.evaluation.scoring import score
from trainer.metrics import MultilabelScorer

CLASSES = ("a", "b", "c")
GRID = 4096  # Scores on it differ in their first 13 bits.
marks = st.tuples(st.booleans(), st.booleans(), st.booleans())
scores = st.tuples(*[st.integers(0, GRID)] * 3)
steps_of = st.lists(st.tuples(st.none() | marks, scores), min_size=1, max_size=40)


def score_steps(*sequences: list[tuple[Any, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        arrays = {
            f"s{number}": {
                "true": [(-1, -1, -1) if true is None else true for true, _ in steps],
                "probabilities": np.array([given for _, given in steps]) / GRID,
            }
            for number, steps in enumerate(sequences)
        }
        path = write_predictions(Path(folder) / "p.h5", CLASSES, arrays, "multilabel")
        return score(path, segmental=True)


def naive_class(labelled: list[tuple[Any, Any]], number: int) -> dict[str, Any]:
    """Counts one class, a step at a time."""
    pairs = [(bool(true[number]), given[number]) for true, given in labelled]
    true = [hit for hit, _ in pairs]
    said = [given >= GRID / 2 for _, given in pairs]
    both = sum(t and s for t, s in zip(true, said, strict=True))
    row: dict[str, Any] = dict.fromkeys(("precision", "recall", "f1", "jaccard", "ap", "cap"))
    row["steps"], row["predicted"] = sum(true), sum(said)
    if sum(true):
        row["precision"] = both / sum(said) if sum(said) else 0
        row["recall"] = both / sum(true)
        row["f1"] = 2 * both / (sum(true) + sum(said))
        row["jaccard"] = both / (sum(true) + sum(said) - both)
    if 0 < sum(true) < len(true):
        ratio = (len(true) - sum(true)) / sum(true)
        plain, calibrated = [], []
        for hit, given in pairs:
            if hit:
                found = sum(h for h, g in pairs if g >= given)
                false = sum(not h for h, g in pairs if g >= given)
                plain.append(found / (found + false))
                calibrated.append(found / (found + false / ratio))
        row["ap"], row["cap"] = np.mean(plain), np.mean(calibrated)
    return row


def mean_of_known(rows: list[dict[str, Any]], name: str) -> float | None:
    known = [row[name] for row in rows if row[name] is not None]
    return float(np.mean(known)) if known else None


@settings(max_examples=40)
@given(steps_of, steps_of)
def test_metrics_agree_with_counting_steps(one: list[Any], two: list[Any]) -> None:
    metrics = score_steps(one, two)
    labelled = [step for step in one + two if step[0] is not None]
    rows = [naive_class(labelled, number) for number in range(3)]
    for name, row in zip(CLASSES, rows, strict=True):
        assert metrics["per_class"][name] == pytest.approx(row, abs=1e-9)
    for name, of_class in (("map", "ap"), ("cmap", "cap")):
        assert metrics[name] == pytest.approx(mean_of_known(rows, of_class), abs=1e-9)
    for name in ("precision", "recall", "f1", "jaccard"):
        assert metrics[name] == pytest.approx(mean_of_known(rows, name), abs=1e-9)
    right = [all((g >= GRID / 2) == t for t, g in zip(*step, strict=True)) for step in labelled]
    assert metrics["steps"] == len(labelled)
    expected = sum(right) / len(right) if right else None
    assert metrics["accuracy"] == pytest.approx(expected, abs=1e-9)


@given(steps_of)
def test_metrics_are_those_of_scikit_learn(steps: list[Any]) -> None:
    labelled = [step for step in steps if step[0] is not None]
    true = np.array([step[0] for step in labelled]).reshape(-1, 3)
    given_scores = np.array([step[1] for step in labelled]).reshape(-1, 3)
    if not true.any(0).all() or true.all(0).any():
        return
    metrics, said = score_steps(steps), given_scores >= GRID / 2
    near = {"abs": 1e-9}
    assert metrics["map"] == pytest.approx(average_precision_score(true, given_scores), **near)
    expected = f1_score(true, said, average="macro", zero_division=0)
    assert metrics["f1"] == pytest.approx(expected, **near)
    expected = jaccard_score(true, said, average="macro", zero_division=0)
    assert metrics["jaccard"] == pytest.approx(expected, **near)


def test_a_worked_case() -> None:
    full, half, low = GRID, GRID // 2, GRID // 4
    metrics = score_steps(
        [
            ((1, 0, 0), (full, low, 0)),  # right
            ((1, 1, 0), (low, half, 0)),  # the first class is missed
            ((0, 0, 0), (half, 0, 0)),  # the first class is made up
            (None, (full, full, full)),
        ],
        [((0, 0, 0), (0, 0, 0))],  # right
    )
    assert metrics["steps"] == 4
    assert metrics["accuracy"] == 0.5
    assert metrics["without_class"] == 0.5
    assert [row["accuracy"] for row in metrics["per_sequence"]] == [pytest.approx(1 / 3), 1]
    assert metrics["accuracy_per_sequence"]["mean"] == pytest.approx(2 / 3)
    first, second, third = (metrics["per_class"][name] for name in CLASSES)
    assert (first["precision"], first["recall"], first["f1"]) == (0.5, 0.5, 0.5)
    assert first["jaccard"] == pytest.approx(1 / 3)
    assert first["ap"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert (second["f1"], second["ap"], second["cap"]) == (1, 1, 1)
    assert third == dict.fromkeys(("precision", "recall", "f1", "jaccard", "ap", "cap")) | {
        "steps": 0,
        "predicted": 0,
    }
    assert metrics["f1"] == 0.75  # the third class occurs nowhere


def test_where_nothing_is_labelled_nothing_is_known() -> None:
    metrics = score_steps([(None, (0, 0, GRID))])
    assert metrics["steps"] == 0
    for name in ("map", "cmap", "precision", "recall", "f1", "jaccard", "accuracy"):
        assert metrics[name] is None
    assert metrics["per_sequence"] == [{"sequence_id": "s0", "steps": 0, "accuracy": None}]


@given(steps_of, st.integers(0, 40))
def test_blocks_change_nothing(steps: list[Any], cut: int) -> None:
    true = np.array([(-1,) * 3 if t is None else t for t, _ in steps], np.int8)
    said = (np.array([given for _, given in steps]) >= GRID / 2).astype(np.int8)
    whole, cut_up = MultilabelScorer(CLASSES), MultilabelScorer(CLASSES)
    whole.add("s", [(true, said)])
    cut_up.add("s", [(true[:cut], said[:cut]), (true[cut:], said[cut:])])
    assert whole.result() == cut_up.result()
