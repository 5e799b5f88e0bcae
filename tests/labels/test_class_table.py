"""The table of classes and parts says of time what the targets of steps say of steps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_inputs import info_of

from preprocessing.labels.base import LabelOptions, Labels, labelled
from preprocessing.labels.class_table import class_table
from preprocessing.labels.frames import FrameLabels
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.label_check import check_labels
from preprocessing.labels.named import SequenceLabels
from preprocessing.labels.numbers import NumberLabels
from preprocessing.labels.stretches import stretches
from preprocessing.store.sequence_info import SequenceInfo

FPS, PATH = 4.0, Path("labels.csv")
CHOICES = st.sampled_from([None, "ignore", "background"])
NAMES = st.lists(
    st.lists(st.sampled_from(["", "walk", "run", "background", "unsure"]), min_size=1, max_size=30),
    min_size=1,
    max_size=4,
)


def intervals(shown: list[list[str]], options: LabelOptions) -> Labels:
    rows = [
        (f"s{number}", start / FPS, (start + 1) / FPS, name)
        for number, names in enumerate(shown)
        for start, name in enumerate(names)
        if name
    ]
    # Of every sequence something is known, if only behind its end.
    rows += [(f"s{number}", 99.0, 99.5, "walk") for number in range(len(shown))]
    return IntervalLabels(rows, options)


def lines(shown: list[list[str]], options: LabelOptions) -> Labels:
    return FrameLabels(((f"s{n}", names) for n, names in enumerate([*shown, ["walk"]])), options)


def once(shown: list[list[str]], options: LabelOptions) -> Labels:
    return SequenceLabels(
        ((f"s{n}", names[0]) for n, names in enumerate([*shown, ["walk"]])), options
    )


def targets(labels: Labels, info: SequenceInfo) -> np.ndarray:
    return labels.at(info, 0, info.start_time + info.first + np.arange(info.steps) / FPS)


@pytest.mark.parametrize("form", [intervals, lines, once])
@given(shown=NAMES, choice=CHOICES, ignored=st.booleans())
def test_of_each_class_the_table_counts_what_steps_show(
    form: Any, shown: list[list[str]], choice: Any, ignored: bool
) -> None:
    names = ("unsure",) if ignored else ()
    labels = form(shown, LabelOptions(PATH, ignored=names, unlabelled=choice))
    infos = [info_of(f"s{number}", len(steps)) for number, steps in enumerate(shown)]
    counts = class_table(labels, {"train": infos}).parts["train"]
    whole = [targets(labels, info) for info in infos]
    classes = range(len(labels.classes))
    steps = [[int((found == c).sum()) for c in classes] for found in whole]
    assert counts.class_seconds == pytest.approx(np.sum(steps, 0) / FPS)
    assert counts.class_sequences.tolist() == np.sum(np.array(steps) > 0, 0).tolist()
    begins = [stretches(found).labels for found in whole]
    assert counts.stretches.tolist() == [sum(int((b == c).sum()) for b in begins) for c in classes]
    assert counts.seconds == pytest.approx(sum(map(len, whole)) / FPS)
    known = sum(int(labelled(found).sum()) for found in whole)
    assert counts.counted == pytest.approx(known / FPS)
    assert counts.counted_share == pytest.approx(known / sum(map(len, whole)))


@given(
    shown=st.lists(st.sets(st.sampled_from(["a", "b", "c", "unsure"])), min_size=1, max_size=20),
    choice=CHOICES,
)
def test_of_several_labels_each_is_counted_by_itself(shown: list[set[str]], choice: Any) -> None:
    rows = [("s", t / FPS, (t + 1) / FPS, name) for t, names in enumerate(shown) for name in names]
    rows.append(("s", 99.0, 99.5, "a"))
    options = LabelOptions(PATH, ignored=("unsure",), task="multilabel", unlabelled=choice)
    labels = IntervalLabels(rows, options)
    info = info_of("s", len(shown))
    counts = class_table(labels, {"all": [info]}).total
    found = targets(labels, info)
    present = found == 1
    begins = present & ~np.concatenate([np.zeros_like(present[:1]), present[:-1]])
    assert counts.class_seconds == pytest.approx(present.sum(0) / FPS)
    assert counts.stretches.tolist() == begins.sum(0).tolist()
    assert counts.class_sequences.tolist() == present.any(0).astype(int).tolist()
    assert counts.none == pytest.approx((found == 0).all(1).sum() / FPS)
    assert counts.counted == pytest.approx(labelled(found).sum() / FPS)
    nameless = sum(not names for names in shown)
    assert labelled(found).sum() == len(shown) - nameless * (choice == "ignore") - sum(
        "unsure" in names for names in shown
    )


@given(st.lists(st.sampled_from([1.0, np.nan]), min_size=1, max_size=20), st.integers(0, 3))
def test_of_numbers_the_steps_that_have_all_are_counted(values: list[float], late: int) -> None:
    rows = [("s", (late + t) / FPS, [value, 2.0]) for t, value in enumerate(values)]
    labels = NumberLabels(["x", "y"], rows, LabelOptions(PATH, task="regression"))
    info = info_of("s", len(values) + late + 2)
    table = class_table(labels, {"train": [info]})
    assert table.classes == ("numbers",)
    known = labelled(targets(labels, info)).sum() / FPS
    assert table.total.counted == pytest.approx(known)
    assert table.total.class_seconds == pytest.approx([known])


def test_lines_at_a_rate_of_their_own_last_as_long_as_they_say() -> None:
    options = LabelOptions(PATH, fps=8.0)
    labels = FrameLabels([("s", ["a"] * 4 + ["b"] * 3 + [""] * 9)], options)
    counts = class_table(labels, {"train": [info_of("s", 10)]}).total
    assert counts.class_seconds.tolist() == [0.5, 0.375]
    assert counts.unlabelled == pytest.approx(2.5 - 0.875)


@pytest.mark.parametrize("form", [intervals, lines])
def test_a_stretch_of_one_step_is_not_shorter_than_a_step(form: Any) -> None:
    labels = form([["walk", "run"] * 150], LabelOptions(PATH))
    info = replace(info_of("s0", 300), start_time=-0.1, first=0.0, last=299 / FPS)
    for each in (info_of("s0", 300), info):
        assert class_table(labels, {"train": [each]}).total.short <= 1


def test_a_class_of_background_has_the_time_without_a_label_beside_its_own() -> None:
    rows = [("s", 0.0, 1.0, "walk"), ("s", 1.0, 1.5, "background"), ("s", 3.0, 4.0, "walk")]
    labels = IntervalLabels(rows, LabelOptions(PATH, unlabelled="background"))
    counts = class_table(labels, {"train": [info_of("s", 16)]}).total
    assert dict(zip(labels.classes, counts.class_seconds.tolist(), strict=True)) == {
        "background": 2.0,
        "walk": 2.0,
    }
    assert counts.stretches.tolist() == [1, 2]
    assert (counts.unlabelled, counts.counted_share) == (1.5, 1.0)


TABLE = """\
seconds, stretches and sequences of each class:
                train  validation
