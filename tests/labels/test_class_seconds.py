import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import FPS, write_sequence

from preprocessing.labels import class_seconds as module
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.class_seconds import class_seconds
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore

INTERVALS = "sequence,start,end,label\ns,0,1,walk\ns,0.5,2.5,carry\ns,4,5,walk\n"


@pytest.mark.parametrize(
    ("content", "options", "seconds"),
    [
        ("sequence,label\ns,walk\n", {}, [5.0]),
        (INTERVALS.replace("0.5,", "1,"), {}, [1.5, 2.0]),
        (INTERVALS, {"task": "multilabel"}, [2.0, 2.0]),
        (INTERVALS, {"task": "multilabel", "ignored": ("carry",)}, [1.5]),
        ("sequence,time,x,y\ns,0,1,2\ns,1,1,2\ns,4,,3\n", {"task": "regression"}, [1.25, 1.25]),
    ],
)
def test_seconds_of_each_class_are_those_of_its_steps(
    tmp_path, monkeypatch, content, options, seconds
):
    monkeypatch.setattr(module, "STEPS_AT_ONCE", 7)
    write_sequence(tmp_path / "store", "s", np.zeros((20, 2)))
    (tmp_path / "labels.csv").write_text(content)
    store = FeatureStore(tmp_path / "store")
    labels = read_labels(LabelOptions(tmp_path / "labels.csv", **options), store)
    np.testing.assert_allclose(class_seconds(labels, store.info("s")), seconds)


@settings(max_examples=30)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_seconds_of_lines_are_as_many_as_lines(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("data")
    write_sequence(folder / "store", "s", np.zeros((len(lines), 2)))
    (folder / "labels").mkdir()
    (folder / "labels" / "s.txt").write_text("\n".join(lines) + "\n")
    store = FeatureStore(folder / "store")
    labels = read_labels(LabelOptions(folder / "labels"), store)
    expected = [lines.count(name) / FPS for name in sorted(set(lines))]
    np.testing.assert_allclose(class_seconds(labels, store.info("s")), expected)
