"""Each warning about labels, word for word."""

from collections.abc import Mapping

import pytest
from label_inputs import info_of

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.label_check import LabelCheck, check_labels
from preprocessing.labels.label_names import alike, mistyped
from preprocessing.labels.label_warnings import in_no_part, without_label
from preprocessing.labels.numbers import NumberLabels

PATH = "labels.csv"
Shown = Mapping[str, list[tuple[str, float]]]


def checked(steps: int = 40, **shown: Mapping[str, list[tuple[str, float]]]) -> LabelCheck:
    """Looks at parts of sequences of ten seconds, in which names follow each other."""
    rows, options = [], {}
    for name in ("unlabelled", "ignored"):
        if name in shown:
            options[name] = shown.pop(name)
    for sequences in shown.values():
        for sequence_id, spans in sequences.items():
            at = 0.0
            for name, seconds in spans:
                if name:
                    rows.append((sequence_id, at, at + seconds, name))
                at += seconds
    labels = IntervalLabels(rows, LabelOptions(PATH, **options))
    return check_labels(
        labels, {part: [info_of(name, steps) for name in found] for part, found in shown.items()}
    )


TEN = [("walk", 5.0), ("run", 5.0)]
GOOD: dict[str, Shown] = {
    "train": {"a": TEN, "b": TEN},
    "validation": {"c": TEN},
    "test": {"d": TEN},
}


def everywhere(spans: list[tuple[str, float]]) -> dict[str, Shown]:
    """Shows the same in all sequences."""
    return {part: dict.fromkeys(sequences, spans) for part, sequences in GOOD.items()}


def test_labels_that_fit_make_nobody_doubt_them() -> None:
    assert checked(**GOOD).warnings == ()


def test_a_class_that_a_part_lacks() -> None:
    short = [("walk", 10.0)]
    assert checked(**{**GOOD, "test": {"d": short}}).warnings == (
        "test lacks run (1 of 2 classes): their figures there will be null",
    )
    assert checked(**{**GOOD, "validation": {"c": short}}).warnings == (
        "validation lacks run (1 of 2 classes): the choice of the best epoch does not know them",
    )
    lacking = {**GOOD, "train": {"a": short, "b": short}}
    assert checked(**lacking).warnings == (
        "train lacks run (1 of 2 classes): a model cannot learn to name what it never sees; move "
        "a sequence that shows it here",
    )


def test_a_class_in_one_sequence_only() -> None:
    rare = {**GOOD, "train": {"a": [("walk", 5.0), ("run", 4.0), ("fall", 1.0)], "b": TEN}}
    assert checked(**rare).warnings[0] == (
        "in one sequence only: fall (1 of 3 classes): it can be trained on or tested on, not both; "
        "label more sequences, or leave the name out with --ignore-label"
    )


def test_a_class_in_no_sequence() -> None:
    late = {**GOOD, "train": {"a": [*TEN, ("fall", 1.0)], "b": TEN}}
    assert checked(**late).warnings == (
        "in none of the sequences: fall (1 of 3 classes): nothing is learned or counted of them",
    )


@pytest.mark.parametrize(
    ("names", "shown", "difference"),
    [
        (("Walk", "walk"), "'Walk' and 'walk'", "case"),
        (("open door", "opendoor", "open  door"), "'open  door' and 'open door' and 'opendoor'",
         "spaces"),
        (("caf\u00e9", "cafe\u0301"), r"'cafe\u0301' and 'caf\xe9'", "Unicode form"),
        (("walk", "walk\u200b"), r"'walk' and 'walk\u200b'", "case, spaces or Unicode form"),
        (("Open Door", "open_door", "opendoor"), "'Open Door' and 'opendoor'",
         "case, spaces or Unicode form"),
    ],
)  # fmt: skip
def test_names_that_a_person_reads_as_one(
    names: tuple[str, ...], shown: str, difference: str
) -> None:
    (found,) = alike([*names, "else"], PATH)
    count = shown.count(" and ") + 1
    assert found == (
        f"the labels {shown} differ in {difference} only, and count as {count} classes; if they "
        f"are one, write them alike in {PATH}"
    )
    shown_twice = {**GOOD, "test": {"d": [("Walk", 3.0), ("walk", 3.0), ("run", 4.0)]}}
    assert "'Walk' and 'walk' differ in case only" in checked(**shown_twice).warnings[0]


