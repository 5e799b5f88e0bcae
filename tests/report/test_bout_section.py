"""The part of a report about bouts."""

import base64
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction_files import run_of, write_predictions

from preprocessing.labels.class_colours import class_colours
from trainer.bouts.bout import Bouts
from trainer.evaluation.scoring import score
from trainer.predictions.reader import open_answers
from trainer.report.bout_section import BoutSection, bout_section
from trainer.report.ethogram import GAP, MOST_LINES, NARROW_GAP, THICK, THIN, WIDTH, painted
from trainer.report.evaluation_page import write_report
from trainer.report.ribbons import UNLABELLED_COLOUR, bgr

TRUE = [0, 0, 1, 1, -1, -1, 2, 2]
SAID = [0, 1, 1, 1, 1, 1, 2, 2]


def predictions_of(folder: Path, task: str, classes: int = 3, **more: Any) -> Path:
    """A sequence of 2 s of which half a second has no label, and one of half its length."""
    arrays = {}
    for name, steps in (("long", 8), ("short", 4)):
        true, said = np.array(TRUE[:steps]), np.array(SAID[:steps])
        if task == "multilabel":
            truth = np.where(true[:, None] < 0, -1, np.eye(classes)[true])
            arrays[name] = {"true": truth, "probabilities": np.eye(classes)[said]}
        else:
            arrays[name] = {"true": true, "probabilities": np.eye(classes)[said]}
        arrays[name] |= {key: value[:steps] for key, value in more.items()}
    names = [f"<class {number}>" for number in range(classes)]
    return write_predictions(folder / "p.h5", names, arrays, task)


def section_of(path: Path) -> BoutSection:
    with open_answers(path) as answers:
        return bout_section(answers, [], score(path, segmental=True))


def pixels(picture: str) -> np.ndarray:
    data = base64.b64decode(picture.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_an_ethogram_shows_the_truth_above_the_answers(tmp_path: Path) -> None:
    section = section_of(predictions_of(tmp_path, "classification"))
    assert [(row.sequence_id, row.end) for row in section.ethogram] == [("long", 2), ("short", 1)]
    assert (section.longest, section.length) == (2.0, "0:00:02")
    picture = pixels(section.ethogram[0].picture)
    assert picture.shape == (2 * THICK + NARROW_GAP, WIDTH, 4)
    colours = [*map(bgr, (*class_colours(["a", "b", "c"]), UNLABELLED_COLOUR))]
    middles = [(2 * step + 1) * WIDTH // 16 for step in range(8)]
    for row, labels in ((0, TRUE), (-1, SAID)):
        assert picture[row, middles, :3].tolist() == [list(colours[label]) for label in labels]
    assert not picture[THICK, :, 3].any()


def test_where_steps_have_several_classes_each_has_lines_of_its_own(tmp_path: Path) -> None:
    section = section_of(predictions_of(tmp_path, "multilabel", MOST_LINES + 2))
    assert [name for name, _ in section.drawn] == [f"<class {n}>" for n in range(MOST_LINES)]
    picture = pixels(section.ethogram[0].picture)
    assert len(picture) == MOST_LINES * (2 * THIN + GAP) - GAP == section.ethogram[0].height
    middles = [(2 * step + 1) * WIDTH // 16 for step in range(8)]
    colour = bgr(section.drawn[1][1])
    truth, said = (picture[2 * THIN + GAP + row, middles] for row in (0, THIN))
    grey = bgr(UNLABELLED_COLOUR)
    for line, labels in ((truth, TRUE), (said, SAID)):
        shown = [tuple(ink[:3]) if ink[3] else None for ink in line.tolist()]
        assert shown == [{1: colour, -1: grey}.get(label) for label in labels]


spans = st.lists(st.tuples(st.floats(0, 100), st.floats(0.001, 30)), min_size=1, max_size=8)


@given(spans)
def test_every_bout_is_painted_and_no_shorter_one_lies_below(
    found: list[tuple[float, float]],
) -> None:
    starts = np.array([start for start, _ in found])
    ends = starts + [length for _, length in found]
    count = len(found)
    line = painted(Bouts(np.arange(count), starts, ends, np.zeros(count)), 130.0)
    shortest = int(np.argmin(ends - starts))
    if (ends - starts == (ends - starts)[shortest]).sum() == 1:
        assert (line == shortest).any()
    for place in np.flatnonzero(line >= 0).tolist():
        width = 130.0 / WIDTH
        there = (starts < (place + 2) * width) & (ends > (place - 1) * width)
        assert there[line[place]]


def test_the_table_counts_the_bouts_of_all_sequences(tmp_path: Path) -> None:
    section = section_of(predictions_of(tmp_path, "classification"))
    (name, _, sources), *_ = section.classes
    assert name == "<class 0>"
    assert sources["truth"]["bouts"] == sources["prediction"]["bouts"] == 2
    assert sources["truth"]["total"] == 1.0
    assert sources["truth"]["share"] == pytest.approx(1.0 / 2.5)
    assert sources["prediction"]["share"] == pytest.approx(0.5 / 3)
    assert section.classes[2][2]["truth"]["deviation"] is None
    assert section.known == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_a_page_has_bouts_where_there_are_answers_step_by_step(task: str, tmp_path: Path) -> None:
    path = predictions_of(tmp_path, task)
    metrics = {"split": "test", **score(path, segmental=True)}
    write_report(tmp_path / "report.html", run_of(task), metrics, path)
    page = (tmp_path / "report.html").read_text()
    assert '<h2 id="bouts">Bouts</h2>' in page
    assert 'style="width:50.00%;' in page
    assert "The truth is known of 83 % of the time" in page
    assert "<class" not in page.partition("<body>")[2]
    once = {"true": [0], "probabilities": [[1, 0]]}
    if task == "multilabel":
        once["true"] = [[1, 0]]
    path = write_predictions(tmp_path / "once.h5", ["a", "b"], {"s": once}, task)
    metrics = {"split": "test", **score(path, segmental=False)}
    write_report(tmp_path / "report.html", run_of(task), metrics, path)
    assert 'id="bouts"' not in (tmp_path / "report.html").read_text()


def test_decoded_bouts_are_called_so(tmp_path: Path) -> None:
    path = predictions_of(tmp_path, "classification", decoded=np.array([0, 0, 1, 1, 1, 1, 2, 2]))
    section = section_of(path)
    assert section.decoded
    assert section.classes[0][2]["prediction"]["total"] == 1.0
