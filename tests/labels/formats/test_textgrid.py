import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError

TIMES = st.lists(st.floats(0, 1e6).map(lambda time: round(time, 3)), min_size=2, max_size=6)
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
Interval = tuple[float, float, str]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def long_form(intervals: list[Interval], points: list[tuple[float, str]]) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", "xmax = 9 "]
    lines += ["tiers? <exists> ", "size = 2 ", "item []: ", "    item [1]:"]
    lines += ['        class = "IntervalTier" ', '        name = "what!" ', "        xmin = 0 "]
    lines += ["        xmax = 9 ", f"        intervals: size = {len(intervals)} "]
    for number, (start, end, label) in enumerate(intervals, 1):
        lines += [f"        intervals [{number}]:", f"            xmin = {start} "]
        lines += [f"            xmax = {end} ", f"            text = {quoted(label)} "]
    lines += ["    item [2]:", '        class = "TextTier" ', '        name = "when" ']
    lines += ["        xmin = 0 ", "        xmax = 9 ", f"        points: size = {len(points)} "]
    for number, (time, label) in enumerate(points, 1):
        lines += [f"        points [{number}]:", f"            number = {time} "]
        lines += [f"            mark = {quoted(label)} "]
    return "\n".join(lines) + "\n"


def short_form(intervals: list[Interval], points: list[tuple[float, str]]) -> str:
    lines = ['File type = "ooTextFile short"', '"TextGrid"', "", "0", "9", "<exists>", "2"]
    lines += ['"IntervalTier"', '"what!"', "0", "9", str(len(intervals))]
    for start, end, label in intervals:
        lines += [str(start), str(end), quoted(label)]
    lines += ['"TextTier"', '"when"', "0", "9", str(len(points))]
    for time, label in points:
        lines += [str(time), quoted(label)]
    return "\r\n".join(lines)


def chronological_form(intervals: list[Interval], points: list[tuple[float, str]]) -> str:
    lines = ['"Praat chronological TextGrid text file"', "0 9   ! Time domain.", "2 ! Tiers."]
    lines += ['"IntervalTier" "what!" 0 9', '"TextTier" "when" 0 9', ""]
    for start, end, label in intervals:
        lines += [f"1 {start} {end}", quoted(label), ""]
    for time, label in points:
        lines += [f"2 {time}", quoted(label), ""]
    return "\n".join(lines)


@given(times=TIMES, labels=st.lists(LABELS, min_size=6, max_size=6), data=st.data())
def test_all_forms_say_the_same_in_all_encodings(
    tmp_path_factory: pytest.TempPathFactory,
    times: list[float],
    labels: list[str],
    data: st.DataObject,
) -> None:
    edges = sorted(set(times))
    intervals = [*zip(edges, edges[1:], labels, strict=False)]
    points = [*zip(edges, labels, strict=False)]
    form = data.draw(st.sampled_from([long_form, short_form, chronological_form]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    content = form(intervals, points).encode(encoding)
    path = written(tmp_path_factory.mktemp("t") / "a.TextGrid", content)
    reading = read_as(path, "textgrid")
    wanted = [("", start, end, label.strip(), "what!") for start, end, label in intervals]
    wanted += [("", time, None, label.strip(), "when") for time, label in points]
    found = [(*line, one.tier) for line, one in zip(told(reading.annotations), reading.annotations, strict=True)]
    assert found == [line for line in wanted if line[3]]


def test_quotes_and_line_breaks_are_of_the_text(tmp_path: Path) -> None:
    content = long_form([(0.0, 1.0, '"Bobby"\n! size = 3 "')], [])
    (one,) = read_as(written(tmp_path / "a.TextGrid", content), "textgrid").annotations
    assert one.label == '"Bobby"\n! size = 3 "'


def test_latin_letters_and_big_endian_are_read(tmp_path: Path) -> None:
    content = short_form([(0.0, 1.0, "Gänse")], [])
    big = codecs.BOM_UTF16_BE + content.encode("utf-16-be")
    for data in (content.encode("latin-1"), big, content.encode("utf-16-le")):
        (one,) = read_as(written(tmp_path / "a.TextGrid", data), "textgrid").annotations
        assert one.label == "Gänse"


@pytest.mark.parametrize(
    ("given", "wanted", "message"),
    [
        ("size = 2 ", "size = 7 ", "the end of the file; expected the kind of a tier"),
        ("intervals: size = 1", "intervals: size = 1e400", "1e400; expected the number of"),
        ("xmin = 0.5", "xmin = 0,5", r"line 16: 1.0; expected xmax|a text; expected"),
        ('"IntervalTier"', '"Tier"', "expected IntervalTier or TextTier"),
        ('text = "walk"', 'text = "walk', "a text begins here and never ends|expected"),
        ("<exists>", "", "; expected <exists>"),
    ],
)
def test_damage_is_said_with_its_line(
    tmp_path: Path, given: str, wanted: str, message: str
) -> None:
    content = long_form([(0.5, 1.0, "walk")], []).replace(given, wanted)
    with pytest.raises(InputError, match=message) as caught:
        read_as(written(tmp_path / "a.TextGrid", content), "textgrid")
    assert " line " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_grids_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path / "a.TextGrid", b"ooBinaryFile\x08TextGrid\0\0\1\2")
    with pytest.raises(InputError, match="open it in Praat and save it as a text file"):
        read_as(path, "textgrid")
