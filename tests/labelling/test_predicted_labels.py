import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from label_inputs import targets_of, write
from prediction_files import write_predictions

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.registry import read_annotations
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.store.feature_store import FeatureStore
from trainer.labelling.label_file import write_predicted_labels

CLASSES = ("a", "b")
START = 2.0


def store_of(tmp_path: Path, steps: int = 6, spare: int = 0) -> FeatureStore:
    """A store of ``s``, 4 steps a second from second 2 on, and ``longer`` by some steps."""
    for name, length in (("s", steps), ("longer", steps + spare)):
        write(tmp_path / "store", name, START + np.arange(length) / 4, START)
    return FeatureStore(tmp_path / "store")


def labels_csv(tmp_path: Path, task: str, arrays: Any, horizon: int = 0, **options: Any) -> Path:
    store = store_of(tmp_path)
    path = write_predictions(tmp_path / "p.h5", CLASSES, {"s": arrays}, task, horizon)
    out = tmp_path / "labels.csv"
    with_times(path, store)
    write_predicted_labels(out, [store.info("s")], path, options.get("outputs", "frame"))
    return out


def with_times(path: Path, store: FeatureStore) -> None:
    """Gives answers the times of the last steps of ``s``."""
    with h5py.File(path, "r+") as file:
        times = store.timestamps("s")
        file["s/timestamps"][...] = times[-len(file["s/timestamps"]) :]


def test_classes_become_intervals(tmp_path: Path) -> None:
    arrays = {"probabilities": np.eye(2)[[0, 0, 1, 1, 1, 0]], "true": [-1] * 6}
    expected = ["s,0.0,0.5,a,1.0", "s,0.5,1.25,b,1.0", "s,1.25,1.5,a,1.0"]
    for horizon in (0, -2):  # Late answers stand at the steps that they are about already.
        lines = labels_csv(tmp_path, "classification", arrays, horizon).read_text().splitlines()
        assert lines[1:] == expected


def test_an_answer_labels_the_step_that_it_is_about(tmp_path: Path) -> None:
    arrays = {"probabilities": np.eye(2)[[0, 0, 1, 1, 1, 0]], "true": [-1] * 6}
    lines = labels_csv(tmp_path, "classification", arrays, horizon=2).read_text().splitlines()
    assert lines[1:] == ["s,0.5,1.0,a,1.0", "s,1.0,1.75,b,1.0", "s,1.75,2.0,a,1.0"]


def test_a_horizon_longer_than_the_sequence_labels_only_what_comes_after(tmp_path: Path) -> None:
    arrays = {"probabilities": np.eye(2)[[0] * 6], "true": [-1] * 6}
    lines = labels_csv(tmp_path, "classification", arrays, horizon=8).read_text().splitlines()
    assert lines[1:] == ["s,2.0,3.5,a,1.0"]


def test_intervals_of_several_classes_overlap(tmp_path: Path) -> None:
    marks = [[1, 0], [1, 1], [0, 1], [0, 0], [0, 1], [1, 1]]
    arrays = {"predicted": marks, "true": -np.ones((6, 2))}
    lines = labels_csv(tmp_path, "multilabel", arrays).read_text().splitlines()
    # Without probabilities nobody knows how sure they are.
    assert lines[1:] == ["s,0.0,0.5,a,", "s,0.25,0.75,b,", "s,1.0,1.5,b,", "s,1.25,1.5,a,"]


def test_the_confidence_is_the_mean_probability_of_what_is_labelled(tmp_path: Path) -> None:
    sure = np.array([0.9, 0.6, 0.2, 0.25, 0.45, 0.7])
    arrays = {"probabilities": np.stack([sure, 1 - sure], 1), "true": [-1] * 6}
    lines = labels_csv(tmp_path, "classification", arrays).read_text().splitlines()
    assert lines[0] == "sequence,start,end,label,confidence"
    assert lines[1:] == ["s,0.0,0.5,a,0.75", "s,0.5,1.25,b,0.7", "s,1.25,1.5,a,0.7"]
    # Of decoded answers, the probability of what was decoded, be it below a half.
    arrays["decoded"] = [0] * 6
    lines = labels_csv(tmp_path, "classification", arrays).read_text().splitlines()
    assert lines[1:] == [f"s,0.0,1.5,a,{round(sure.mean(), 4)}"]
    several = {"probabilities": np.stack([sure, sure / 2], 1), "true": -np.ones((6, 2))}
    lines = labels_csv(tmp_path, "multilabel", several).read_text().splitlines()
    assert lines[1:] == ["s,0.0,0.5,a,0.75", "s,1.25,1.5,a,0.7"]


def test_a_sequence_without_any_class_says_so(tmp_path: Path) -> None:
    arrays = {"probabilities": np.zeros((6, 2)), "true": -np.ones((6, 2))}
    lines = labels_csv(tmp_path, "multilabel", arrays).read_text().splitlines()
    assert lines[1:] == ["s,0.0,1.5,,"]


def test_numbers_have_a_row_a_step(tmp_path: Path) -> None:
    arrays = {"predicted": np.arange(12).reshape(6, 2) / 10, "true": np.full((6, 2), np.nan)}
    lines = labels_csv(tmp_path, "regression", arrays, horizon=1).read_text().splitlines()
    assert lines[:3] == ["sequence,time,a,b", "s,0.25,0.0,0.1", "s,0.5,0.2,0.3"]
    assert lines[-1] == "s,1.5,1.0,1.1"


