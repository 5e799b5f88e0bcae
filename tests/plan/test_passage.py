"""What a model sees and is asked about, against lists that are made by hand."""

from hypothesis import given
from hypothesis import strategies as st

from trainer.plan.passage import Passage, Stretch

NOTHING = -1
passages = st.builds(Passage, st.integers(1, 12), st.integers(-15, 15), st.booleans())
cuts = st.lists(st.integers(0, 30), max_size=5)


def naive(passage: Passage) -> tuple[list[int], list[int]]:
    """Returns the steps that are seen, and those that are asked about or NOTHING."""
    steps = list(range(passage.steps))
    if passage.backward:
        steps.reverse()
    late = max(0, -passage.horizon)
    seen = steps + [steps[-1]] * late
    about = [
        steps[t + passage.horizon] if 0 <= t + passage.horizon < len(steps) else NOTHING
        for t in range(len(seen))
    ]
    return seen, about


def listed(passage: Passage, stretch: Stretch, count: int) -> list[int]:
    """Returns the steps at the places of some of the model's, NOTHING where there is none."""
    steps = list(range(stretch.start, stretch.stop))
    found = [NOTHING] * count
    found[stretch.places] = steps[::-1] if passage.backward else steps
    assert len(found) == count
    return found


def pieces(passage: Passage, edges: list[int]) -> list[tuple[int, int]]:
    inner = sorted({edge for edge in edges if 0 < edge < passage.asked})
    return list(zip([0, *inner], [*inner, passage.asked], strict=True))


@given(passages, cuts)
def test_wherever_it_is_cut_a_passage_is_that_of_lists(passage: Passage, edges: list[int]) -> None:
    seen, about = naive(passage)
    assert passage.asked == len(seen)
    for start, stop in pieces(passage, edges):
        count = stop - start
        found = listed(passage, passage.seen(start, stop), count)
        real = [step for step in found if step != NOTHING]
        assert real + [real[-1]] * (count - len(real)) == seen[start:stop]
        assert listed(passage, passage.about(start, stop), count) == about[start:stop]


@given(passages, cuts)
def test_each_step_has_one_row(passage: Passage, edges: list[int]) -> None:
    rows = []
    for start, stop in pieces(passage, edges):
        found = listed(passage, passage.rows(start, stop), stop - start)
        seen, about = naive(passage)
        assert found == (seen if passage.horizon > 0 else about)[start:stop]
        rows += [step for step in found if step != NOTHING]
    assert sorted(rows) == list(range(passage.steps))


@given(st.integers(1, 12), st.integers(-15, 0), st.booleans())
def test_with_a_horizon_of_0_or_less_each_step_is_asked_about_once(
    steps: int, horizon: int, backward: bool
) -> None:
    _, about = naive(Passage(steps, horizon, backward))
    assert sorted(step for step in about if step != NOTHING) == list(range(steps))
