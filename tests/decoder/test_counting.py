from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import FPS, MadeStore

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.decoder.counting import count_labels
from trainer.decoder.counts import Counts, MarkCounts
from trainer.decoder.durations import moments, smoothed

Rows = list[tuple[str, float, float, str]]


def counted(store: FeatureStore, path: Path, rows: Rows, **options) -> Counts | MarkCounts:
    write_intervals(path, rows)
    labels = read_labels(LabelOptions(path, **options), store)
    return count_labels(labels, [store.info(sequence_id) for sequence_id in store.ids()])


def test_what_follows_is_the_next_label_even_behind_a_gap(
    make_store: MadeStore, tmp_path: Path
) -> None:
    store = make_store([40, 40])  # 10 seconds each.
    rows = [
        ("s0", 0.0, 4.0, "a"),
        ("s0", 4.0, 6.0, "b"),
        ("s0", 7.0, 8.0, "b"),  # The same one, behind a gap.
        ("s0", 9.0, 10.0, "a"),
        ("s1", 1.0, 3.0, "b"),
        ("s1", 3.0, 10.0, "c"),
    ]
    counts = counted(store, tmp_path / "labels.csv", rows)
    assert counts.follows.tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0]]
    assert counts.begins.tolist() == [1, 1, 0]
    assert counts.seconds == pytest.approx([5, 5, 7])
    assert counts.stretches.tolist() == [2, 3, 1]
    assert (counts.mean > 0).all()
    assert (counts.variation >= 0).all()


def test_what_is_cut_lasts_longer_than_was_seen() -> None:
    whole = np.array([4.0, 4.0, 4.0])
    assert moments(whole, np.zeros(3, bool)) == (4, 0)
    assert moments(whole, np.ones(3, bool)) == (4, 0)
    both, cut = np.array([1.0, 4.0, 8.0]), np.array([True, False, False])
    assert moments(both, cut)[0] == pytest.approx(6)  # What was cut at 1 was one of the others.


@settings(max_examples=20)
@given(st.integers(0, 1 << 20), st.floats(0.2, 5))
def test_durations_are_found_though_many_are_cut(seed: int, mean: float) -> None:
    generator = np.random.default_rng(seed)
    lasting = generator.gamma(4, mean / 4, 4000)
    seen = generator.uniform(0, 3 * mean, 4000)
    found, variance = moments(np.minimum(lasting, seen), seen < lasting)
    assert found == pytest.approx(mean, rel=0.1)
    assert variance == pytest.approx(mean**2 / 4, rel=0.3)


def test_a_class_without_stretches_lasts_as_others_do() -> None:
    means, variations = smoothed(np.array([2.0, 8.0, 1.0]), np.zeros(3), np.array([9, 9, 0]))
    assert means[2] == pytest.approx(4)
    assert means[0] == pytest.approx(2, rel=0.1)
    assert variations[2] == 1
    assert variations[0] < 0.2


def test_of_several_classes_it_is_for_how_long_each_is_there_and_is_not(
    make_store: MadeStore, tmp_path: Path
) -> None:
    store = make_store([40])
    rows = [("s0", 0.0, 2.0, "a"), ("s0", 1.0, 4.0, "b"), ("s0", 8.0, 10.0, "a")]
    counts = counted(store, tmp_path / "labels.csv", rows, task="multilabel")
    assert counts.present == pytest.approx([2, 3])
    assert counts.absent == pytest.approx([6, 3.5])


def test_one_label_a_sequence_is_a_course_that_never_changes(
    make_store: MadeStore, tmp_path: Path
) -> None:
    store = make_store([40, 20])
    path = tmp_path / "labels.csv"
    path.write_text("sequence,label\ns0,a\ns1,b\n")
    labels = read_labels(LabelOptions(path), store)
    counts = count_labels(labels, [store.info(name) for name in store.ids()])
    assert counts.follows.tolist() == [[0, 0], [0, 0]]
    assert counts.seconds == pytest.approx([40 / FPS, 20 / FPS])
