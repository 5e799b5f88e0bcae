import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from trainer.metrics import (
    ClassificationScorer,
    RankedScores,
    Segment,
    edit_score,
    segment_hits,
    segments,
)

labels_of = st.lists(st.integers(0, 3), min_size=1, max_size=40)
pairs_of = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=60)


def array(values: list[int]) -> np.ndarray:
    return np.array(values, np.int32)


def naive_segments(labels: list[int]) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for step, label in enumerate(labels):
        if found and found[-1][0] == label and found[-1][2] == step:
            found[-1] = (label, found[-1][1], step + 1)
        else:
            found.append((label, step, step + 1))
    return found


def naive_distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    @functools.cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        change = distance(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, change)

    return distance(len(one), len(other))


def naive_hits(true: list[int], predicted: list[int], overlap: float) -> tuple[int, int, int]:
    truth, guesses = naive_segments(true), naive_segments(predicted)
    used: set[int] = set()
    hits = 0
    for label, start, stop in guesses:
        steps = set(range(start, stop))
        best, best_iou = -1, 0.0
        for number, (true_label, true_start, true_stop) in enumerate(truth):
            true_steps = set(range(true_start, true_stop))
            iou = len(steps & true_steps) / len(steps | true_steps) if label == true_label else 0
            if iou > best_iou:
                best, best_iou = number, iou
        if best_iou >= overlap and best not in used:
            used.add(best)
            hits += 1
    return hits, len(guesses) - hits, len(truth) - hits


@given(labels_of)
def test_segments_agree_with_a_step_by_step_count(labels: list[int]) -> None:
    expected = [Segment(*found) for found in naive_segments(labels)]
    assert segments(array(labels)) == expected


@given(labels_of, st.randoms())
def test_edit_score_agrees_with_a_recursive_levenshtein(labels: list[int], chance) -> None:
    other = [chance.choice([label, chance.randint(0, 3)]) for label in labels]
    one = tuple(label for label, _, _ in naive_segments(labels))
    two = tuple(label for label, _, _ in naive_segments(other))
    expected = 1 - naive_distance(one, two) / max(len(one), len(two))
    assert edit_score(array(labels), array(other)) == pytest.approx(expected, abs=1e-12)


@given(labels_of, st.randoms(), st.sampled_from([0.1, 0.25, 0.5]))
def test_segment_hits_agree_with_sets_of_steps(labels: list[int], chance, overlap: float) -> None:
    other = [chance.choice([label, chance.randint(0, 3)]) for label in labels]
    expected = naive_hits(labels, other, overlap)
    assert segment_hits(array(labels), array(other), overlap) == expected


def test_a_worked_case_of_segments() -> None:
    true, predicted = array([0] * 4 + [1] * 4), array([0] * 2 + [1] * 6)
    assert edit_score(true, predicted) == 1
    assert segment_hits(true, predicted, 0.50) == (2, 0, 0)  # overlaps 2/4 and 4/6
    assert segment_hits(true, predicted, 0.60) == (1, 1, 1)


def test_a_segment_that_is_found_twice_counts_once() -> None:
    true, predicted = array([0] * 6), array([0, 0, 0, 1, 0, 0])
    assert segment_hits(true, predicted, 0.1) == (1, 2, 0)


@given(pairs_of)
def test_class_metrics_agree_with_counting_steps(pairs: list[tuple[int, int]]) -> None:
    scorer = ClassificationScorer(["a", "b", "c", "d"])
    half = len(pairs) // 2
    for name, part in (("one", pairs[:half]), ("two", pairs[half:])):
        if part:
            scorer.add(name, *(array([pair[i] for pair in part]) for i in (0, 1)))
    result = scorer.result()
    counted = [(true, guess) for true, guess in pairs if true >= 0]
    if not counted:
        assert result["accuracy"] is None
        return
    assert result["accuracy"] == pytest.approx(np.mean([t == g for t, g in counted]))
    jaccards = []
    for number, name in enumerate("abcd"):
        both = sum(t == g == number for t, g in counted)
        either = sum(number in pair for pair in counted)
        row = result["per_class"][name]
        if not either:
            assert row["jaccard"] is None
            continue
        guessed, truly = (sum(pair[i] == number for pair in counted) for i in (1, 0))
        assert row["jaccard"] == pytest.approx(both / either)
        assert row["precision"] == pytest.approx(both / guessed if guessed else 0)
        assert row["recall"] == pytest.approx(both / truly if truly else 0)
        assert row["f1"] == pytest.approx(2 * both / (guessed + truly))
        assert row["steps"] == truly
        jaccards.append(both / either)
    assert result["jaccard"] == pytest.approx(np.mean(jaccards))


