"""What is written in each format is read again: the same stretches, to a frame."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.annotation.said import all_said
from preprocessing.errors import InputError
from preprocessing.files.folders import files_below
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import ALL, LabelChoices
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.registry import format_of, read_annotations
from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.labels.formats.writers.files import write_annotated
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.labels.formats.writing import Annotated, Video
from preprocessing.labels.media_names import MediaNames

FPS = 25.0
CLASSES = ("walk", "stand still", 'épée <&> "x"', "x")
# A point that lasts no frame is none in these.
POINTED = [name for name, one in WRITERS.items() if one.points]
Row = tuple[str, int, int, str]


def content(rows: Iterable[Row], points: Iterable[tuple[str, int, str]] = ()) -> Annotated:
    """Returns what is written: rows of (sequence, first frame, frame after the last, class)."""
    said: dict[str, list[Annotation]] = {"a": [], "day 1/cam.2": []}
    for name, start, end, label in rows:
        said[name].append(Annotation(name, start / FPS, end / FPS, label))
    for name, start, label in points:
        said[name].append(Annotation(name, start / FPS, None, label))
    for several in said.values():
        several.sort(key=lambda one: one.start)
    videos = tuple(Video(name, Path(f"{name}.mp4"), 40.0, FPS, 1000) for name in said)
    return Annotated(videos, said, CLASSES)


def read_back(path: Path) -> list[Annotation]:
    """Reads what was written, a file after the other; times in seconds."""
    names = MediaNames(("a", "day 1/cam.2"), None)
    if names_a_line(path):
        options = LabelOptions(path, fps=FPS)
        return all_said(options, None).all
    found = []
    for file in sorted(files_below(path)) if path.is_dir() else [path]:
        if file.name == "interface.xml":
            continue
        reading = read_annotations(file, LabelChoices(raters=(ALL,)))
        assert reading is not None, file
        rate = (reading.fps or FPS) if reading.unit == "frames" else 1.0
        for one in reading.annotations:
            media = names.sequence(one.media or file.relative_to(path).with_suffix("").as_posix())
            end = None if one.end is None else one.end / rate
            found.append(one._replace(media=media, start=one.start / rate, end=end))
    return found


def names_a_line(path: Path) -> bool:
    """Says whether a folder has text files that only the reader of such folders knows."""
    texts = [one for one in files_below(path) if one.suffix == ".txt"] if path.is_dir() else []
    found = [format_of(one, LabelChoices()) for one in texts]
    return any(one is None or one.name == "names" for one in found)


def written(name: str, given: Annotated) -> list[Annotation]:
    """Writes in a format, and reads again."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / f"out{WRITERS[name].suffix}"
        write_annotated(WRITERS[name], out, given)
        return read_back(out)


def rows_of(found: Iterable[Annotation]) -> list[Row]:
    """Returns stretches in frames."""
    return sorted(
        (one.media, round(one.start * FPS), round(one.end * FPS), one.label)
        for one in found
        if one.end is not None
    )


@st.composite
def apart(draw: st.DrawFn) -> list[Row]:
    """Draws stretches that neither overlap nor touch another of their class."""
    rows = []
    for name in ("a", "day 1/cam.2"):
        frame = draw(st.integers(0, 40))
        for _ in range(draw(st.integers(1, 6))):
            end = frame + draw(st.integers(1, 200))
            label = draw(st.sampled_from(CLASSES))
            rows.append((name, frame, end, label))
            frame = end + draw(st.integers(1, 30))
    return sorted(rows)


def test_each_format_that_can_be_chosen_is_written() -> None:
    assert set(WRITERS) == set(get_args(WriterName))
    assert all(name == one.name for name, one in WRITERS.items())


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=12)
@given(rows=apart())
def test_what_is_written_is_read_again(name: str, rows: list[Row]) -> None:
    found = written(name, content(rows))
    assert rows_of(found) == rows


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "names"])
def test_classes_may_overlap(name: str) -> None:
    rows = [("a", 0, 50, "walk"), ("a", 25, 75, "x"), ("a", 30, 40, "stand still")]
    assert rows_of(written(name, content(rows))) == sorted(rows)


# As people call classes, and worse: formulas, what parts values elsewhere, marks of other formats.
FORMULA, MARKED = "=cmd|' /C'!A0", ("#1", "a <b>", "&amp;", "%41", "-", "NA")
NAMES = (FORMULA, *MARKED, "a,b", "a;b", "x/y", "a\\b", "0", "12")


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=12)
@given(label=st.sampled_from(NAMES))
def test_names_of_any_kind_stay_what_they_are(name: str, label: str) -> None:
    rows = [("a", 0, 50, label), ("a", 60, 75, "walk"), ("a", 80, 99, label)]
    given = replace(content(rows), classes=("walk", label))
    assert rows_of(written(name, given)) == rows


