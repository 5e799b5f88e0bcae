from typing import Any

import naive_metrics as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from trainer.metrics import RelaxedScorer
from trainer.metrics.published_relaxed import PHASES, published_steps
from trainer.metrics.relaxed import forgiven

CHOLEC80 = PHASES[1:]
NEAR = {"abs": 1e-9}
LETTERS = "abcd"


def coded(labels: str) -> np.ndarray:
    return np.array([LETTERS.find(label) for label in labels], np.int32)


def decoded(labels: np.ndarray) -> str:
    return "".join(LETTERS[label] for label in labels)


def answers(true: str, said: str, seconds: float, fps: float = 1.0) -> str:
    times = np.arange(len(true)) / fps
    return decoded(forgiven(coded(true), coded(said), times, seconds))


def relaxed(classes: Any, *pairs: tuple[Any, Any], seconds: float = 10, **options: Any) -> Any:
    scorer = RelaxedScorer(classes, seconds, **options)
    for true, said in pairs:
        scorer.add(np.array(true, np.int32), np.array(said, np.int32), np.arange(len(true)) * 1.0)
    return scorer.result()


def test_near_a_change_the_class_on_its_other_side_is_right() -> None:
    true, late, early = "aaaaabbbbb", "aaaaaaabbb", "aabbbbbbbb"
    assert answers(true, late, seconds=2) == true
    assert answers(true, late, seconds=1) == "aaaaababbb"
    assert answers(true, early, seconds=3) == true
    assert answers(true, early, seconds=2) == "aabaabbbbb"
    assert answers(true, early, seconds=0.5) == early


def test_other_classes_stay_wrong_and_right_ones_right() -> None:
    assert answers("aaabbb", "aacccb", seconds=3) == "aacccb"
    assert answers("aaabbb", "aaabbb", seconds=3) == "aaabbb"
    # b is on the other side of the change before, not of the one after.
    assert answers("bbbaaaaccc", "bbbaaabccc", seconds=1) == "bbbaaabccc"


def test_there_is_no_change_at_the_ends_nor_beside_steps_without_a_label() -> None:
    assert answers("aa bb", "babab", seconds=5) == "babab"
    assert answers("aaaa", "baab", seconds=5) == "baab"


def test_a_tolerance_is_in_seconds_whatever_the_rate() -> None:
    assert (
        answers("a" * 30 + "b" * 30, "a" * 40 + "b" * 20, seconds=1, fps=10) == "a" * 30 + "b" * 30
    )
    kept = answers("a" * 30 + "b" * 30, "a" * 41 + "b" * 19, seconds=1, fps=10)
    assert kept == "a" * 30 + "b" * 10 + "a" + "b" * 19


def test_times_that_were_rounded_change_nothing() -> None:
    true, said = coded("a" * 30 + "b" * 30), coded("a" * 41 + "b" * 19)
    exact = np.arange(60) / 29.97
    seconds = 10 / 29.97
    expected = forgiven(true, said, exact, seconds)
    for shift in np.linspace(0, 0.04, 23):
        rounded = np.round(exact + shift, 3)
        np.testing.assert_array_equal(forgiven(true, said, rounded, seconds), expected)


def test_averages_are_over_sequences_that_show_a_class() -> None:
    result = relaxed("ab", ([0, 0, 0, 0], [0, 0, 0, 0]), ([0, 1, 1, 1], [1, 1, 0, 0]), seconds=1)
    assert result["accuracy"] == (1 + 0.5) / 2
    # The answers to the second sequence count as a b a a.
    assert result["per_class"]["a"]["precision"] == pytest.approx((1 + 1 / 3) / 2)
    assert result["per_class"]["b"]["recall"] == pytest.approx(1 / 3)
    assert result["recall"] == pytest.approx((1 + 1 / 3) / 2)
    assert result["accuracy_per_sequence"]["mean"] == 0.75


def test_what_was_never_labelled_is_not_known() -> None:
    result = relaxed("ab", ([-1, -1], [0, 1]))
    assert result["accuracy"] is result["precision"] is result["f1"] is None
    assert result["per_class"]["a"] == dict.fromkeys(("precision", "recall", "f1", "jaccard"))
    assert relaxed("ab")["accuracy"] is None


phases = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 30)), min_size=1, max_size=8)


