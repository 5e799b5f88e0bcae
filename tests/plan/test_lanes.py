from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.plan.lanes import (
    fixed_lengths,
    group_plans,
    inference_plan,
    lane_plan,
    shared,
    short_length,
    varied_lengths,
)
from trainer.plan.lineup import Chunk, Lineup
from trainer.plan.windows import Windows, window_inference_plan, window_plan

lengths_of = st.lists(st.integers(1, 60), min_size=1, max_size=12)
lanes_of = st.integers(1, 6)
chunk_length_of = st.integers(1, 20)


def plan_of(lengths: list[int], lanes: int, chunk_length: int, burn_in: int = 0) -> list[Lineup]:
    queues = shared(range(len(lengths)), lanes)
    return list(lane_plan(lengths, queues, fixed_lengths(chunk_length), burn_in))


def steps_of(plan: list[Lineup], with_burn_in: bool = True) -> dict[int, list[int]]:
    seen = defaultdict(list)
    for lineup in plan:
        for chunk in filter(None, lineup.chunks):
            first = chunk.start if with_burn_in else chunk.start + chunk.burn_in
            seen[chunk.sequence] += range(first, chunk.stop)
    return dict(seen)


def whole(lengths: list[int]) -> dict[int, list[int]]:
    return {number: list(range(length)) for number, length in enumerate(lengths)}


