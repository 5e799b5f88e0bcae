"""The lines of evaluate on classes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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