def noisy(true: list[int], chance: Any) -> list[int]:
    moved = [min(max(phase + chance.choice([0, 0, -1, 1, -2, 2]), 1), 7) for phase in true]
    return [chance.choice([t, m, chance.randint(1, 7)]) for t, m in zip(true, moved, strict=True)]


@settings(max_examples=150)
@given(st.lists(phases, min_size=1, max_size=3), st.randoms())
def test_the_published_script_is_followed_slips_included(videos: Any, chance: Any) -> None:
    truths = [[phase for phase, steps in runs for _ in range(steps)] for runs in videos]
    pairs = [(true, noisy(true, chance)) for true in truths]
    expected = naive.published(pairs, window=10, phases=7)
    shifted = [tuple(np.array(labels) - 1 for labels in pair) for pair in pairs]
    result = relaxed(CHOLEC80, *shifted, bug_compatible=True)
    assert result["accuracy"] == pytest.approx(expected["accuracy"], **NEAR)
    for name in ("precision", "recall", "jaccard"):
        assert result[name] == pytest.approx(expected[name], **NEAR), name
        found = [row[name] for row in result["per_class"].values()]
        assert found == [pytest.approx(row[name], **NEAR) for row in expected["per_class"]]
    assert result["f1"] is None


def test_the_published_script_forgives_at_the_wrong_end() -> None:
    # Preparation is left 5 s too early; the script looks there, and forgives at the beginning.
    true = [0] * 30 + [1] * 30
    early = [0] * 25 + [1] * 35
    assert relaxed(CHOLEC80, (true, early))["accuracy"] == 1
    assert relaxed(CHOLEC80, (true, early), bug_compatible=True)["accuracy"] == 55 / 60
    # So what is forgiven here is a phase far from any change.
    wrong = [0] * 5 + [6] * 5 + [0] * 15 + [1] * 35
    steps = [np.array(labels, np.int32) for labels in (true, wrong)]
    right = published_steps(np.arange(1, 8, dtype=np.int32), *steps, np.arange(60.0), 10)
    assert np.flatnonzero(~right).tolist() == list(range(25, 30))


def test_the_published_script_counts_forgiven_steps_for_both_phases() -> None:
    # Late by 10 s: 30 of 20 named steps of the second phase are right, which is cut to 1.
    true, late = [0] * 30 + [1] * 30, [0] * 40 + [1] * 20
    row = relaxed(CHOLEC80, (true, late), bug_compatible=True)["per_class"]
    assert row[CHOLEC80[1]]["precision"] == 1
    assert row[CHOLEC80[0]]["recall"] == 1
    never = relaxed(CHOLEC80, (true, [0] * 60), bug_compatible=True)["per_class"]
    assert never[CHOLEC80[1]]["precision"] == 1  # never named, yet forgiven 10 times
    assert relaxed(CHOLEC80, (true, [0] * 60))["per_class"][CHOLEC80[1]]["precision"] == 1


def test_phases_of_both_challenges_have_the_same_rules() -> None:
    true = [0] * 20 + [3] * 20 + [5] * 20
    said = [0] * 20 + [2] * 20 + [3] * 20
    shifted = [tuple(np.array(labels) + 1 for labels in (true, said))]
    seven = relaxed(CHOLEC80, (true, said), bug_compatible=True)
    eight = relaxed(PHASES, *shifted, bug_compatible=True)
    assert seven["accuracy"] == eight["accuracy"] == 40 / 60
    assert seven["jaccard"] == eight["jaccard"]


def test_classes_in_another_order_are_the_same_phases() -> None:
    names = sorted(CHOLEC80)
    order = [names.index(name) for name in CHOLEC80]
    true, said = [0] * 20 + [1] * 20 + [2] * 20, [0] * 25 + [2] * 35
    moved = [[order[label] for label in labels] for labels in (true, said)]
    one = relaxed(CHOLEC80, (true, said), bug_compatible=True)
    other = relaxed(names, tuple(moved), bug_compatible=True)
    assert one["per_class"] == {name: other["per_class"][name] for name in CHOLEC80}


def test_the_published_script_knows_no_other_classes() -> None:
    with pytest.raises(InputError, match=r"'cut'.*Preparation.*leave the option out"):
        RelaxedScorer(["cut", "Preparation"], 10, bug_compatible=True)
