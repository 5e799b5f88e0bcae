from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trainer.review.choosing import best_apart, choose, in_turn
from trainer.review.stretch import Stretch

AROUND = 1.0
times = st.integers(0, 40).map(float)
stretches = st.builds(
    lambda sequence, start, seconds, why, score: Stretch(
        sequence, start, start + seconds, why, score, "", "a"
    ),
    st.sampled_from("abcd"),
    times,
    st.integers(1, 8).map(float),
    st.sampled_from(["contradicted", "unsure"]),
    st.floats(0, 1),
)


def cost(several: list[Stretch]) -> float:
    return sum(one.seconds + 2 * AROUND for one in several)


def stretch(sequence: str, start: float, score: float, why: str = "unsure") -> Stretch:
    return Stretch(sequence, start, start + 4.0, why, score, "", "a")  # type: ignore[arg-type]


@given(st.lists(stretches, max_size=30), st.floats(1, 120))
def test_what_is_chosen_fits_the_time_and_no_moment_comes_twice(
    found: list[Stretch], seconds: float
) -> None:
    chosen = choose(found, seconds, AROUND)
    assert cost(chosen) <= seconds + 1e-6
    for number, one in enumerate(chosen):
        for other in chosen[:number]:
            apart = one.end <= other.start or other.end <= one.start
            assert apart or one.sequence != other.sequence


@given(st.lists(stretches, max_size=30), st.floats(1, 120))
def test_no_video_takes_more_than_its_share_until_all_have_one(
    found: list[Stretch], seconds: float
) -> None:
    chosen = choose(found, seconds, AROUND)
    sequences = {one.sequence for one in found}
    left_out = sequences - {one.sequence for one in chosen}
    for sequence in {one.sequence for one in chosen} if left_out else ():
        own = [one for one in chosen if one.sequence == sequence]
        cheapest = min(cost([one]) for one in found if one.sequence in left_out)
        fitted = cost(chosen) + cheapest > seconds  # There was no time for any of the others.
        assert len(own) == 1 or cost(own) <= seconds / len(sequences) or fitted


def test_with_time_for_all_every_stretch_is_looked_at_best_first() -> None:
    found = [stretch("a", 10.0 * n, n / 10) for n in range(5)] + [stretch("b", 0.0, 0.25)]
    assert [one.score for one in choose(found, 1e3, AROUND)] == [0.4, 0.3, 0.25, 0.2, 0.1, 0.0]


def test_a_video_that_is_all_doubt_leaves_time_for_the_others() -> None:
    found = [stretch("a", 10.0 * n, 0.9) for n in range(9)]
    found += [stretch(name, 0.0, 0.1) for name in "bcd"]
    chosen = choose(found, 4 * 6.0, AROUND)
    assert Counter(one.sequence for one in chosen) == dict.fromkeys("abcd", 1)


def test_both_kinds_come_in_turn() -> None:
    found = [stretch("a", 10.0 * n, 5.0 + n, "contradicted") for n in range(3)]
    found += [stretch("b", 0.0, 0.1)]
    kinds = [one.why for one in in_turn(found)]
    assert kinds == ["contradicted", "unsure", "contradicted", "contradicted"]


@given(st.lists(stretches, max_size=20))
def test_of_stretches_that_overlap_the_best_is_kept(found: list[Stretch]) -> None:
    own = [one._replace(sequence="a") for one in found]
    kept = best_apart(own, 100)
    for one in own:
        over = [it for it in kept if it.start < one.end and one.start < it.end]
        assert one in kept or max(it.score for it in over) >= one.score
