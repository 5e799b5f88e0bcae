import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.videos.sampling import sample
from preprocessing.videos.timeline import (
    LONGEST_HOLD,
    Announced,
    Timeline,
    any_instant,
    mark_shown,
)

USUAL = 0.04
quick = settings(deadline=None, max_examples=200)


@st.composite
def presentation_times(draw) -> list[float]:
    start = draw(st.floats(-1, 50))
    gaps = draw(st.lists(st.sampled_from([0.01, 0.02, 0.04, 0.1, 0.7, 3.0]), max_size=150))
    return list(itertools.accumulate(gaps, initial=start))


@st.composite
def stored_frames(draw) -> tuple[list[float], list[int]]:
    """Presentation times in their order, and the numbers of the frames in the order stored."""
    times = draw(presentation_times())
    late = draw(st.lists(st.integers(0, 4), min_size=len(times), max_size=len(times)))
    return times, sorted(range(len(times)), key=lambda number: number + late[number])


def durations(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise([*times, times[-1] + USUAL])]


def played(
    times: list[float],
    order: list[int],
    lost: set[int] = frozenset(),
    counted: bool = False,
    errors: bool = True,
) -> tuple[Timeline, list[float | None]]:
    """Announces all packets in their order; frames come as soon as a decoder could give them."""
    timeline = Timeline(USUAL, counted, times[-1] + USUAL)
    lasting = durations(times)
    placed, announced, following = [], set(), 0
    announce = sorted(times) if counted else times
    for number in order:
        timeline.announce(announce[number], lasting[number])
        if errors and number in lost:
            timeline.fail()
        announced.add(number)
        while following in announced or following in lost & announced:
            if following not in lost:
                placed.append(timeline.place(times[following], lasting[following]))
            following += 1
    timeline.finish()
    return timeline, placed


@quick
@given(stored_frames())
def test_frames_are_shown_when_they_say_and_nothing_is_lost(stored):
    times, order = stored
    timeline, placed = played(times, order)
    assert placed == times
    assert timeline.lost == timeline.displaced == 0
    assert timeline.until == pytest.approx(times[-1] + USUAL)


@quick
@given(stored_frames(), st.data())
def test_what_was_announced_and_never_came_is_lost_for_as_long_as_it_would_show(stored, data):
    times, order = stored
    lost = data.draw(st.sets(st.integers(0, len(times) - 1), max_size=len(times) - 1))
    timeline, placed = played(times, order, lost)
    assert placed == [time for number, time in enumerate(times) if number not in lost]
    assert timeline.lost == pytest.approx(sum(durations(times)[number] for number in lost))


@quick
@given(stored_frames(), st.data())
def test_what_never_came_though_there_was_no_error_leaves_the_picture_before_it(stored, data):
    times, order = stored
    silent = data.draw(st.sets(st.integers(0, len(times) - 1))) - {0}
    timeline, placed = played(times, order, silent, errors=False)
    assert placed == [time for number, time in enumerate(times) if number not in silent]
    assert timeline.lost == timeline.unfinished == timeline.displaced == 0
    assert timeline.until >= times[-1]


@quick
@given(stored_frames())
def test_counted_frames_get_the_announced_times_in_order_whatever_they_say(stored):
    times, order = stored
    timeline = Timeline(USUAL, counted=True)
    for time in times:
        timeline.announce(time, 0.0)
    assert [timeline.place(times[number], 0.0) for number in order] == times
    timeline.finish()
    assert timeline.lost == timeline.displaced == 0


def test_a_counted_packet_that_does_not_decode_takes_its_time_with_it():
    timeline = Timeline(USUAL, counted=True)
    for time in (0.0, 0.04, 0.08):
        timeline.announce(time, 0.04)
    timeline.withdraw(0.04)
    assert [timeline.place(None, 0.04), timeline.place(None, 0.04)] == [0.0, 0.08]
    assert timeline.lost == 0.04


def test_a_frame_that_would_go_back_in_time_is_left_out():
    timeline = Timeline(USUAL)
    assert [timeline.place(time, 0.04) for time in (1.0, 0.5, 0.9, 1.04)] == [1.0, None, None, 1.04]
    assert timeline.displaced == 2


