"""Labels on a contact sheet, beside the similarity."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.inspection import contact_sheet
from preprocessing.inspection.command import run
from preprocessing.inspection.contact_sheet import boxes
from preprocessing.inspection.label_ribbons import (
    BLANK,
    GAP,
    MOST_NAMED,
    WIDE,
    in_words,
    legend_height,
    ribbon,
)
from preprocessing.inspection.labelled_time import LabelledTime
from preprocessing.inspection.options import InspectConfig
from preprocessing.inspection.sheet_entry import Entry
from preprocessing.labels.class_colours import class_colours, rgb
from preprocessing.labels.writing import write_intervals

SECONDS = 8.0


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two sequences of 8 s."""
    for name in ("day/a", "b"):
        write_sequence(tmp_path / "store", name, np.eye(32))
    return tmp_path / "store"


def labelled(store: Path, *rows: tuple[str, float, float, str]) -> Path:
    write_intervals(store.parent / "labels.csv", rows)
    return store.parent / "labels.csv"


def draw(store: Path, labels: Path, **options: object) -> np.ndarray:
    sheet = store.parent / "sheet.png"
    assert run(InspectConfig(store, sheet=sheet, labels=(labels,), **options)) == 0  # type: ignore[arg-type]
    return cv2.imread(str(sheet))[..., ::-1]


