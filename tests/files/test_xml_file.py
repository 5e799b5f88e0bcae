from pathlib import Path

import pytest

from preprocessing.errors import InputError
from preprocessing.files import xml_file
from preprocessing.files.xml_file import child_text, read_xml


def xml(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_names_have_no_namespace(tmp_path: Path) -> None:
    root = read_xml(xml(tmp_path, '<x:a xmlns:x="u" x:k="v"><x:b> t\n</x:b></x:a>'), "labels")
    assert (root.tag, root.get("k"), child_text(root, "b"), child_text(root, "c")) == (
        "a",
        "v",
        "t",
        "",
    )


def test_a_doctype_alone_is_fine_but_no_entity(tmp_path: Path) -> None:
    assert (
        read_xml(xml(tmp_path, '<!DOCTYPE a SYSTEM "http://x/a.dtd"><a>&amp;</a>'), "l").text == "&"
    )
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    with pytest.raises(InputError, match="line 1: it declares the entity 'b'") as caught:
        read_xml(xml(tmp_path, bomb), "labels")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="it declares the entity 'b'"):
        read_xml(xml(tmp_path, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><a>&b;</a>'), "l")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no element found"),
        ("<a><b></a>", "mismatched tag: line 1"),
        (b"<a>\0</a>", "not well-formed"),
        ("<a>&undefined;</a>", "undefined entity"),
        ('<?xml version="1.0" encoding="none-such"?><a/>', "unknown encoding"),
        ("<a>" * 101, "more than 100 within one another"),
    ],
)
def test_what_is_no_xml_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=f"cannot read labels from .*{message}"):
        read_xml(xml(tmp_path, content), "labels")


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_file, "MOST_ELEMENTS", 10)
    with pytest.raises(InputError, match="more than 10 elements"):
        read_xml(xml(tmp_path, "<a>" + "<b/>" * 10 + "</a>"), "labels")
    monkeypatch.setattr(xml_file, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="longer than 10 bytes"):
        read_xml(xml(tmp_path, "<a>" + " " * 10 + "</a>"), "labels")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not an ordinary file"):
        read_xml(tmp_path, "labels")


def test_a_value_that_never_ends_is_not_looked_at_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "long.xml"
    path.write_text('<a b="' + "x" * (xml_file.MOST_PENDING + xml_file.READ_BYTES + 1) + '"/>')
    with pytest.raises(InputError, match=r"line 1: a name or a value of more than 4,194,304 bytes"):
        read_xml(path, "labels")
    path.write_text(f'<a b="{"x" * 100_000}"/>')
    assert len(read_xml(path, "labels").attrib["b"]) == 100_000