@pytest.mark.parametrize(
    ("task", "arrays", "expected"),
    [
        ("classification", {"probabilities": [[0.1, 0.9]], "true": [-1]}, ["s,b,0.9"]),
        (
            "multilabel",
            {"probabilities": [[0.9, 0.7]], "true": [[-1, -1]]},
            ["s,a,0.9", "s,b,0.7"],
        ),
        ("multilabel", {"probabilities": [[0.1, 0.1]], "true": [[-1, -1]]}, ["s,,"]),
        ("regression", {"predicted": [[3, 4]], "true": [[np.nan] * 2]}, ["s,1.25,3.0,4.0"]),
    ],
)
def test_one_answer_a_sequence(tmp_path: Path, task: str, arrays: Any, expected: list[str]) -> None:
    lines = labels_csv(tmp_path, task, arrays, outputs="sequence").read_text().splitlines()
    assert lines[1:] == expected


marks = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=6, max_size=6)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
@given(answers=marks, horizon=st.integers(0, 3))
@settings(max_examples=30)
def test_what_is_written_reads_back_as_the_answers(
    task: str, answers: list[tuple[bool, bool]], horizon: int
) -> None:
    predicted = np.array(answers, float)
    arrays: dict[str, Any] = {"predicted": predicted, "true": np.full((6, 2), np.nan)}
    if task == "multilabel":
        assume(predicted.any(0).all())  # Labels are of the classes that they name.
        arrays = {"predicted": predicted, "true": -np.ones((6, 2))}
    if task == "classification":
        predicted = predicted[:, 0]
        assume(len(set(predicted)) == 2)
        arrays = {"predicted": predicted, "true": -np.ones(6)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = store_of(folder, spare=horizon)
        path = write_predictions(folder / "p.h5", CLASSES, {"s": arrays}, task, horizon)
        with_times(path, store)
        out = folder / "labels.csv"
        write_predicted_labels(out, [store.info("s")], path, "frame")
        out.write_text(out.read_text().replace("\ns,", "\nlonger,"))
        labels = read_labels(LabelOptions(out, task=task), store)
        found = targets_of(labels, store, "longer")
    np.testing.assert_array_equal(found[horizon:], predicted)


def corrected(tmp_path: Path, text: str, task: str) -> list[list[float]]:
    """Reads a label file that somebody has corrected; returns the targets of ``s``."""
    path = tmp_path / "labels.csv"
    path.write_text(text)
    store = store_of(tmp_path)
    labels = read_labels(LabelOptions(path, task=task), store)  # type: ignore[arg-type]
    return targets_of(labels, store, "s").tolist()


@pytest.mark.parametrize(
    ("task", "text", "expected"),
    [
        (
            "classification",
            "sequence,start,end,label,confidence\ns,0,0.5,b,0.75\ns,0.5,1.25,a\ns,1.25,1.5,b,\n",
            [1, 1, 0, 0, 0, 1],
        ),
        ("classification", "Sequence,Label,Confidence\ns,a,1\nlonger,b\n", [0] * 6),
        (
            "multilabel",
            "sequence,start,end,label,confidence\ns,0,1.5,,\nlonger,0,1,a,0.9\n",
            [[0]] * 6,
        ),
        ("multilabel", "sequence,label,confidence\ns,,\nlonger,a,0.9\n", [[0]] * 6),
    ],
)
def test_labels_are_read_with_a_confidence_or_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, text: str, expected: list[Any]
) -> None:
    assert corrected(tmp_path, text, task) == expected
    assert capsys.readouterr() == ("", "")


confidences = st.sampled_from([None, "", "0.5", "1", "1.5", "left paw", "-"])


@given(st.lists(st.tuples(st.sampled_from("ab"), confidences), min_size=1, max_size=4))
def test_both_readers_of_our_table_take_the_same_rows(rows: list[tuple[str, str | None]]) -> None:
    lines = [
        ",".join(["s", str(number), str(number + 0.5), label, *([] if sure is None else [sure])])
        for number, (label, sure) in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_text("\n".join(["sequence,start,end,label,confidence", *lines, ""]))
        if any(sure in ("1.5", "left paw") for _, sure in rows):
            for read in (lambda: read_labels_alone(LabelOptions(path)), lambda: annotations(path)):
                with pytest.raises(InputError, match="expected a number from 0 to 1"):
                    read()
            return
        assert set(read_labels_alone(LabelOptions(path)).classes) == {label for label, _ in rows}
        found = [(one.start, one.end, one.label) for one in annotations(path)]
    assert found == [(number, number + 0.5, label) for number, (label, _) in enumerate(rows)]


def annotations(path: Path) -> list[Annotation]:
    reading = read_annotations(path, LabelChoices())
    assert reading
    return reading.annotations


def test_a_label_with_a_comma_is_not_cut_short(tmp_path: Path) -> None:
    for names, row in (("start,end,", "0,1,"), ("", "")):
        text = f"sequence,{names}label,confidence\ns,{row}groom, left paw\n"
        with pytest.raises(InputError, match="line 2: confidence 'left paw'"):
            corrected(tmp_path, text, "classification")


def test_a_column_of_confidences_spares_no_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2 has 3 values; expected 5"):
        corrected(tmp_path, "sequence,start,end,label,confidence\ns,0,1\n", "classification")
    with pytest.raises(InputError, match="line 2 has 3 values; expected 4"):
        corrected(tmp_path, "sequence,time,speed,confidence\ns,0,1\n", "regression")