def test_of_two_frames_with_one_time_the_second_is_shown_right_after_the_first():
    timeline = Timeline(USUAL)
    placed = [timeline.place(time, 0.04) for time in (1.0, 1.0, 1.04, 1.04, 1.04)]
    assert placed == [1.0, pytest.approx(1.0, abs=1e-3), 1.04, pytest.approx(1.04, abs=1e-3), None]
    assert placed[0] < placed[1] < placed[2] < placed[3]
    assert timeline.displaced == 1


@pytest.mark.parametrize("length", [149 * 3600.0, 3 * 3600.0, 5.0])
def test_the_last_frame_is_held_no_longer_than_the_others(length):
    timeline = Timeline(USUAL, end=9.96 + length)
    for number in range(250):
        timeline.announce(number * 0.04, 0.04)
        timeline.place(number * 0.04, 0.04 if number < 249 else length)
    timeline.finish()
    assert timeline.until == timeline.end == pytest.approx(10.0)
    assert timeline.lost == 0
    assert "nothing follows it" in timeline.remarks[0]


@pytest.mark.parametrize(
    ("times", "length", "heard"), [([0, 4, 14, 20], 11.0, 0.0), ([0, 1], 30.0, 32.0), ([0], 50, 0)]
)
def test_the_last_frame_is_held_as_it_says_if_others_were_or_the_sound_goes_on(
    times, length, heard
):
    timeline = Timeline(USUAL)
    for time in times:
        timeline.place(time, 0.04 if time != times[-1] else length)
    timeline.finish(heard)
    assert timeline.until == times[-1] + length
    assert not timeline.remarks


def test_what_cannot_be_shown_before_the_first_frame_is_told():
    timeline = Timeline(USUAL)
    for number in range(20):
        timeline.announce(number * 0.04, 0.04)
        if number > 9:
            timeline.place(number * 0.04, 0.04)
    timeline.finish()
    assert timeline.lost == 0
    assert "first 0.40 s" in timeline.remarks[0]


def test_a_second_field_is_not_a_lost_frame():
    timeline = Timeline(USUAL, end=0.08)
    for time in (0.0, 0.02, 0.04, 0.06):
        timeline.announce(time, 0.02)
    assert [timeline.place(time, 0.04) for time in (0.0, 0.04)] == [0.0, 0.04]
    timeline.finish()
    assert timeline.lost == 0


@pytest.mark.parametrize(("end", "lost"), [(0.0, 0), (0.08, 0), (0.15, 0), (5.0, 4.92)])
def test_a_header_that_promises_more_means_loss_unless_it_is_a_frame_or_two(end, lost):
    timeline = Timeline(USUAL, end=end)
    for time in (0.0, 0.04):
        timeline.announce(time, 0.04)
        timeline.place(time, 0.04)
    timeline.finish()
    assert timeline.lost == pytest.approx(lost)


def test_loss_at_the_end_is_not_counted_twice():
    timeline = Timeline(USUAL, end=4.0)
    for number in range(100):
        timeline.announce(number * 0.04, 0.04)
    timeline.fail()
    timeline.place(0.0, 0.04)
    timeline.finish()
    assert timeline.lost == pytest.approx(99 * 0.04)


def test_a_frame_without_a_time_follows_the_one_before():
    timeline = Timeline(USUAL)
    assert timeline.place(None, 0.0) == 0.0
    assert timeline.place(None, 0.0) == 0.04


def announced(times: list[float], order: list[int]) -> list[Announced]:
    """Packets in stored order; no packet after one is shown before that one's decoding time."""
    stored = [min(times[later] for later in order[place:]) for place in range(len(order))]
    return [
        Announced(times[number], dts, 0.0, number)
        for number, dts in zip(order, stored, strict=True)
    ]


@quick
@given(stored_frames(), st.sampled_from([0.2, 1.0, 4.0, 10.0, 25.0, 100 / 3]))
def test_samples_are_the_same_without_the_frames_that_are_passed_over(stored, fps):
    times, order = stored
    frames = [
        (time, time + length, n)
        for n, (time, length) in enumerate(zip(times, durations(times), strict=True))
    ]

    def is_shown(begin: float, end: float) -> bool:
        return any_instant(times[0], fps, begin, end)

    marked = list(mark_shown(announced(times, order), is_shown))
    assert [packet.packet for packet, _ in marked] == order
    wanted = {packet.packet for packet, shown in marked if shown}
    rest = [frame for frame in frames if frame[2] in wanted]
    assert list(sample(rest, fps)) == list(sample(frames, fps))


