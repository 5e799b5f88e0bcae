import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError
from preprocessing.labels.formats.base import OPEN

ETHOGRAM = {
    "0": {"type": "Point event", "code": "peck"},
    "1": {"type": "State event", "code": "walk"},
    "2": {"type": "State event with coding map", "code": "rest"},
}
TIMES = st.integers(0, 10**7).map(lambda time: time / 1000)


def project(folder: Path, observations: dict[str, Any], **more: Any) -> Path:
    content = {"behaviors_conf": ETHOGRAM, "observations": observations, **more}
    return written(folder / "a.boris", json.dumps(content))


def observed(events: list[Any], *players: list[str], **more: Any) -> dict[str, Any]:
    file = {str(number): media for number, media in enumerate(players, 1)}
    return {"type": "MEDIA", "file": file, "events": events, **more}


@given(
    states=st.dictionaries(
        st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from(["walk", "rest"])),
        st.lists(TIMES, unique=True, max_size=8),
    ),
    points=st.lists(TIMES, max_size=4),
    shuffled=st.randoms(use_true_random=False),
)
def test_states_pair_by_subject_and_behaviour_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, states: Any, points: list[float], shuffled: Any
) -> None:
    events = [[time, "a", "peck", "", ""] for time in points]
    wanted = [("m.mp4", time, None, "peck", "a") for time in points]
    for (subject, behaviour), times in states.items():
        events += [[time, subject, behaviour, "", "", 7] for time in times]
        ordered = [*sorted(times), *([OPEN] if len(times) % 2 else [])]
        pairs = zip(ordered[::2], ordered[1::2], strict=True)
        wanted += [("m.mp4", start, end, behaviour, subject) for start, end in pairs]
    shuffled.shuffle(events)
    path = project(tmp_path_factory.mktemp("b"), {"o": observed(events, ["m.mp4"])})
    found = read_as(path, "boris").annotations
    subjects = [one.subject for one in found]
    assert {(*line, who) for line, who in zip(told(found), subjects, strict=True)} == {*wanted}
    assert len(found) == len(wanted)


def test_a_second_file_goes_on_where_the_first_ends(tmp_path: Path) -> None:
    events = [[10.0, "", "walk", "", ""], [12.5, "", "walk", "", ""], [170.0, "", "rest", "", ""]]
    events += [[190.0, "", "rest", "", ""], [266.165, "", "peck", "", ""]]
    info = {"length": {"C:/v/a.mp4": 179.96}}
    observation = observed(events, ["C:/v/a.mp4", "C:/v/b.mp4"], ["c.mp4"], media_info=info)
    reading = read_as(project(tmp_path, {"o": observation}), "boris")
    assert told(reading.annotations) == [
        ("C:/v/a.mp4", 10.0, 12.5, "walk"),
        ("C:/v/a.mp4", 170.0, 179.96, "rest"),
        ("C:/v/b.mp4", 0.0, 10.04, "rest"),
        ("C:/v/b.mp4", 86.205, None, "peck"),
    ]
    assert reading.media == ("C:/v/a.mp4", "C:/v/b.mp4")
    assert reading.remarks == ["media of a second player have no labels of their own: c.mp4"]


def test_files_after_one_another_need_their_lengths(tmp_path: Path) -> None:
    path = project(tmp_path, {"o": observed([[1.0, "", "peck", "", ""]], ["a.mp4", "b.mp4"])})
    with pytest.raises(InputError, match=r"observation o: 2 media run on .* how long a.mp4 lasts"):
        read_as(path, "boris")
    project(tmp_path, {"o": observed([], ["a.mp4", "b.mp4"])})
    assert read_as(path, "boris").media == ("a.mp4", "b.mp4")


def test_a_time_offset_was_added_to_all_times(tmp_path: Path) -> None:
    events = [[62.0, "", "walk", "", ""], [65.0, "", "walk", "", ""]]
    observation = observed(events, ["a.mp4"], **{"time offset": 60.0})
    reading = read_as(project(tmp_path, {"o": observation}), "boris")
    assert told(reading.annotations) == [("a.mp4", 2.0, 5.0, "walk")]