@pytest.mark.parametrize("name", ["boris", "boris-aggregated", "elan"])
def test_labels_of_one_class_that_overlap_are_joined(name: str) -> None:
    rows = [("a", 0, 250, "x"), ("a", 50, 125, "x"), ("a", 240, 300, "x"), ("a", 400, 410, "x")]
    assert rows_of(written(name, content(rows))) == [("a", 0, 300, "x"), ("a", 400, 410, "x")]


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_joined_is_said(name: str, tmp_path: Path) -> None:
    rows = [("a", 0, 50, "x"), ("a", 25, 75, "x"), ("a", 30, 40, "walk"), ("a", 75, 80, "x")]
    writer = WRITERS[name]
    remarks = write_annotated(writer, tmp_path / f"out{writer.suffix}", content(rows))
    said = "1 label joined with others of the same class that they overlap"
    assert any(one.startswith(said) for one in remarks) is writer.joins


def test_commas_in_names_part_nothing_where_no_classes_overlap(tmp_path: Path) -> None:
    clear = [("a", 0, 50, "walk, run"), ("a", 25, 75, "walk, run")]
    assert rows_of(written("names", content(clear))) == [("a", 0, 75, "walk, run")]
    mixed = [("a", 0, 50, "x"), ("a", 10, 20, "y"), ("a", 60, 70, "x,y")]
    with pytest.raises(InputError, match="'x,y' has a comma"):
        write_annotated(WRITERS["names"], tmp_path / "out", content(mixed))


@pytest.mark.parametrize("label", ["1", "label"])
def test_a_line_of_frames_is_never_taken_for_the_names_of_classes(label: str) -> None:
    given = replace(content([("a", 5, 50, label)]), classes=("walk", label))
    with pytest.raises(InputError, match="--label-columns"):
        written("class-columns", given)


@pytest.mark.parametrize("ids", [("a/b", "a//b"), ("a.txt/b", "a"), ("a" * 300,)])
def test_no_sequence_takes_the_file_of_another(ids: tuple[str, ...], tmp_path: Path) -> None:
    said = {one: [Annotation(one, 0.0, 1.0, "x")] for one in ids}
    given = Annotated(tuple(map(Video, ids)), said, ("x",))
    with pytest.raises(InputError, match="cannot have a file of its own"):
        write_annotated(WRITERS["audacity"], tmp_path / "out", given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name, one in WRITERS.items() if one.shape == "file"])
def test_a_video_whose_name_no_file_can_have_is_no_reason_to_fail(
    name: str, tmp_path: Path
) -> None:
    given = replace(content([("a", 0, 25, "x")]), videos=(Video("a", Path("v" * 400), fps=FPS),))
    write_annotated(WRITERS[name], tmp_path / f"out{WRITERS[name].suffix}", given)


@pytest.mark.parametrize("name", POINTED)
def test_points_stay_points(name: str) -> None:
    points = [("a", 10, "x"), ("a", 30, "x"), ("day 1/cam.2", 5, "x")]
    found = written(name, content([("a", 12, 20, "walk")], points))
    assert rows_of(found) == [("a", 12, 20, "walk")]
    kept = sorted(
        (one.media, round(one.start * FPS), one.label) for one in found if one.end is None
    )
    assert kept == points


@pytest.mark.parametrize("name", WRITERS)
def test_truth_and_prediction_stay_apart(name: str, tmp_path: Path) -> None:
    truth = Annotation("a", 0.0, 2.0, "walk", tier="truth")
    guess = Annotation("a", 0.4, 2.4, "walk", tier="prediction", confidence=0.75)
    given = replace(content([]), annotations={"a": [truth, guess]})
    out = tmp_path / f"out{WRITERS[name].suffix}"
    write_annotated(WRITERS[name], out, given)
    if WRITERS[name].keeps or WRITERS[name].shape != "files":
        sides = {(one.tier or one.subject, rows_of([one])[0][1:3]) for one in read_back(out)}
        assert sides == {("truth", (0, 50)), ("prediction", (10, 60))}
    else:
        assert sorted(path.name for path in out.iterdir()) == ["prediction", "truth"]
        assert rows_of(read_back(out / "prediction")) == [("a", 10, 60, "walk")]
        assert rows_of(read_back(out / "truth")) == [("a", 0, 50, "walk")]


@pytest.mark.parametrize("name", ["intervals", "label-studio"])
def test_confidence_is_kept_where_there_is_a_place_for_it(name: str) -> None:
    guess = Annotation("a", 0.4, 2.4, "walk", tier="prediction", confidence=0.75)
    (found,) = written(name, replace(content([]), annotations={"a": [guess]}))
    assert found.confidence == 0.75
