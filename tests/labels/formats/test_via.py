import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError

ATTRIBUTES = {
    "1": {"aname": "Activity", "type": 4, "options": {"1": "Break egg", "2": "Mix"}},
    "2": {"aname": "Note", "type": 1, "options": {}},
}


def project(folder: Path, metadata: dict[str, Any]) -> Path:
    content = {
        "project": {"pname": "x", "vid_list": ["1", "2"]},
        "config": {"file": {"loc_prefix": {"1": ""}}},
        "attribute": ATTRIBUTES,
        "file": {"1": {"fid": 1, "fname": "a.mp4"}, "2": {"fid": 2, "src": "b.mp4"}},
        "view": {"1": {"fid_list": [1]}, "2": {"fid_list": ["2", "1"]}},
        "metadata": metadata,
    }
    return written(folder / "via.json", json.dumps(content))


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from("12"))))
def test_values_are_names_of_options(
    tmp_path_factory: pytest.TempPathFactory, intervals: list[tuple[int, int, str]]
) -> None:
    metadata = {
        f"{number}_x": {"vid": "1", "z": [start / 8, (start + length) / 8], "av": {"1": key}}
        for number, (start, length, key) in enumerate(intervals)
    }
    reading = read_as(project(tmp_path_factory.mktemp("v"), metadata), "via")
    wanted = [
        (start / 8, (start + length) / 8, ATTRIBUTES["1"]["options"][key])
        for start, length, key in intervals
    ]
    assert [(one.start, one.end, one.label) for one in reading.annotations] == wanted
    assert {one.tier for one in reading.annotations} <= {"Activity"}
    assert reading.media == ("a.mp4", "b.mp4")


def test_one_time_is_a_point_and_checkboxes_are_several(tmp_path: Path) -> None:
    metadata = {
        "p": {"vid": 2, "z": [0.917], "xy": [2, 1, 1, 5, 5], "av": {"2": "an egg, or two"}},
        "q": {"vid": "1", "z": [1, 2], "av": {"1": "1, 2", "9": "?"}},
        "r": {"vid": "1", "z": [], "av": {"1": "1"}},
        "s": {"vid": "1", "z": [3, 4], "av": {}},
    }
    reading = read_as(project(tmp_path, metadata), "via")
    assert told(reading.annotations) == [
        ("b.mp4", 0.917, None, "an egg, or two"),
        ("a.mp4", 1.0, 2.0, "Break egg"),
        ("a.mp4", 1.0, 2.0, "Mix"),
        ("a.mp4", 1.0, 2.0, "?"),
    ]
    assert reading.remarks == [
        "left out 1 region of a picture, which has no time (metadata r)",
        "a view's first file has its labels, not those beside it: a.mp4",
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"vid": "7", "z": [1]}, "metadata k: view 7 is not there"),
        ({"vid": "1", "z": [1, 2, 3]}, "metadata k: 3 times; expected one or two"),
        ({"vid": "1", "z": ["soon"]}, "metadata k: time soon; expected a number"),
        ("?", "metadata k: view None is not there"),
    ],
)
def test_damage_is_said_with_its_entry(tmp_path: Path, entry: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_as(project(tmp_path, {"k": entry}), "via")