@given(lengths_of, lanes_of, chunk_length_of)
def test_every_step_comes_exactly_once_and_in_time_order(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    assert steps_of(plan_of(lengths, lanes, chunk_length)) == whole(lengths)
    assert steps_of(list(inference_plan(lengths, lanes, chunk_length))) == whole(lengths)


@given(lengths_of, lanes_of, chunk_length_of, st.text(max_size=3))
def test_chunks_of_varied_length_hold_every_step_exactly_once_too(
    lengths: list[int], lanes: int, chunk_length: int, seed: str
) -> None:
    queues = shared(range(len(lengths)), lanes)
    plan = list(lane_plan(lengths, queues, varied_lengths(chunk_length, seed)))
    assert steps_of(plan) == whole(lengths)
    for lineup in plan:
        assert lineup.chunk_length in (chunk_length, short_length(chunk_length))
        chunks = [chunk for chunk in lineup.chunks if chunk]
        assert all(chunk.steps == lineup.chunk_length or chunk.last for chunk in chunks)


def test_edges_of_chunks_of_varied_length_fall_on_most_steps_within_some_epochs() -> None:
    edges = set()
    for epoch in range(30):
        plan = lane_plan([1000], shared([0], 1), varied_lengths(16, str(epoch)))
        edges |= {lineup.chunks[0].start % 16 for lineup in plan}
    assert edges == set(range(16))


@given(lengths_of, lanes_of, chunk_length_of)
def test_a_sequence_stays_in_its_lane_and_resets_only_where_it_begins(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    previous: dict[int, Chunk] = {}
    for lineup in plan_of(lengths, lanes, chunk_length):
        for lane, chunk in enumerate(lineup.chunks):
            if chunk is None:
                continue
            assert chunk.reset == (chunk.start == 0)
            assert chunk.last == (chunk.stop == lengths[chunk.sequence])
            assert chunk.steps == chunk_length or chunk.last
            if not chunk.reset:
                before = previous[lane]
                assert (before.sequence, before.stop) == (chunk.sequence, chunk.start)
            previous[lane] = chunk


@given(lengths_of, lanes_of, chunk_length_of)
def test_a_lane_is_refilled_at_once_while_a_sequence_waits(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    idle_seen = False
    for lineup in plan_of(lengths, lanes, chunk_length):
        assert len(lineup.chunks) == lanes
        assert any(lineup.chunks)
        if idle_seen:
            assert not any(chunk.reset for chunk in lineup.chunks if chunk)
        idle_seen = idle_seen or None in lineup.chunks


def test_the_timeline_reads_as_drawn() -> None:
    rows = zip(*(lineup.chunks for lineup in plan_of([10, 4, 6, 3], 2, 2)), strict=True)
    drawn = [
        "".join("-" if c is None else "ABCD"[c.sequence] + ("*" if c.reset else "") for c in lane)
        for lane in rows
    ]
    assert drawn == ["A*AAAAD*D", "B*BC*CC--"]


@given(lengths_of, lanes_of, chunk_length_of, st.integers(0, 70))
def test_the_burn_in_is_the_leading_steps_of_each_sequence(
    lengths: list[int], lanes: int, chunk_length: int, burn_in: int
) -> None:
    plan = plan_of(lengths, lanes, chunk_length, burn_in)
    assert steps_of(plan) == whole(lengths)
    asked = steps_of(plan, with_burn_in=False)
    for number, length in enumerate(lengths):
        assert asked[number] == list(range(min(burn_in, length), length))


@st.composite
def windows_of(draw: st.DrawFn) -> Windows:
    length = draw(chunk_length_of)
    burn_in = draw(st.integers(0, length - 1))
    stride = draw(st.integers(1, length - burn_in))
    return Windows(length, stride, burn_in, shift=draw(st.integers(0, stride - 1)))


@given(lengths_of, lanes_of, windows_of(), st.text(max_size=3))
def test_windows_reach_every_step_and_always_reset(
    lengths: list[int], lanes: int, windows: Windows, seed: str
) -> None:
    plan = list(window_plan(lengths, lanes, windows, seed))
    assert all(len(lineup.chunks) == lanes for lineup in plan)
    chunks = [chunk for lineup in plan for chunk in lineup.chunks if chunk]
    assert all(chunk.reset and chunk.last for chunk in chunks)
    assert all(1 <= chunk.steps <= windows.chunk_length for chunk in chunks)
    for number, length in enumerate(lengths):
        asked = sorted(steps_of(plan, with_burn_in=False)[number])
        assert set(asked) == set(range(windows.burn_in, length))
        if windows.stride == windows.chunk_length - windows.burn_in:
            assert len(asked) == len(set(asked))


@given(lengths_of, lanes_of, windows_of())
def test_answers_in_windows_come_once_for_every_step(
    lengths: list[int], lanes: int, windows: Windows
) -> None:
    plan = list(window_inference_plan(lengths, lanes, windows))
    assert steps_of(plan, with_burn_in=False) == whole(lengths)
    lasts = [chunk for lineup in plan for chunk in lineup.chunks if chunk and chunk.last]
    assert sorted(chunk.sequence for chunk in lasts) == list(range(len(lengths)))


def test_windows_come_in_another_order_with_another_seed() -> None:
    windows = Windows(5, 5)
    one, other, same = (
        list(window_plan([200], 2, windows, seed)) for seed in ("0/0", "0/1", "0/0")
    )
    assert one == same
    assert one != other


def test_windows_are_as_drawn() -> None:
    def drawn(windows: Windows) -> list[tuple[int, int]]:
        chunks = [windows.window(0, number, 10) for number in range(windows.count(10))]
        return [(chunk.start, chunk.stop) for chunk in chunks]

    assert drawn(Windows(4, 3, burn_in=1)) == [(0, 4), (3, 7), (6, 10)]
    assert drawn(Windows(4, 3, burn_in=1, shift=2)) == [(0, 2), (1, 5), (4, 8), (7, 10)]


@given(windows_of(), st.integers(1, 80))
def test_windows_follow_each_other_by_the_stride_until_one_reaches_the_end(
    windows: Windows, length: int
) -> None:
    chunks = [windows.window(0, number, length) for number in range(windows.count(length))]
    for number, chunk in enumerate(chunks):
        assert chunk.start == max(0, number * windows.stride - windows.shift)
        assert (chunk.stop == length) == (number == len(chunks) - 1)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(4, 6), chunk_length_of)
def test_a_group_holds_whole_sequences_side_by_side(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    (group,) = group_plans(lengths, [range(len(lengths))], lanes, chunk_length)
    assert steps_of(group) == whole(lengths)
    assert len(group) == -(-max(lengths) // chunk_length)
    for lineup in group:
        assert len(lineup.chunks) == lanes
        for lane, chunk in enumerate(lineup.chunks):
            assert chunk is None or chunk.sequence == lane


@pytest.mark.parametrize("length", range(1, 30))
def test_the_short_length_is_never_nothing(length: int) -> None:
    assert 1 <= short_length(length) <= length
