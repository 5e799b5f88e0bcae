"""The lines of evaluate on classes, and on what to try next."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainer.evaluation.advice import advice

from trainer.config import TrainConfig
from trainer.evaluation.class_lines import MOST_CLASSES, class_lines


def row(f1: float | None, steps: int = 9, predicted: int = 9) -> dict[str, Any]:
    return {"f1": f1, "precision": f1, "recall": f1, "steps": steps, "predicted": predicted}


def test_classes_stand_weakest_first() -> None:
    rows = {"cut": row(0.9), "knot": row(0.25), "idle": row(0.5, 1200)}
    assert list(class_lines({"per_class": rows})) == [
        "  weakest classes  steps      F1  precision  recall",
        "  knot                 9  0.2500     0.2500  0.2500",
        "  idle              1200  0.5000     0.5000  0.5000",
        "  cut                  9  0.9000     0.9000  0.9000",
    ]


def test_what_the_split_lacks_has_no_figure() -> None:
    rows = {"a": row(0.5), "b": row(0.6), "never": row(None, 0, 0), "only said": row(None, 0, 12)}
    (*_, last) = class_lines({"per_class": rows})
    assert last == "  not in this split: never, only said (named in 12 steps)"


@given(
    st.dictionaries(st.text(min_size=1, max_size=90), st.floats(0, 1), min_size=2, max_size=40),
    st.integers(0, 10**7),
)
def test_any_classes_fit_a_terminal(figures: dict[str, float], steps: int) -> None:
    rows = {name: row(f1, steps) for name, f1 in figures.items()}
    lines = list(class_lines({"per_class": rows}))
    assert all(len(line) <= 80 for line in lines)
    if len(figures) > MOST_CLASSES:
        assert lines[-1] == f"  ... and {len(figures) - MOST_CLASSES} more in metrics.json"
    assert len(lines) == min(len(figures), MOST_CLASSES + 1) + 1


def test_numbers_and_single_classes_have_no_table() -> None:
    assert list(class_lines({"per_column": {}})) == []
    assert list(class_lines({"per_class": {"only": row(1.0)}})) == []


def run(*scores: tuple[float, float], best: int = 1, **options: Any) -> Any:
    history = [
        {"epoch": str(n), "accuracy": str(trained), "val_accuracy": str(held_out)}
        for n, (trained, held_out) in enumerate(scores, start=1)
    ]
    config = TrainConfig(Path("store"), Path("labels"), Path("run"), **options)
    progress = SimpleNamespace(best_epoch=best)
    return SimpleNamespace(config=config, history=history, progress=progress)


def test_what_was_learned_by_heart_is_told_by_the_epoch_that_was_kept() -> None:
    (line,) = advice({}, [run((0.5, 0.5), (0.97, 0.71), (1.0, 0.2), best=2)])
    assert line == (
        "  training 0.97 right, validation 0.71: it knows its own sequences by heart, and needs "
        "more of them; try --normalize running or --dropout 0.5"
    )
    assert list(advice({}, [run((0.75, 0.7))])) == []
    (line,) = advice({}, [run((0.9, 0.9)), run((1.0, 0.6))])
    assert line.startswith("  training 0.95 right, validation 0.75")


def unfinished(best: int, epochs: int, **row: str) -> Any:
    one = run(*[(0.9, 0.5)] * epochs, best=best, epochs=epochs)
    one.history[best - 1].update(row)
    return one


def test_what_was_best_at_its_end_had_not_finished_learning() -> None:
    """Then it says nothing that training knows its sequences by heart."""
    (line,) = advice({}, [unfinished(6, 6, val_loss="0.4")])
    assert line == (
        "  best in the last of 6 epochs: it had not finished learning; the same training with "
        "--epochs 18 goes on"
    )
    for others in (
        [unfinished(5, 6, val_loss="0.4")],
        [unfinished(6, 6)],  # Without a validation split the last epoch is that which is kept.
        [unfinished(6, 6, val_loss="0.4"), *[unfinished(2, 6, val_loss="0.4")] * 2],
    ):
        (line,) = advice({}, others)
        assert "by heart" in line


def test_what_a_decoder_makes_worse_by_each_figure_is_told() -> None:
    raw = {"accuracy": 0.7606, "edit": 0.592, "f1@10": 0.7, "f1@50": None}
    worse = {"accuracy": 0.7183, "edit": 0.461, "f1@10": 0.604}
    (line,) = advice({**raw, "decoded": worse}, [run((0.75, 0.7))])
    assert line == (
        "  decoded answers are worse here than raw ones (accuracy 0.761 -> 0.718, edit 0.592 -> "
        "0.461, f1@10 0.700 -> 0.604), other than where the decoder was chosen; --decode none "
        "leaves it out"
    )
    for decoded in ({**worse, "edit": 0.6}, {**worse, "f1@50": 0.4}, {}, None):
        assert list(advice({**raw, "decoded": decoded}, [run((0.75, 0.7))])) == []


@pytest.mark.parametrize("history", [[], [{"epoch": "1", "accuracy": "0.9"}], [{"epoch": "2"}]])
def test_without_validation_nothing_is_compared(history: list[dict[str, str]]) -> None:
    one = run()
    one.history = history
    assert list(advice({}, [one])) == []


def test_classes_that_are_never_predicted_are_named() -> None:
    rows = {"cut": row(0.0, 40, 0), "idle": row(0.9), "lacking": row(None, 0, 0)}
    (line,) = advice({"per_class": rows}, [])
    assert line == (
        "  never predicted: cut; --class-weights balanced makes rare classes weigh as much as "
        "others"
    )


@pytest.mark.parametrize(("late", "lines"), [(None, 0), (0.1, 0), (0.31, 1)])
def test_changes_that_are_found_late_are_told(late: float | None, lines: int) -> None:
    found = list(advice({"delay": {"late": late}}, [run()]))
    assert len(found) == lines
    if found:
        assert found[0] == (
            "  found late: 31 % of each new segment pass before it is named; try --normalize "
            "running, --chunk-length 16 or --lanes 2"
        )


def test_what_is_in_use_is_not_advised() -> None:
    used = {"normalize": "running", "chunk_length": 8, "lanes": 1, "dropout": 0.6}
    late, heart = {"delay": {"late": 0.9}}, (1.0, 0.5)
    assert [line for line in advice(late, [run(heart, **used)]) if "--" in line] == []
    assert next(advice(late, [run(**{**used, "lanes": 4})])).endswith("; try --lanes 2")