def test_many_names_that_differ_little_are_not_all_told() -> None:
    names = [f"{letter}{end}" for letter in "abcde" for end in ("", " ")]
    found = list(alike([name.upper() for name in names] + names, PATH))
    assert len(found) == 4
    assert found[-1] == "2 more groups of labels differ in case, spaces or form only"


def test_a_stray_label_that_is_perhaps_a_typing_error() -> None:
    often = {"walk": 400, "run": 90, "phase1": 30, "wlak": 1, "phase2": 1, "Run": 1, "jump": 1}
    assert list(mistyped(often, PATH)) == [
        "the label 'wlak' is in one stretch only, and looks like 'walk', which is in 400; if it is "
        "a typing error, mend it in labels.csv"
    ]
    (said,) = mistyped({"walk": 400, "wlak": 20}, PATH)
    assert said.startswith("the label 'wlak' is in 20 stretches only, and looks like 'walk'")
    assert not list(mistyped({"walk": 400, "wlak": 21}, PATH))
    spans = [("walk", 0.25), ("run", 0.25)] * 19 + [("walkk", 0.5)]
    found = checked(**{**GOOD, "train": {"a": spans, "b": TEN}}).warnings
    assert found[0].startswith("the label 'walkk' is in one stretch only, and looks like 'walk'")


def test_labels_that_nothing_is_made_of() -> None:
    parts = {"train": ["a"], "validation": [], "test": ["b"]}
    assert list(in_no_part(["a", "b"], parts)) == []
    assert list(in_no_part(["a", "b", "d", "c"], parts)) == [
        "2 labelled sequences in no part of the splits: left out (c, ...)"
    ]
    assert list(without_label(["a", "b"], ["a", "b"])) == []
    assert list(without_label(["a", "b", "c"], ["a", "b"])) == [
        "1 sequence of the store without a label: left out (c)"
    ]


def test_an_ignored_name_that_does_not_occur() -> None:
    assert checked(ignored=("sit",), **GOOD).warnings == (
        "--ignore-label sit: no label has this name",
    )


@pytest.mark.parametrize("number", [199, 200, 1200])
def test_many_classes(number: int) -> None:
    each = [(f"class {n:04d}", 1.0) for n in range(number)]
    sequences = {"a": each, "b": each}
    found = checked(4 * number, train=sequences, validation={"c": each}, test={"d": each}).warnings
    assert found == (number >= 200) * (
        f"{number:,} classes, half of them in 4 stretches or fewer: are they names of classes, and "
        "not sentences, numbers or ids?",
    )


def test_hardly_any_label() -> None:
    few = everywhere([("walk", 0.5), ("run", 0.5)])
    assert checked(**few).warnings[0] == (
        "10.0% of the time for training has a label (2 of 20 s); are the labels in seconds, and "
        "for these sequences?"
    )
    assert len(checked(unlabelled="background", **few).warnings) == 1
    rows = [("a", 0.0, [1.0]), ("a", 0.5, [1.0])]
    labels = NumberLabels(["x"], rows, LabelOptions(PATH, task="regression"))
    assert check_labels(labels, {"train": [info_of("a", 40)]}).warnings == (
        "7.5% of the time for training has a label (1 of 10 s); are the labels in seconds, and for "
        "these sequences?",
    )


def test_labels_that_change_between_two_steps() -> None:
    quick = [("walk", 0.1), ("run", 0.1)] * 50
    assert checked(**{**GOOD, "test": {"d": quick}}).warnings == (
        "100 of 106 labelled stretches are shorter than the 0.25 s between two steps, and may have "
        "none; more steps a second (extract --fps) would show them",
    )


HALF = [("walk", 2.5), ("", 5.0), ("run", 2.5)]


def test_time_without_a_label_that_nobody_has_spoken_of() -> None:
    half = everywhere(HALF)
    assert checked(**half).warnings == (
        "50.0% of the time of the sequences has no label (20 of 40 s): it is left out, and figures "
        "speak of the labelled share only; train with --unlabelled background to make a class of "
        "it, or with --unlabelled ignore to leave it out without this note",
    )
    assert checked(unlabelled="ignore", **half).warnings == ()
    assert checked(unlabelled="background", **half).warnings == ()
    nearly = everywhere([("walk", 4.6), ("", 0.9), ("run", 4.5)])
    assert checked(**nearly).warnings == ()
