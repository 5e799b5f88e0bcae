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
from trainer.metrics.average_precision import SCORES, ranks
from trainer.metrics.class_counts import SHARES

pairs_of = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=60)


def array(values: list[int]) -> np.ndarray:
    return np.array(values, np.int32)


def listed(labels: list[int]) -> list[Segment]:
    return list(segments(array(labels)))


def test_segments_are_runs_of_a_label() -> None:
    assert listed([0, 0, 2, 1, 1, 1]) == [(0, 0, 2), (2, 2, 3), (1, 3, 6)]
    assert listed([3]) == [(3, 0, 1)]
    assert listed([]) == listed([-1, -1]) == []


def test_steps_without_a_label_make_no_segment_and_no_change() -> None:
    assert listed([-1, 0, -1, 0, 1]) == [(0, 1, 2), (0, 3, 4), (1, 4, 5)]
    assert segments(array([-1, 0, -1, 0, 1])).changes().tolist() == [2]


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
        guessed, truly = (sum(pair[i] == number for pair in counted) for i in (1, 0))
        assert (row["steps"], row["predicted"]) == (truly, guessed)
        if not truly:
            assert all(row[share] is None for share in SHARES)
            continue
        assert row["jaccard"] == pytest.approx(both / either)
        assert row["precision"] == pytest.approx(both / guessed if guessed else 0)
        assert row["recall"] == pytest.approx(both / truly)
        assert row["f1"] == pytest.approx(2 * both / (guessed + truly))
        jaccards.append(both / either)
    assert result["jaccard"] == pytest.approx(np.mean(jaccards))


@given(pairs_of)
def test_class_metrics_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    counted = [pair for pair in pairs if pair[0] >= 0]
    if not counted:
        return
    scorer = ClassificationScorer(["a", "b", "c", "d"])
    scorer.add("s", *(array([pair[i] for pair in pairs]) for i in (0, 1)))
    labels = sorted({true for true, _ in counted})
    expected = precision_recall_fscore_support(
        *zip(*counted, strict=True), labels=labels, average="macro", zero_division=0
    )
    result = scorer.result()
    found = [result[name] for name in ("precision", "recall", "f1")]
    assert found == pytest.approx(expected[:3], abs=1e-9)


def test_a_class_that_the_truth_lacks_has_no_figures_but_its_false_alarms() -> None:
    scorer = ClassificationScorer(["a", "lacking", "never"])
    scorer.add("s", array([0, 0, 0, 0]), array([0, 0, 0, 1]))
    result = scorer.result()
    nothing = {**dict.fromkeys(SHARES), "steps": 0}
    assert result["per_class"]["lacking"] == {**nothing, "predicted": 1}
    assert result["per_class"]["never"] == {**nothing, "predicted": 0}
    assert (result["precision"], result["recall"]) == (1, 0.75)
    (recall,) = scorer.tallies().figures(np.ones((1, 1)))["recall"]
    assert recall == 0.75


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


def test_classes_that_are_ignored_make_no_segments_and_count_as_steps() -> None:
    true, predicted = array([0, 1, 1, 0, 1, 1]), array([1, 1, 1, 0, 0, 0])
    scorer = ClassificationScorer(["background", "a"], ignored={0})
    scorer.add("s", true, predicted)
    result = scorer.result()
    assert result["edit"] == 0.5  # a a against a
    assert result["f1@50"] == pytest.approx(2 / 3)
    assert result["accuracy"] == pytest.approx(3 / 6)
    assert result["per_class"]["background"]["steps"] == 2
    assert result["ignored_classes"] == ["background"]


def test_where_no_segment_is_left_there_is_no_edit_score() -> None:
    scorer = ClassificationScorer(["background", "a"], ignored={0})
    scorer.add("empty", array([0, 0]), array([0, 0]))
    result = scorer.result()
    assert result["edit"] is result["f1@10"] is None
    assert result["accuracy"] == 1
    scorer.add("invented", array([0, 0]), array([0, 1]))
    assert scorer.result()["edit"] == scorer.result()["f1@10"] == 0