@pytest.mark.parametrize("reorder", [0, 3])
def test_most_frames_are_passed_over_when_samples_are_sparse(reorder):
    times = [number / 25 for number in range(1000)]
    order = sorted(range(1000), key=lambda number: number + (reorder if number % 4 else 0))
    marked = mark_shown(announced(times, order), lambda *span: any_instant(0.0, 1.0, *span))
    assert 35 <= sum(shown for _, shown in marked) <= 90


@pytest.mark.parametrize("missing", ["time", "stored"])
def test_packets_without_times_are_all_wanted(missing):
    packets = [replace(Announced(n / 25, n / 25, 0.04, n), **{missing: None}) for n in range(200)]
    marked = list(mark_shown(packets, lambda *_: False))
    assert [packet.packet for packet, _ in marked] == list(range(200))
    assert all(shown for _, shown in marked)


def test_only_so_many_packets_are_held_back():
    taken = itertools.count()
    endless = (Announced(float(next(taken)), -math.inf, 0.0, None) for _ in itertools.count())
    next(mark_shown(endless, lambda *_: True))
    assert next(taken) < 100


def test_frames_passed_over_are_lost_with_the_one_before_them_that_was_wanted():
    timeline = Timeline(USUAL)
    for number in range(100):
        timeline.announce(number * 0.04, 0.04, wanted=number % 25 == 0)
    timeline.fail()
    assert timeline.place(0.0, 0.04) == 0.0
    assert timeline.place(3.0, 0.04) == 3.0
    assert timeline.lost == pytest.approx(2.0)
    timeline.finish()
    assert timeline.lost == pytest.approx(2.0)
    assert timeline.unfinished == 0


def test_frames_announced_after_the_last_that_came_are_unfinished():
    timeline = Timeline(USUAL)
    for number in range(10):
        timeline.announce(number * 0.04, 0.04)
    timeline.fail()
    for number in range(8):
        timeline.place(number * 0.04, 0.04)
    timeline.finish()
    assert timeline.unfinished == 2


def test_a_frame_far_ahead_is_left_out_unless_the_next_agrees():
    timeline = Timeline(USUAL, end=10.0)
    times = [0.0, 0.04, 1e6, 0.08, 5e3, 5e3 + 1, 1e5]
    placed = [
        timeline.place(time, 0.04, after) for time, after in itertools.zip_longest(times, times[1:])
    ]
    assert placed == [0.0, 0.04, None, 0.08, 5e3, 5e3 + 1, None]
    assert timeline.displaced == 2
    assert timeline.lost == pytest.approx(5e3 - (0.08 + LONGEST_HOLD))


@pytest.mark.parametrize("still", [95.0, 1000.0, LONGEST_HOLD])
@pytest.mark.parametrize("after", [0.04, None])
def test_a_picture_may_stand_as_long_as_a_lecturer_speaks(still, after):
    timeline = Timeline(USUAL)
    timeline.place(0.0, 0.0)
    assert timeline.place(still, 0.0, after and still + after) == still
    timeline.finish()
    assert timeline.lost == timeline.displaced == 0
    assert timeline.remarks == [f"a picture stood for {still:.0f} s"]


def test_a_long_still_is_no_loss_if_the_header_knows_of_it():
    timeline = Timeline(USUAL, end=1000.0)
    assert [timeline.place(time, 0.04) for time in (0.0, 990.0)] == [0.0, 990.0]
    assert timeline.lost == timeline.displaced == 0


@pytest.mark.parametrize(("end", "picked"), [(0.0, LONGEST_HOLD), (9000.0, 9000), (5000.0, 5000)])
def test_a_frame_is_not_repeated_for_ever(end, picked):
    frames = [(0.0, 0.04, "a"), (9000.0, 9000.04, "b")]
    samples = list(sample(frames, 1.0, end))
    assert samples == [*[(float(n), "a") for n in range(int(picked))], (9000.0, "b")]