walk        3.5  2  1     -  -  -
run         0.5  1  1     1  1  1
(ignored)     0         0.5
(no label)    1         0.5
(all)         5     1     2     1
"""


def test_the_table_reads_like_this() -> None:
    rows = [("a", 0.0, 2.0, "walk"), ("a", 2.0, 2.5, "run"), ("a", 3.5, 5.0, "walk")]
    rows += [("b", 0.0, 1.0, "run"), ("b", 1.0, 1.5, "unsure")]
    labels = IntervalLabels(rows, LabelOptions(PATH, ignored=("unsure",)))
    check = check_labels(labels, {"train": [info_of("a", 20)], "validation": [info_of("b", 8)]})
    assert "\n".join(check.lines()) + "\n" == TABLE


@given(
    names=st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n"), min_size=1,
                           max_size=90), min_size=1, max_size=40, unique=True),
    hours=st.sampled_from([0.001, 1.0, 1e3, 1e6]),
    most=st.sampled_from([None, 5]),
)  # fmt: skip
def test_the_table_is_eighty_letters_wide_whatever_is_in_it(
    names: list[str], hours: float, most: int | None
) -> None:
    length = hours * 3600 / len(names)
    rows = [("s", n * length, (n + 1) * length, name) for n, name in enumerate(names)]
    labels = IntervalLabels(rows, LabelOptions(PATH))
    info = info_of("s", max(round(hours * 3600 * FPS), 1))
    check = check_labels(labels, {part: [info] for part in ("train", "validation", "test")})
    found = check.lines(most)
    assert max(map(len, found)) <= 80
    more = len(names) - (most or len(names))
    assert (f"... and {more} more" in found) == (more > 0)
    assert len(found) >= 3 + min(len(names), most or len(names))
