import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError
from preprocessing.labels.choices import ALL, LabelChoices
from preprocessing.labels.formats.label_studio import LABEL_STUDIO

CONFIG = '<View><TimelineLabels name="labels" toName="v"/><Video name="v" value="$clip" {}/></View>'
RANGES = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(0, 1000), st.sampled_from(["Car", "Ball"])),
    min_size=1,
    max_size=5,
)


def timeline(start: Any, end: Any, label: str, **more: Any) -> dict[str, Any]:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": [label]}
    named = {"from_name": "labels", "to_name": "v", "type": "timelinelabels"}
    return {**named, "value": value, **more}


def task(*results: dict[str, Any], by: Any = 1, **more: Any) -> dict[str, Any]:
    annotations = [{"completed_by": by, "result": list(results), "was_cancelled": False}]
    return {"id": 5, "data": {"clip": "/a/m.mp4"}, "annotations": annotations, **more}


def read_json(folder: Path, content: Any) -> Any:
    return read_as(written(folder / "a.json", json.dumps(content)), "label-studio")


def minimal(ranges: list[tuple[int, int, str]]) -> dict[str, Any]:
    values = [timeline(start, start + more, label)["value"] for start, more, label in ranges]
    row = {"clip": "/a/m.mp4", "id": 5, "labels": values, "annotator": 1, "annotation_id": 3}
    return {**row, "lead_time": 1.5}


@given(ranges=RANGES, form=st.sampled_from(["json", "one", "min", "csv"]))
def test_frames_count_from_one_and_the_last_belongs_to_it(
    tmp_path_factory: pytest.TempPathFactory, ranges: list[tuple[int, int, str]], form: str
) -> None:
    whole = task(*(timeline(start, start + more, label) for start, more, label in ranges))
    contents = {"json": [whole], "one": whole, "min": [minimal(ranges)]}
    if form == "csv":
        row = minimal(ranges)
        cells = [json.dumps(cell) if isinstance(cell, list) else cell for cell in row.values()]
        file = io.StringIO()
        csv.writer(file).writerows([row, cells])
        content = file.getvalue()
    else:
        content = json.dumps(contents[form])
    path = written(tmp_path_factory.mktemp("l") / "a", content)
    reading = read_as(path, "label-studio")
    assert reading.unit == "frames"
    assert told(reading.annotations) == [
        ("/a/m.mp4", start - 1, start + more, label) for start, more, label in ranges
    ]
    assert {(one.rater, one.tier) for one in reading.annotations} == {("1", "labels")}
    assert ["24 if it has none" in remark for remark in reading.remarks] == [True]


@pytest.mark.parametrize(
    ("said", "fps"), [('framerate="25.0"', 25.0), ("frameRate='$fps'", 50.0), ("", 24.0)]
)
def test_events_hold_the_rate(tmp_path: Path, said: str, fps: float) -> None:
    content = {
        "task": {"id": 1, "data": {"other": "x.txt", "clip": "m.mp4", "fps": 50}},
        "annotation": {"completed_by": 1, "result": [timeline(1, 50, "Car")]},
        "project": {"label_config": CONFIG.format(said)},
    }
    reading = read_json(tmp_path, content)
    assert (reading.unit, reading.fps, reading.remarks) == ("seconds", fps, [])
    assert told(reading.annotations) == [("m.mp4", 0.0, round(50 / fps, 3), "Car")]


def test_sounds_have_seconds(tmp_path: Path) -> None:
    value = {"start": 1.25, "end": 2.5, "channel": 0, "labels": ["call"]}
    reading = read_json(tmp_path, [task({"type": "labels", "to_name": "clip", "value": value})])
    assert reading.unit == "seconds"
    assert told(reading.annotations) == [("/a/m.mp4", 1.25, 2.5, "call")]


def test_people_and_models_are_told_apart(tmp_path: Path) -> None:
    model = {"model_version": "v2", "score": 0.75, "result": [timeline(1, 4, "Car")]}
    model["result"] += [timeline(5, 8, "Car", score=0.5)]
    given = task(timeline(1, 2, "Ball"), by={"id": 3, "email": "a@b.org"}, predictions=[model])
    given["annotations"] += [{"was_cancelled": True, "result": [timeline(1, 9, "Car")]}]
    content = [given, {"data": {"clip": "n.mp4"}, "annotations": [], "predictions": [model, 7]}]
    path = written(tmp_path / "a.json", json.dumps(content))
    reading = LABEL_STUDIO.read(path, LabelChoices(raters=(ALL,)))
    assert [(one.rater, one.confidence) for one in reading.annotations] == [
        ("a@b.org", None),
        ("v2", 0.75),
        ("v2", 0.5),
        ("v2", 0.75),
        ("v2", 0.5),
    ]
    assert reading.media == ("/a/m.mp4", "n.mp4")
    skipped = "left out 1 annotation that somebody skipped (task 5)"
    assert reading.remarks[0] == skipped
    reading = read_json(tmp_path, content)
    assert {one.rater for one in reading.annotations} == {"a@b.org"}
    assert reading.media == ("/a/m.mp4", "n.mp4")
    assert reading.remarks[:2] == [
        skipped,
        "left out 2 predictions of models beside annotations of people; --rater takes them, by "
        "model version (v2 of task 5, v2 of task 2)",
    ]
    reading = read_json(tmp_path, content[1:])
    assert {one.rater for one in reading.annotations} == {"v2"}


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ("/data/upload/3/0a1b2c3d-my%20video.mp4", "my video.mp4"),
        ("/data/local-files/?d=day1/my%20video.mp4", "day1/my video.mp4"),
        ("https://x.org/v/a.mp4?X-Amz-Signature=b", "/v/a.mp4"),
        ("C:\\v\\a.mp4", "C:\\v\\a.mp4"),
        ("http://[x", "http://[x"),
    ],
)
def test_media_have_the_names_that_people_know(tmp_path: Path, media: str, name: str) -> None:
    given = {**task(timeline(1, 2, "Ball")), "data": {"text": "a.b", "video_url": media}}
    assert read_json(tmp_path, [given]).media == (name,)


def test_what_labels_no_time_is_said(tmp_path: Path) -> None:
    rectangle = {"value": {"x": 1, "sequence": [], "labels": ["Car"]}, "type": "videorectangle"}
    choice = {"value": {"choices": ["good"]}, "type": "choices"}
    reading = read_json(tmp_path, [task(rectangle, choice)])
    assert reading.remarks == [
        "left out 2 results with no label of a stretch of time (task 5, task 5)"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([task(timeline("x", 2, "Car"))], "task 5: time x; expected a number"),
        ([task(timeline(1, None, "Car"))], "task 5: time None; expected a number"),
        ([task(), 7], "task 2: expected a task with its annotations"),
        (
            [task(timeline(1, 2, "a"), {"value": {"start": 1, "end": 2, "labels": ["b"]}})],
            "task 5: labels in seconds, and others in frames without a frame rate",
        ),
    ],
)
def test_damage_is_said_with_its_task(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_json(tmp_path, content)


def test_a_table_needs_all_its_columns(tmp_path: Path) -> None:
    content = "annotation_id,annotator,lead_time,clip\n1,1,2\n"
    with pytest.raises(InputError, match="line 2 has 3 values; expected 4"):
        read_as(written(tmp_path / "a.csv", content), "label-studio")
