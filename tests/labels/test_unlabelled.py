"""Time without a label, as it is chosen to be."""

from pathlib import Path

import numpy as np
import pytest
from label_inputs import read, small_store, targets_of, text_folder

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, labelled
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig

INTERVALS = "sequence,start,end,label\na,0,0.5,walk\na,1,1.5,unsure\na,1.5,2,walk\n"


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return small_store(tmp_path / "store")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


@pytest.mark.parametrize("choice", [None, "ignore"])
def test_it_is_left_out_as_always(store: FeatureStore, path: Path, choice: str | None) -> None:
    labels = read(path, store, INTERVALS, unlabelled=choice, ignored=("unsure",))
    assert labels.classes == ("walk",)
    assert targets_of(labels, store, "a").tolist() == [0, 0, -1, -1, -1, -1, 0, 0]


def test_background_is_a_class_of_it_but_not_of_what_is_ignored(
    store: FeatureStore, path: Path
) -> None:
    labels = read(path, store, INTERVALS, unlabelled="background", ignored=("unsure",))
    assert labels.classes == ("background", "walk")
    assert targets_of(labels, store, "a", 3).tolist() == [1, 1, 0, 0, -1, -1, 1, 1]


def test_background_joins_a_class_of_that_name(store: FeatureStore, path: Path) -> None:
    named = INTERVALS.replace("unsure", "background")
    labels = read(path, store, named, unlabelled="background")
    assert labels.classes == ("background", "walk")
    assert targets_of(labels, store, "a").tolist() == [1, 1, 0, 0, 0, 0, 1, 1]


def test_background_may_be_ignored_again(store: FeatureStore, path: Path) -> None:
    labels = read(path, store, INTERVALS, unlabelled="background", ignored=("background",))
    assert labels.classes == ("unsure", "walk")
    assert targets_of(labels, store, "a").tolist() == [1, 1, -1, -1, 0, 0, 1, 1]


def test_a_model_that_knows_no_background_is_not_measured_by_it(
    store: FeatureStore, path: Path
) -> None:
    labels = read(path, store, INTERVALS, unlabelled="background", ignored=("unsure",))
    labels.use_classes(["run", "walk", "background"])
    assert targets_of(labels, store, "a").tolist() == [1, 1, 2, 2, -1, -1, 1, 1]
    with pytest.raises(InputError, match="has the label 'background', which the model was not"):
        labels.use_classes(["walk"])


def test_lines_without_a_name_and_after_the_last_are_background(
    store: FeatureStore, tmp_path: Path
) -> None:
    folder = text_folder(tmp_path, a="walk\n\nwalk\n")
    options = LabelOptions(folder, fps=2.0, unlabelled="background")
    labels = read_labels(options, store)
    labels.check(store.info("a"))
    assert targets_of(labels, store, "a").tolist() == [1, 1, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("choice", "known"), [(None, "11111100"), ("background", "11111111"), ("ignore", "11001100")]
)
def test_of_several_labels_it_shows_none_or_is_left_out(
    store: FeatureStore, tmp_path: Path, choice: str | None, known: str
) -> None:
    folder = text_folder(tmp_path, a="walk,talk\n\nwalk\n")
    options = LabelOptions(folder, fps=2.0, task="multilabel", unlabelled=choice)
    labels = read_labels(options, store)
    assert labels.classes == ("talk", "walk")
    found = targets_of(labels, store, "a")
    assert "".join(map(str, labelled(found).astype(int))) == known
    shown = np.repeat([[1, 1], [0, 0], [0, 1], [0, 0]], 2, axis=0)
    assert (found[labelled(found)] == shown[labelled(found)]).all()


def test_numbers_have_no_background() -> None:
    options = {"task": "regression", "unlabelled": "background"}
    message = (
        "--unlabelled background with --task regression: numbers have no class for time without "
        "one; give --unlabelled ignore, or leave it out"
    )
    for make in (
        lambda: LabelOptions(Path("l"), **options),
        lambda: TrainConfig(Path("s"), Path("l"), Path("r"), **options),
    ):
        with pytest.raises(InputError) as caught:
            make()
        assert str(caught.value) == message
    LabelOptions(Path("l"), task="regression", unlabelled="ignore")


def test_labels_without_any_name_are_refused_all_the_same(store: FeatureStore, path: Path) -> None:
    with pytest.raises(InputError, match="holds no label; expected at least one"):
        read(path, store, "sequence,start,end,label\na,0,1,\n", unlabelled="background")