def test_times_of_recording_are_those_of_each_file(tmp_path: Path) -> None:
    info = {"length": {"a.mp4": 10, "b.mp4": 10}}
    info["media_creation_time"] = {"a.mp4": 1_000_000, "b.mp4": 1_000_100}
    events = [[1_000_002, "", "peck", "", ""], [1_000_103, "", "peck", "", ""]]
    events += [[1_000_050, "", "peck", "", ""]]
    more = {"media_info": info, "media_creation_date_as_offset": True}
    reading = read_as(
        project(tmp_path, {"o": observed(events, ["a.mp4", "b.mp4"], **more)}), "boris"
    )
    assert told(reading.annotations) == [("a.mp4", 2, None, "peck"), ("b.mp4", 3, None, "peck")]
    assert reading.remarks == [
        "left out 1 event at a time that no medium shows (observation o event 3)"
    ]


def test_what_was_seen_live_is_about_a_video_of_that_name(tmp_path: Path) -> None:
    live = {"type": "LIVE", "file": [], "events": [[1.5, "", "peck", "", ""]]}
    reading = read_as(project(tmp_path, {"day 1": live, "day 2": {**live, "file": {}}}), "boris")
    assert [one.media for one in reading.annotations] == ["day 1", "day 2"]


def test_observations_of_one_video_are_tiers(tmp_path: Path) -> None:
    event = [[1.5, "", "peck", "", ""]]
    given = {"x": observed(event, ["a.mp4"]), "y": observed(event, ["a.mp4"])}
    reading = read_as(project(tmp_path, {**given, "z": observed(event, ["b.mp4"])}), "boris")
    assert [one.tier for one in reading.annotations] == ["x", "y", ""]


def test_modifiers_pair_and_are_kept(tmp_path: Path) -> None:
    events = [[1.0, "", "walk", "fast|None", ""], [2.0, "", "walk", "slow| up ", ""]]
    events += [[3.0, "", "walk", "fast|None", ""], [4.0, "", "walk", "slow| up ", ""]]
    found = read_as(project(tmp_path, {"o": observed(events, ["a.mp4"])}), "boris").annotations
    assert [(one.start, one.end, one.modifiers) for one in found] == [
        (1.0, 3.0, ("fast",)),
        (2.0, 4.0, ("slow", "up")),
    ]


def test_what_has_no_time_or_no_behaviour_is_said(tmp_path: Path) -> None:
    pictures = {"type": "IMAGES", "file": {}, "events": [[None, "", "peck", "", ""]]}
    path = project(tmp_path, {"p": pictures, "o": observed([[1.0, "", "fly", "", ""]], ["a.mp4"])})
    reading = read_as(path, "boris")
    assert not reading.annotations
    assert reading.remarks == [
        "left out 1 observation of pictures, which have no time (p)",
        "left out 1 event of a behaviour that the ethogram does not have (observation o event 1)",
    ]


def test_old_projects_list_the_media_of_each_player(tmp_path: Path) -> None:
    observation = {
        "type": "VIDEO",
        "file": ["a.avi", "b.avi"],
        "events": [[1.0, "", "peck", "", ""]],
    }
    reading = read_as(project(tmp_path, {"o": observation}), "boris")
    assert told(reading.annotations) == [("a.avi", 1.0, None, "peck")]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([["1,5", "", "peck", "", ""]], "observation o event 1: time 1,5; expected a number"),
        ([[None, "", "peck", "", ""]], "observation o event 1: time None"),
        ([[float("nan"), "", "peck", "", ""]], "observation o event 1: time nan"),
        ([[10**400, "", "peck", "", ""]], "observation o event 1: time 1000000"),
        ([[1.0]], r"observation o event 1: expected \[time, subject, behaviour, ...\]"),
        ("none", "observation o: expected a list of events"),
        ([[1.0, "\ud800", "peck", "", ""]], "observation o event 1: a name holds half a letter"),
    ],
)
def test_damage_is_said_with_its_event(tmp_path: Path, events: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_as(project(tmp_path, {"o": observed(events, ["a.mp4"])}), "boris")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_a_project_that_is_cut_off_says_where(tmp_path: Path) -> None:
    path = project(tmp_path, {"o": observed([], ["a.mp4"])})
    written(path, path.read_text()[:-20])
    with pytest.raises(InputError, match=r"cannot read labels from .* line 1 column"):
        read_as(path, "boris")
