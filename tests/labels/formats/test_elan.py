from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError

Tiers = dict[str, list[tuple[str | int, str | int, str]]]
VIDEO = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/a/m.mp4" MIME_TYPE="video/mp4"/>'
LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
NAMES = st.text(LETTERS, min_size=1, max_size=8).map(str.strip).filter(bool)


def eaf(slots: dict[str, int | None], tiers: str, media: str = VIDEO) -> str:
    times = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{name}"'
        + (f' TIME_VALUE="{time}"/>' if time is not None else "/>")
        for name, time in slots.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT FORMAT="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x">'
        f'<HEADER TIME_UNITS="milliseconds">{media}</HEADER>'
        f"<TIME_ORDER>{times}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>"
    )


def aligned(key: str, first: str, last: str, value: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{key}" TIME_SLOT_REF1="{first}" '
        f'TIME_SLOT_REF2="{last}"><ANNOTATION_VALUE>{escape(value)}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(key: str, parent: str, value: str, previous: str = "") -> str:
    before = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{key}" ANNOTATION_REF="{parent}"{before}>'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


@given(
    intervals=st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), NAMES), max_size=6),
    tier=NAMES,
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, intervals: list[tuple[int, int, str]], tier: str
) -> None:
    slots: dict[str, int | None] = {}
    annotations = ""
    for number, (start, length, label) in enumerate(intervals):
        slots[f"a{number}"], slots[f"b{number}"] = start, start + length
        annotations += aligned(f"n{number}", f"a{number}", f"b{number}", label)
    content = eaf(slots, f"<TIER TIER_ID={quoteattr(tier)}>{annotations}</TIER>")
    reading = read_as(written(tmp_path_factory.mktemp("e") / "a.eaf", content), "elan")
    wanted = [
        ("file:///C:/a/m.mp4", start / 1000, (start + length) / 1000, label)
        for start, length, label in intervals
    ]
    assert told(reading.annotations) == wanted
    assert {one.tier for one in reading.annotations} <= {tier}
    assert reading.media == ("file:///C:/a/m.mp4",)


def test_slots_without_a_value_are_evenly_between_those_of_the_tier(tmp_path: Path) -> None:
    slots = {"t1": 1000, "t2": None, "t3": None, "u": 1100, "t4": 4000}
    words = aligned("w1", "t1", "t2", "I") + aligned("w2", "t2", "t3", "am")
    tiers = (
        f'<TIER TIER_ID="words" PARENT_REF="all">{words}{aligned("w3", "t3", "t4", "here")}</TIER>'
    )
    tiers += f'<TIER TIER_ID="all">{aligned("s", "t1", "t4", "I am here")}</TIER>'
    reading = read_as(written(tmp_path / "a.eaf", eaf(slots, tiers)), "elan")
    assert [line[1:] for line in told(reading.annotations)] == [
        (1.0, 2.0, "I"), (2.0, 3.0, "am"), (3.0, 4.0, "here"), (1.0, 4.0, "I am here"),
    ]  # fmt: skip


def test_parts_of_a_tier_are_not_counted_where_its_parent_has_a_slot(tmp_path: Path) -> None:
    slots = {"t1": 0, "t2": None, "t3": None, "t4": 4000}
    parts = aligned("p1", "t1", "t2", "a") + aligned("p2", "t2", "t3", "b")
    tiers = f'<TIER TIER_ID="parts" PARENT_REF="words">{parts}</TIER><TIER TIER_ID="words">'
    tiers += aligned("w1", "t1", "t3", "ab") + aligned("w2", "t3", "t4", "c") + "</TIER>"
    reading = read_as(written(tmp_path / "a.eaf", eaf(slots, tiers)), "elan")
    assert [line[1:] for line in told(reading.annotations)] == [
        (0.0, 1.0, "a"), (1.0, 2.0, "b"), (0.0, 2.0, "ab"), (2.0, 4.0, "c"),
    ]  # fmt: skip


def test_who_refers_has_the_time_of_the_other_or_a_share_of_it(tmp_path: Path) -> None:
    tiers = f'<TIER TIER_ID="said" PARTICIPANT="Ann">{aligned("a", "t1", "t2", "one two")}</TIER>'
    tiers += f'<TIER TIER_ID="kind" ANNOTATOR="Bo">{referring("r", "a", "talk")}</TIER>'
    tiers += '<TIER TIER_ID="parts">' + referring("q", "r", "two", previous="p")
    tiers += referring("p", "r", "one") + "</TIER>"
    content = eaf({"t1": 1000, "t2": 3000}, tiers)
    first, kind, two, one = read_as(written(tmp_path / "a.eaf", content), "elan").annotations
    assert (first.start, first.end, first.subject) == (1.0, 3.0, "Ann")
    assert (kind.start, kind.end, kind.rater) == (1.0, 3.0, "Bo")
    assert (two.start, two.end, one.start, one.end) == (2.0, 3.0, 1.0, 2.0)


def test_time_begins_where_the_first_video_says(tmp_path: Path) -> None:
    media = '<MEDIA_DESCRIPTOR MEDIA_URL="a.wav" MIME_TYPE="audio/x-wav"/>'
    media += '<MEDIA_DESCRIPTOR MEDIA_URL="a.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="2500"/>'
    media += '<MEDIA_DESCRIPTOR MEDIA_URL="b.mp4" MIME_TYPE="video/mp4"/>'
    tier = f'<TIER TIER_ID="x">{aligned("a", "t1", "t2", "go")}</TIER>'
    reading = read_as(written(tmp_path / "a.eaf", eaf({"t1": 0, "t2": 500}, tier, media)), "elan")
    assert told(reading.annotations) == [("a.mp4", 2.5, 3.0, "go")]
    assert reading.remarks == ["a.mp4 has the labels; not b.mp4, which show the same"]


def test_empty_labels_are_none_and_no_length_is_said(tmp_path: Path) -> None:
    tier = (
        f'<TIER TIER_ID="x">{aligned("a", "t1", "t2", " ")}{aligned("b", "t1", "t1", "x")}</TIER>'
    )
    reading = read_as(written(tmp_path / "a.eaf", eaf({"t1": 0, "t2": 500}, tier)), "elan")
    assert not reading.annotations
    assert reading.remarks == [
        "left out 1 interval with no length, or an end before its beginning (annotation b)"
    ]


@pytest.mark.parametrize(
    ("tiers", "message"),
    [
        (aligned("a", "t1", "nowhere", "x"), "annotation a: it has no time"),
        (referring("a", "a", "x"), "annotation a: it has no time"),
        (referring("a", "b", "x"), "annotation b: it has no time"),
        ("<open>", "cannot read labels from .*: mismatched tag: .*; expected whole XML, save it"),
    ],
)
def test_damage_is_said_in_one_line(tmp_path: Path, tiers: str, message: str) -> None:
    content = eaf({"t1": 0}, f'<TIER TIER_ID="x">{tiers}</TIER>')
    with pytest.raises(InputError, match=message) as caught:
        read_as(written(tmp_path / "a.eaf", content), "elan")
    assert "\n" not in str(caught.value)


def test_a_slot_that_is_no_number_is_said(tmp_path: Path) -> None:
    content = eaf({"t1": 0}, "").replace('"0"', '"inf"')
    with pytest.raises(InputError, match="time slot t1: value inf; expected milliseconds"):
        read_as(written(tmp_path / "a.eaf", content), "elan")