def test_the_delay_of_a_worked_case() -> None:
    scorer = ClassificationScorer(["a", "b", "c"])
    true = array([0, 0, 1, 1, 1, 2, 2, -1, 0, 1])
    said = array([0, 1, 0, 0, 1, 2, 0, 1, 0, 0])
    scorer.add("s", true, said, np.arange(10) / 4)
    # b after 2 steps, c at once; the a after the gap is no change, the last b is not noticed.
    expected = {"median": 0.0, "p90": 0.5, "changes": 3, "noticed": 2, "late": 3 / 6}
    assert scorer.result()["delay"] == expected


def test_without_changes_there_is_no_delay() -> None:
    scorer = ClassificationScorer(["a"])
    scorer.add("s", array([0, 0]), array([0, 0]), np.arange(2.0))
    nothing = {"median": None, "p90": None, "changes": 0, "noticed": 0, "late": None}
    assert scorer.result()["delay"] == nothing
    whole = ClassificationScorer(["a"], segmental=False)
    assert whole.result()["delay"] is None


def test_many_short_segments_take_no_time_to_speak_of() -> None:
    labels = np.arange(100_000, dtype=np.int32) % 3
    assert segment_hits(labels, labels, 0.5) == (100_000, 0, 0)


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
    for hits in ([True, True], [False, False]):
        assert ranked(hits, [0.5, 0.1]).average_precision is None
        assert ranked(hits, [0.5, 0.1]).calibrated_average_precision is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4096)), min_size=1, max_size=80))
def test_average_precision_agrees_with_a_second_count(steps: list[tuple[bool, int]]) -> None:
    hits, scores = [hit for hit, _ in steps], [score / 4096 for _, score in steps]
    if any(hits) and not all(hits):
        found, near = ranked(hits, scores), {"abs": 1e-9}
        assert found.average_precision == pytest.approx(
            average_precision_score(hits, scores), **near
        )
        assert found.calibrated_average_precision == pytest.approx(
            naive_calibrated(hits, scores), **near
        )


@given(st.lists(st.floats(0, 1, width=32), min_size=2))
def test_a_higher_score_never_has_a_lower_rank(scores: list[float]) -> None:
    half, one = np.float32(0.5), np.float32(1)
    edges = [0, np.nextafter(half, np.float32(0)), half, np.nextafter(half, one), one]
    places = ranks(np.array(sorted([*scores, *edges]), np.float32))
    assert (np.diff(places) >= 0).all()
    assert (places[0], places[-1]) == (0, SCORES - 1)


def test_scores_next_to_one_another_below_one_and_about_a_half_have_ranks_of_their_own() -> None:
    half = np.float32(0.5)
    assert len(set(ranks(1 - np.arange(2**14, dtype=np.float32) * np.float32(2**-24)))) == 2**14
    assert np.diff(ranks(np.array([np.nextafter(half, np.float32(0)), half]))).tolist() == [1]


def test_scores_a_rounding_outside_are_taken_for_the_nearest_inside() -> None:
    one = np.float32(1)
    outside = np.array([-1e-7, -0.0, np.nextafter(one, np.float32(2))], np.float32)
    assert ranks(outside).tolist() == [0, 0, SCORES - 1]


@pytest.mark.parametrize("classes", [5, 10])
def test_answers_of_a_sure_model_are_ranked_well(classes: int) -> None:
    generator = np.random.default_rng(classes)
    true = generator.integers(0, classes, 3000)
    logits = 12 * np.eye(classes)[true] + generator.normal(0, 4, (3000, classes))
    scores = np.exp(logits - logits.max(1, keepdims=True))
    scores = (scores / scores.sum(1, keepdims=True)).astype(np.float32)
    for number in range(classes):
        hits = true == number
        counted = RankedScores()
        counted.add(hits, scores[:, number])
        exact = average_precision_score(hits, scores[:, number])
        assert counted.average_precision == pytest.approx(exact, abs=1e-4)


def test_steps_without_a_label_end_a_segment_in_truth_and_prediction() -> None:
    scorer = ClassificationScorer(["a"])
    scorer.add("s", array([0, 0, -1, -1, 0, 0]), array([0] * 6))
    scorer.add("t", array([0, 0, -1]), array([0, 0, 0]))
    result = scorer.result()
    assert result["edit"] == result["f1@50"] == 1