@given(pairs_of)
def test_class_metrics_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    counted = [pair for pair in pairs if pair[0] >= 0]
    if not counted:
        return
    scorer = ClassificationScorer(["a", "b", "c", "d"])
    scorer.add("s", *(array([pair[i] for pair in pairs]) for i in (0, 1)))
    labels = sorted({label for pair in counted for label in pair})
    expected = precision_recall_fscore_support(
        *zip(*counted, strict=True), labels=labels, average="macro", zero_division=0
    )
    result = scorer.result()
    found = [result[name] for name in ("precision", "recall", "f1")]
    assert found == pytest.approx(expected[:3], abs=1e-9)


def test_accuracy_per_sequence_gives_every_sequence_the_same_say() -> None:
    scorer = ClassificationScorer(["a", "b"])
    scorer.add("long", array([0] * 8), array([0] * 8))
    scorer.add("short", array([1, 1]), array([1, 0]))
    result = scorer.result()
    assert result["accuracy"] == 0.9
    assert result["accuracy_per_sequence"]["mean"] == 0.75
    assert result["accuracy_per_sequence"]["sd"] == pytest.approx(np.sqrt(0.125))


def test_unlabelled_steps_count_nowhere() -> None:
    scorer = ClassificationScorer(["a", "b"])
    scorer.add("s", array([-1, -1, 0, 1]), array([1, 1, 0, 1]))
    scorer.add("none", array([-1]), array([0]))
    result = scorer.result()
    assert result["confusion"] == [[1, 0], [0, 1]]
    assert result["edit"] == result["f1@50"] == result["accuracy"] == 1
    assert result["per_sequence"][1]["accuracy"] is None


def test_one_answer_a_sequence_has_no_segment_metrics() -> None:
    scorer = ClassificationScorer(["a", "b"], segmental=False)
    scorer.add("s", array([0]), array([0]))
    assert scorer.result()["edit"] is None
    assert scorer.result()["f1@10"] is None


def ranked(hits: list[bool], scores: list[float]) -> RankedScores:
    counted = RankedScores()
    half = len(hits) // 2
    for part in (slice(0, half), slice(half, None)):
        counted.add(np.array(hits[part], bool), np.array(scores[part], np.float32))
    return counted


def naive_calibrated(hits: list[bool], scores: list[float]) -> float:
    ratio = hits.count(False) / hits.count(True)
    precisions = []
    for hit, score in zip(hits, scores, strict=True):
        if hit:
            named = [other for other, at in zip(hits, scores, strict=True) if at >= score]
            false = named.count(False) / ratio if ratio else 0
            precisions.append(named.count(True) / (named.count(True) + false))
    return sum(precisions) / len(precisions)


def test_average_precision_of_a_worked_case() -> None:
    hits, scores = [True, False, True, False], [0.9, 0.8, 0.7, 0.1]
    assert ranked(hits, scores).average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert ranked([False], [0.5]).average_precision is None


def test_calibrated_average_precision_of_a_worked_case() -> None:
    # Two of six steps are of the class, w = 2: the false alarm counts for half a hit.
    hits, scores = [True, False, True, False, False, False], [0.9, 0.8, 0.7, 0.3, 0.2, 0.1]
    expected = (1 / 1 + 2 / (2 + 1 / 2)) / 2
    assert ranked(hits, scores).calibrated_average_precision == pytest.approx(expected)


def test_calibration_leaves_a_class_of_half_of_the_steps_as_it_is() -> None:
    found = ranked([True, False, True, False], [0.9, 0.8, 0.7, 0.1])
    assert found.calibrated_average_precision == pytest.approx(found.average_precision)


def test_calibrated_average_precision_where_all_or_no_steps_are_of_the_class() -> None:
    assert ranked([True, True], [0.5, 0.1]).calibrated_average_precision == 1
    assert ranked([False, False], [0.5, 0.1]).calibrated_average_precision is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4096)), min_size=1, max_size=80))
def test_average_precision_agrees_with_a_second_count(steps: list[tuple[bool, int]]) -> None:
    hits, scores = [hit for hit, _ in steps], [score / 4096 for _, score in steps]
    if any(hits):
        found, near = ranked(hits, scores), {"abs": 1e-9}
        assert found.average_precision == pytest.approx(
            average_precision_score(hits, scores), **near
        )
        assert found.calibrated_average_precision == pytest.approx(
            naive_calibrated(hits, scores), **near
        )


def test_steps_without_a_label_end_a_segment_in_truth_and_prediction() -> None:
    scorer = ClassificationScorer(["a"])
    scorer.add("s", array([0, 0, -1, -1, 0, 0]), array([0] * 6))
    scorer.add("t", array([0, 0, -1]), array([0, 0, 0]))
    result = scorer.result()
    assert result["edit"] == result["f1@50"] == 1
    assert segments(array([0, 0, -1, 0])) == [Segment(0, 0, 2), Segment(0, 3, 4)]
