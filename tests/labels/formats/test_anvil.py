from pathlib import Path

import pytest
from label_files import read_as, written

from preprocessing.errors import InputError

HEAD = (
    '<?xml version="1.0" encoding="{}"?>\n<annotation><head><specification src="s.xml"/>'
    '<video src="m.mp4" master="true"/><info key="coder" type="String">Ann</info></head><body>'
)
PRIMARY = (
    '<track name="phase" type="primary">'
    '<el index="0" start="1.5" end="2"><attribute name="kind">hold</attribute></el>'
    '<el index="7" start="3" end="4.25"><attribute name="kind">strök</attribute></el></track>'
)


def anvil(tracks: str, encoding: str = "UTF-8") -> bytes:
    return (HEAD.format(encoding) + tracks + "</body></annotation>").encode(encoding)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1"])
def test_elements_of_tracks_have_the_names_of_their_attributes(
    tmp_path: Path, encoding: str
) -> None:
    reading = read_as(written(tmp_path / "a.anvil", anvil(PRIMARY, encoding)), "anvil")
    assert [one[:8] for one in reading.annotations] == [
        ("m.mp4", 1.5, 2.0, "hold", "", "phase", "Ann", ()),
        ("m.mp4", 3.0, 4.25, "strök", "", "phase", "Ann", ()),
    ]


def test_spans_and_singletons_count_elements_not_seconds(tmp_path: Path) -> None:
    tracks = (
        PRIMARY + '<track name="phrase" type="span" ref="phase"><el index="0" start="0" end="7">'
    )
    tracks += '<attribute name="a">beat</attribute><attribute name="b">big</attribute></el></track>'
    tracks += '<track name="one" type="singleton" ref="phase"><el index="0" ref="7">'
    tracks += '<attribute name="a">left</attribute></el></track>'
    tracks += '<track name="at" type="primary"><el index="0" time="2.5">'
    tracks += '<attribute name="a">tap</attribute></el></track>'
    found = read_as(written(tmp_path / "a.anvil", anvil(tracks)), "anvil").annotations[2:]
    assert [(one.start, one.end, one.label, one.tier) for one in found] == [
        (1.5, 4.25, "beat", "phrase.a"),
        (1.5, 4.25, "big", "phrase.b"),
        (3.0, 4.25, "left", "one"),
        (2.5, None, "tap", "at"),
    ]


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        (PRIMARY.replace("1.5", "nan"), "track phase element 0: from nan to 2; expected seconds"),
        (
            '<track name="x" type="span" ref="y"><el index="3" start="0" end="1"/></track>',
            "track x element 3: refers to elements that are not there",
        ),
    ],
)
def test_damage_is_said_with_its_element(tmp_path: Path, tracks: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_as(written(tmp_path / "a.anvil", anvil(tracks)), "anvil")
