from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from trainer.lanes import Chunk, chunks_of, lane_plan, shuffled, window_plan, without_carry

lengths_of = st.lists(st.integers(1, 60), min_size=1, max_size=12)
lanes_of = st.integers(1, 6)
chunk_length_of = st.integers(1, 20)


def plan_of(lengths: list[int], lanes: int, chunk_length: int) -> list[tuple[Chunk | None, ...]]:
    order = shuffled(len(lengths), "any")
    return list(lane_plan(lengths, order, lanes, chunk_length))


@given(lengths_of, lanes_of, chunk_length_of)
def test_every_step_comes_exactly_once_and_in_time_order(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    seen = defaultdict(list)
    for batch in plan_of(lengths, lanes, chunk_length):
        for chunk in filter(None, batch):
            seen[chunk.sequence] += range(chunk.start, chunk.start + chunk.steps)
    assert seen == {number: list(range(length)) for number, length in enumerate(lengths)}


@given(lengths_of, lanes_of, chunk_length_of)
def test_a_sequence_stays_in_its_lane_and_resets_only_where_it_begins(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    previous: dict[int, Chunk] = {}
    for batch in plan_of(lengths, lanes, chunk_length):
        for lane, chunk in enumerate(batch):
            if chunk is None:
                continue
            assert chunk.reset == (chunk.start == 0)
            assert chunk.last == (chunk.start + chunk.steps == lengths[chunk.sequence])
            assert chunk.steps == chunk_length or chunk.last
            if not chunk.reset:
                before = previous[lane]
                assert (before.sequence, before.start + before.steps) == (
                    chunk.sequence,
                    chunk.start,
                )
            previous[lane] = chunk


@given(lengths_of, lanes_of, chunk_length_of)
def test_a_lane_is_refilled_at_once_while_a_sequence_waits(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    idle_seen = False
    for batch in plan_of(lengths, lanes, chunk_length):
        assert len(batch) == lanes
        assert any(batch)
        if idle_seen:
            assert not any(chunk.reset for chunk in batch if chunk)
        idle_seen = idle_seen or None in batch


def test_the_timeline_reads_as_drawn() -> None:
    drawn = [
        "".join("-" if c is None else "ABCD"[c.sequence] + ("*" if c.reset else "") for c in lane)
        for lane in zip(*lane_plan([10, 4, 6, 3], range(4), 2, 2), strict=True)
    ]
    assert drawn == ["A*AAAAD*D", "B*BC*CC--"]


@given(lengths_of, lanes_of, chunk_length_of, st.text(max_size=3))
def test_stateless_windows_hold_every_step_once_and_always_reset(
    lengths: list[int], lanes: int, chunk_length: int, seed: str
) -> None:
    batches = list(window_plan(lengths, lanes, chunk_length, seed))
    chunks = [chunk for batch in batches for chunk in batch if chunk]
    assert all(chunk.reset and chunk.last for chunk in chunks)
    assert all(len(batch) == lanes for batch in batches)
    places = {(c.sequence, step) for c in chunks for step in range(c.start, c.start + c.steps)}
    assert len(places) == sum(lengths) == sum(chunk.steps for chunk in chunks)


def test_windows_come_in_another_order_with_another_seed() -> None:
    one, other, same = (list(window_plan([200], 2, 5, seed)) for seed in ("0/0", "0/1", "0/0"))
    assert one == same
    assert one != other


def test_without_carry_keeps_places_and_resets_every_chunk() -> None:
    plan = list(lane_plan([10, 4], range(2), 3, 2))
    bare = list(without_carry(iter(plan)))
    for before, after in zip(plan, bare, strict=True):
        for one, other in zip(before, after, strict=True):
            assert (one is None) == (other is None)
            if one and other:
                assert other.reset
                assert (one.sequence, one.start, one.last) == (
                    other.sequence,
                    other.start,
                    other.last,
                )


def test_a_sequence_shorter_than_a_chunk_is_one_chunk() -> None:
    assert list(chunks_of(3, 2, 8)) == [Chunk(3, 0, 2, reset=True, last=True)]