def test_what_is_labelled_when_lies_along_both_axes_of_the_similarity(store: Path) -> None:
    labels = labelled(store, ("day/a", 0, 2, "walk"), ("day/a", 4, 8, "run"))
    sheet = draw(store, labels, only=("day/a", "b"))
    header = contact_sheet.HEADER + legend_height(["run", "walk"])
    assert len(sheet) == header + 2 * contact_sheet.ENTRY
    side, left = contact_sheet.SIDE, contact_sheet.MATRIX_LEFT
    top = header + contact_sheet.TITLE
    running, walking = map(rgb, class_colours(["run", "walk"]))
    for second, colour in ((1, walking), (3, BLANK), (5, running), (7, running)):
        place = round(side * second / SECONDS)
        below = sheet[top + side + GAP + 1 + WIDE // 2, left + place]
        beside = sheet[top + place, left - GAP - 1 - WIDE // 2]
        assert (tuple(below), tuple(beside)) == (colour, colour)
    # A sequence without labels has no ribbon.
    beside = sheet[top + contact_sheet.ENTRY + 20 : top + contact_sheet.ENTRY + 30, left - 9 : left]
    assert (beside[:, :4] == 255).all()


def test_pictures_are_marked_by_what_is_labelled_there(tmp_path: Path) -> None:
    picture = np.full((30, 40, 3), 128, np.uint8)
    time = LabelledTime(np.array([0.0, 2.0, 4.0]), ((0, 1), ()))
    entry = Entry(
        "s", "", 0.0, 4.0, 1.0, (0.0, 3.0), (picture, picture), "", np.eye(4), labels=time
    )
    contact_sheet.draw_page([entry], "sheet", tmp_path / "sheet.png", ["a", "b"])
    sheet = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    top = contact_sheet.HEADER + legend_height(["a", "b"]) + contact_sheet.TITLE
    (x, y, wide, high), (u, *_) = boxes(2, 4 / 3)
    line = sheet[top + y + high - 3]
    halves = [line[contact_sheet.MARGIN + x + wide * part // 4] for part in (1, 3)]
    assert [tuple(half) for half in halves] == [*map(rgb, class_colours(["a", "b"]))]
    assert tuple(line[contact_sheet.MARGIN + u + wide // 2]) == (128, 128, 128)


spans = st.lists(
    st.tuples(st.floats(0.01, 9), st.lists(st.integers(0, 4), max_size=3, unique=True)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30)
@given(spans=spans)
def test_every_class_is_seen_and_long_ones_where_they_are(
    spans: list[tuple[float, list[int]]],
) -> None:
    edges = np.concatenate([[0.0], np.cumsum([lasts for lasts, _ in spans])])
    time = LabelledTime(edges, tuple(tuple(sorted(classes)) for _, classes in spans))
    colours = class_colours("abcde")
    pixels = ribbon(time, colours, (0.0, edges[-1]), 300)
    seen = {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()}
    if time.overlaps:  # Each class has a row of its own.
        assert {rgb(colours[number]) for number in time.seconds} <= seen
    for start, end, classes in zip(edges[:-1], edges[1:], time.shown, strict=True):
        # The shortest may cover some pixels of a longer one at its edges.
        if (end - start) / edges[-1] * 300 > 60:
            column = pixels[:, round((start + end) / 2 / edges[-1] * 300)]
            found = {tuple(pixel) for pixel in column.tolist()} - {BLANK}
            assert found == {rgb(colours[number]) for number in classes}


def test_a_glance_longer_than_nothing_is_drawn() -> None:
    time = LabelledTime(np.array([0.0, 1800.0, 1800.2, 3600.0]), ((0,), (1,), ()))
    colours = class_colours("ab")
    middle = ribbon(time, colours, (0.0, 3600.0), 340)[WIDE // 2]
    assert [tuple(middle[place]) for place in (10, 170, 300)] == [*map(rgb, colours), BLANK]


def test_classes_that_have_no_row_are_counted() -> None:
    time = LabelledTime(np.arange(11.0), ((0, 1), *((number,) for number in range(2, 11))))
    assert in_words(time) == "100% labelled, of 11 classes the 8 shown longest drawn"
    assert in_words(LabelledTime(np.array([0.0, 1.0, 4.0]), ((0,), ()))) == "25% labelled"
    assert in_words(None) == "no labels"


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a", "b"],
        [f"the {number} of many very long names " * 9 for number in range(30)],
        ["$x_1$ \\frac{", "縫合", "Разрез", "a\x1b[31m", "caf\udce9", "W" * 200],
        [str(number) for number in range(2 * MOST_NAMED)],
    ],
    ids=["none", "two", "long", "other scripts", "many"],
)
def test_whatever_classes_are_called_the_page_has_room(tmp_path: Path, names: list[str]) -> None:
    shown = tuple((number,) for number in range(len(names))) or ((),)
    time = LabelledTime(np.linspace(0, 4, len(shown) + 1), shown)
    entry = Entry("s", "", 0.0, 4.0, 1.0, alike=np.eye(4), labels=time)
    contact_sheet.draw_page([entry], "sheet", tmp_path / "sheet.png", names)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert (sheet[:, -contact_sheet.MARGIN + 4 :] == 255).all()
    header = contact_sheet.HEADER + legend_height(names)
    assert len(sheet) == header + contact_sheet.ENTRY
    assert (sheet[header : header + 8] == 255).all()  # The legend ends above the first sequence.


def test_letters_that_no_font_has_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry("\U0001e8c0", "", 0.0, 4.0, 1.0, alike=np.eye(4))  # Mende numbers.
    contact_sheet.draw_page([entry], "sheet", tmp_path / "sheet.png")
    assert "some letters are drawn as boxes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([("c", 0, 1, "x")], {}, r"labels 1 sequence that .* does not have \(c\)"),
        ([("b", 0, 99, "x")], {}, r"labels of b in .* last 99.00 s, the sequence lasts 8.00 s"),
        ([("b", 0, 2, "x"), ("b", 1, 3, "y")], {}, "must not overlap"),
        ([("b", 0, 1, "x")], {"sheet": None}, "--labels is drawn by --sheet; give --sheet"),
        ([("b", 0, 1, "x")], {"task": "regression"}, "a sheet draws classes, no numbers"),
        ([("b", 0, 1, "x")], {"labels": (), "tier": ("a",)}, "--tier says how labels are read"),
    ],
)
def test_labels_that_do_not_fit_are_refused_before_anything_is_drawn(
    store: Path, rows: list[tuple[str, float, float, str]], options: dict[str, object], message: str
) -> None:
    sheet = store.parent / "sheet.png"
    given = {"sheet": sheet, "labels": (labelled(store, *rows),), **options}
    with pytest.raises(InputError, match=message):
        run(InspectConfig(store, **given))  # type: ignore[arg-type]
    assert not sheet.exists()


def test_what_cannot_be_read_has_no_labels_and_stops_nothing(store: Path) -> None:
    labels = labelled(store, ("day/a", 0, 2, "x"), ("broken", 0, 2, "x"))
    (store / "broken.h5").write_bytes(b"nothing")
    sheet = store.parent / "sheet.png"
    assert run(InspectConfig(store, sheet=sheet, labels=(labels,))) == 3
    assert sheet.exists()


def test_of_one_step_that_lasts_no_time_all_is_labelled_or_nothing() -> None:
    for shown, share in ((((0,),), 1.0), (((),), 0.0)):
        assert LabelledTime(np.array([2.0, 2.0]), shown).share == share
