"""JSON of data sets: what each form means by its times, its classes and its videos."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Reading
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.texts import TEXTS

NAMES = (
    st.text(min_size=1, max_size=8).map(str.strip).filter(lambda name: name.isprintable() and name)
)
TIMES = st.tuples(st.floats(0, 1e6), st.floats(1e-3, 1e3)).map(lambda t: [t[0], t[0] + t[1]])
SEGMENTS = st.lists(st.tuples(TIMES, NAMES), min_size=1, max_size=5)
VIDEOS = st.dictionaries(NAMES, SEGMENTS, min_size=1, max_size=4)
ENDS = (("database", True), ("results", False), ("", True))


def read(path: Path, content: Any) -> tuple[str, Reading]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    found = [one for one in TEXTS if one.recognises(Sample(path))]
    assert found, "not recognised"
    return found[0].name, found[0].read(path, LabelChoices())


def refused(path: Path, content: Any) -> str:
    with pytest.raises(InputError) as raised:
        read(path, content)
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@given(VIDEOS, st.sampled_from(ENDS), st.booleans())
def test_segments_are_read_as_they_were_written(tmp_path_factory, videos, form, texts):
    outer, nested = form
    written: dict[str, Any] = {}
    for name, segments in videos.items():
        rows = [
            {"segment": [str(time) for time in times] if texts else times, "label": label}
            for times, label in segments
        ]
        written[name] = {"annotations": rows, "duration": 9} if nested else rows
    path = tmp_path_factory.mktemp("json") / "a.json"
    form_name, reading = read(path, {"version": "1", outer: written} if outer else written)
    assert form_name == "activitynet"
    assert reading.media == tuple(videos)
    assert [(one.media, one.start, one.end, one.label) for one in reading.annotations] == [
        (name, *times, label) for name, rows in videos.items() for times, label in rows
    ]


def test_predictions_have_scores_and_strange_ones_are_named(tmp_path: Path) -> None:
    rows = [{"segment": [1, 2], "label": "a", "score": score} for score in (0.5, 7)]
    _, reading = read(tmp_path / "a.json", {"results": {"x": rows}})
    assert [one.confidence for one in reading.annotations] == [0.5, None]
    assert reading.remarks == ["left out 1 score beyond 0 to 1 (video x, segment 2)"]


def test_multithumos_has_classes_that_are_numbers(tmp_path: Path) -> None:
    content = {"v": {"duration": 9, "actions": [[12, 1.5, 2.5], [12, 3, 3]]}, "w": {"actions": []}}
    _, reading = read(tmp_path / "a.json", content)
    assert [(one.start, one.end, one.label) for one in reading.annotations] == [(1.5, 2.5, "12")]
    assert reading.media == ("v", "w")
    assert "left out 1 interval" in reading.remarks[0]


def test_phases_and_steps_are_tiers_in_milliseconds(tmp_path: Path) -> None:
    phases = [{"start": 0, "end": 81000, "label_name": "preparation", "label_id": 0}]
    steps = [{"start": 500, "end": 1500, "label_name": "out_of_body", "label_id": 4}]
    name, reading = read(tmp_path / "a.json", {"phases": phases, "steps": steps, "fps": 25})
    assert name == "phases"
    assert [(one.tier, one.start, one.end, one.label) for one in reading.annotations] == [
        ("phases", 0, 81, "preparation"),
        ("steps", 0.5, 1.5, "out_of_body"),
    ]


def test_soccernet_has_a_video_each_half(tmp_path: Path) -> None:
    rows = [
        {"gameTime": "1 - 00:27", "label": "Foul", "position": "27345", "team": "away"},
        {"gameTime": "2 - 01:02", "label": "Goal", "team": "not applicable", "confidence": "0.5"},
    ]
    name, reading = read(tmp_path / "a.json", {"UrlLocal": "l\\m/", "annotations": rows})
    assert name == "soccernet"
    assert [(one.media, one.start, one.end, one.label) for one in reading.annotations] == [
        ("l/m/1", 27.345, None, "Foul"),
        ("l/m/2", 62, None, "Goal"),
    ]
    assert [one.modifiers for one in reading.annotations] == [("away",), ()]
    assert [one.confidence for one in reading.annotations] == [None, 0.5]


@pytest.mark.parametrize(("fps", "unit", "start"), [(25.0, "seconds", 1.56), (-1, "frames", 39)])
def test_events_at_frames_are_points(tmp_path: Path, fps: float, unit: str, start: float) -> None:
    clip = {"video": "a_0_9", "fps": fps, "events": [{"frame": 39, "label": "Entry"}]}
    name, reading = read(tmp_path / "a.json", [clip, {"video": "b", "fps": fps, "events": []}])
    assert (name, reading.unit, reading.media) == ("spotting", unit, ("a_0_9", "b"))
    assert [(one.start, one.end) for one in reading.annotations] == [(start, None)]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=50))
def test_calms21_has_a_class_each_frame(tmp_path_factory, numbers):
    words = {"attack": 0, "mount": 1, "other": 2}
    sequence = {"annotations": numbers, "keypoints": [], "metadata": {"vocab": words}}
    path = tmp_path_factory.mktemp("json") / "a.json"
    name, reading = read(path, {"annotator-id_0": {"task1/train/m1": sequence}})
    assert (name, reading.unit) == ("calms21", "frames")
    shown = [
        one.label for one in reading.annotations for _ in range(int(one.start), int(one.end or 0))
    ]
    assert shown == [list(words)[number] for number in numbers]
    assert {one.rater for one in reading.annotations} == {"annotator-id_0"}


ACTIVITY = '{"database": {"x": {"annotations": [{"segment": [%s], "label": "a"}]}}}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ACTIVITY % '1, "soon"', "video x, segment 1: time soon; expected a number"),
        (ACTIVITY % "1, 1e999", "segment 1: time inf"),
        (ACTIVITY % ("1, " + "9" * 5000), "Exceeds the limit"),
        (ACTIVITY % "1, 2" + "}", "Extra data"),
        ({"x": [{"segment": [1, 2], "label": "a"}, {"segment": [1]}]}, "expected a class and two"),
        ({"x": [{"segment": [1, 2]}]}, "it has no label"),
        ({"x": {"actions": [[1, 2, 3], "b"]}}, "video x, segment 2: b; expected"),
        ({"p": [{"start": 0, "end": 1, "label_name": "a"}, 7]}, "p 2: 7; expected start"),
        ({"p": [{"start": None, "end": 1, "label_name": "a"}]}, "p 1: time None"),
        ({"annotations": [{"gameTime": "3:7", "label": "a"}]}, "event 1: gameTime '3:7'"),
        ([{"video": "v", "events": [{"frame": 1, "label": "a"}, {}]}], "video v, event 2"),
        ([{"video": "v", "fps": "x", "events": []}], "video v: time x"),
        ({"annotator-id_0": {"m": {"annotations": [7], "metadata": {"vocab": {"a": 0}}}}},
         "sequence m, frame 0: class 7; expected one of 0"),
        ({"x" * 5000: [{"segment": [1, 2]}]}, "it has no label"),
        ({"x\n\x1b[2J": [{"segment": [1, 2]}]}, "it has no label"),
    ],
)  # fmt: skip
def test_damage_is_named_in_a_line(tmp_path: Path, content: Any, message: str) -> None:
    assert message in refused(tmp_path / "a.json", content)
