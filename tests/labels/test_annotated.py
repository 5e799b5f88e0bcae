"""Annotations of any format, made into labels of a store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from label_inputs import small_store, targets_of, text_folder, write

from preprocessing.errors import InputError
from preprocessing.labels.annotated import read_files
from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats import registry
from preprocessing.labels.formats.base import OPEN, Annotation, Format, Reading
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path

MARK = "made up: "
Reads = Callable[..., Labels]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, Reading]:
    """Lets files of a format that begins with a mark say what is put here by their names."""
    readings: dict[str, Reading] = {}

    def recognises(sample: Sample) -> bool:
        return sample.text.startswith(MARK)

    def read(path: Path, choices: LabelChoices) -> Reading:
        return replace(readings[path.name])

    made = Format("made-up", "made up", recognises, read)
    monkeypatch.setattr(registry, "FORMATS", (made,))
    return readings


@pytest.fixture
def reads(said: dict[str, Reading], tmp_path: Path) -> Reads:
    """Reads annotations as labels of the small store."""
    store = small_store(tmp_path / "store")

    def read(*annotations: Annotation, unit: str = "seconds", **options: object) -> Labels:
        path = tmp_path / "labels.made"
        path.write_text(MARK)
        said[path.name] = Reading([*annotations], unit=unit)  # type: ignore[arg-type]
        fps = options.pop("fps", None)
        task = options.pop("task", "classification")
        choices = LabelChoices(**options)  # type: ignore[arg-type]
        return read_labels(LabelOptions(path, fps=fps, task=task, choices=choices), store)  # type: ignore[arg-type]

    return read


def classes_of(labels: Labels, store: FeatureStore, name: str) -> str:
    """The first letters of the classes of all steps, a dot for none."""
    letters = [*(one[0] for one in labels.classes), "."]
    return "".join(letters[target] for target in targets_of(labels, store, name))


def test_a_video_is_the_sequence_of_its_name_and_a_file_that_names_none_its_own(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    store = small_store(tmp_path / "store")
    folder = tmp_path / "labels"
    folder.mkdir()
    for name in ("project", "a", "notes"):
        (folder / name).write_text("" if name == "notes" else MARK)
    said["project"] = Reading([Annotation("X:\\videos\\b.mp4", 0.5, 1.0, "walk")])
    said["a"] = Reading([Annotation("", 1.0, 2.0, "run")])
    labels = read_labels(LabelOptions(folder), store)
    assert sorted(labels.ids()) == ["a", "b"]
    assert classes_of(labels, store, "a") == "....rrrr"
    assert classes_of(labels, store, "b") == "..ww...."


def test_subjects_of_one_video_are_chosen_among_and_those_of_several_are_not(
    reads: Reads, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store")
    apart = (Annotation("a", 0, 1, "w", "mouse"), Annotation("b", 0, 1, "r", "rat"))
    assert sorted(reads(*apart).ids()) == ["a", "b"]
    beside = (Annotation("a", 0, 1, "w", "mouse"), Annotation("a", 1, 2, "r", "rat"))
    with pytest.raises(
        InputError, match=r"a has labels of several subjects \('mouse' 1, 'rat' 1\); give --subject"
    ):
        reads(*beside)
    assert classes_of(reads(*beside, subjects=("rat",)), store, "a") == "....rrrr"
    assert classes_of(reads(*beside, subjects=("all",)), store, "a") == "wwwwrrrr"
    with pytest.raises(InputError, match=r"--subject cat: .* no such subject; it has 'mouse' 1"):
        reads(*beside, subjects=("cat",))


@pytest.mark.parametrize("option", ["tier", "rater"])
def test_tiers_and_raters_are_chosen_likewise(reads: Reads, tmp_path: Path, option: str) -> None:
    store = FeatureStore(tmp_path / "store")
    both = (
        Annotation("a", 0, 1, "w")._replace(**{option: "one"}),
        Annotation("a", 0, 2, "r")._replace(**{option: "two"}),
    )
    with pytest.raises(InputError, match=f"several {option}s"):
        reads(*both)
    assert classes_of(reads(*both, **{f"{option}s": ("one",)}), store, "a") == "wwww...."


def test_points_have_a_length_or_are_said_to_be_left_out(
    reads: Reads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FeatureStore(tmp_path / "store")
    mixed = (Annotation("a", 0, 0.5, "w"), Annotation("a", 1.25, None, "j"))
    assert classes_of(reads(*mixed), store, "a") == "ww......"
    assert "1 point in time left out; --point-seconds" in capsys.readouterr().err
    assert classes_of(reads(*mixed, point_seconds=0.5), store, "a") == "ww..jj.."
    with pytest.raises(InputError, match=r"holds 1 point in time and no intervals; give --point-s"):
        reads(mixed[1])


def test_a_state_that_was_never_ended_is_refused_by_name(reads: Reads) -> None:
    with pytest.raises(InputError, match=r"'w' of a begins at 0.5 s and is never ended; end it"):
        reads(Annotation("a", 0.5, OPEN, "w"))


def test_overlaps_are_settled_by_priority_or_refused(reads: Reads, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    over = (Annotation("a", 0, 1.5, "w"), Annotation("a", 1, 2, "r"))
    with pytest.raises(InputError, match="must not overlap"):
        reads(*over)
    assert classes_of(reads(*over, priority=("r",)), store, "a") == "wwwwrrrr"
    assert classes_of(reads(*over, priority=("w", "r")), store, "a") == "wwwwwwrr"
    # The same class twice is no question.
    assert classes_of(reads(over[0], Annotation("a", 1, 2, "w")), store, "a") == "wwwwwwww"
    both = targets_of(reads(*over, task="multilabel"), store, "a")
    np.testing.assert_array_equal(both[:, 0], [0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(both[:, 1], [1, 1, 1, 1, 1, 1, 0, 0])


def test_modifiers_are_part_of_the_class_where_that_is_asked(reads: Reads) -> None:
    some = (
        Annotation("a", 0, 1, "walk", modifiers=("fast", "left")),
        Annotation("a", 1, 2, "walk"),
    )
    assert reads(*some).classes == ("walk",)
    assert reads(*some, modifiers=True).classes == ("walk", "walk|fast|left")


def test_frames_are_those_of_the_video_whenever_they_are_shown(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    path = tmp_path / "v.made"
    path.write_text(MARK)
    said["v.made"] = Reading([Annotation("v", 4, 10, "w")], unit="frames")
    origin = Origin("v.mp4", "", "native", "network", "0", "{}")
    # Each second frame was kept; the video waits between its frames 6 and 8.
    times = np.array([0.0, 0.1, 0.2, 0.3, 5.0, 5.1])
    with SequenceWriter(sequence_path(tmp_path / "s", "v"), 1, origin) as writer:
        writer.source_frames = 12
        writer.append(times, np.zeros((6, 1)), np.arange(0, 12, 2))
    store = FeatureStore(tmp_path / "s")
    assert classes_of(read_labels(LabelOptions(path), store), store, "v") == "..www."
    with pytest.raises(InputError, match=r"labels of v count frames, .* give --label-fps, or --st"):
        read_labels_alone(LabelOptions(path))
    alone = read_labels_alone(LabelOptions(path, fps=2.0))
    assert alone.end("v") == 5.0


def test_frames_of_imported_features_are_their_steps(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    path = tmp_path / "v.made"
    path.write_text(MARK)
    said["v.made"] = Reading([Annotation("v", 2, 4, "w")], unit="frames")
    origin = Origin("v.csv", "", "4.0", "import-csv", "0", "{}")
    with SequenceWriter(sequence_path(tmp_path / "s", "v"), 1, origin) as writer:
        writer.append(np.arange(6) / 4, np.zeros((6, 1)))
    store = FeatureStore(tmp_path / "s")
    assert classes_of(read_labels(LabelOptions(path), store), store, "v") == "..ww.."


def test_later_files_win_where_they_label(said: dict[str, Reading], tmp_path: Path) -> None:
    write(tmp_path / "store", "a", np.arange(8) / 4)
    store = FeatureStore(tmp_path / "store")
    old, new, last = tmp_path / "old.csv", tmp_path / "new.made", tmp_path / "last.csv"
    old.write_text("sequence,start,end,label\na,0,1.5,w\na,1.5,2,r\n")
    new.write_text(MARK)
    said["new.made"] = Reading([Annotation("a.mp4", 0.5, 1.75, "j")])
    last.write_text("sequence,start,end,label\na,0.5,0.75,r\n")
    labels = read_labels(LabelOptions(old, corrections=(new, last)), store)
    assert classes_of(labels, store, "a") == "wwrjjjjr"


@pytest.mark.parametrize("form", ["one label a sequence", "a name a line"])
def test_labels_of_our_own_forms_are_corrected_too(
    said: dict[str, Reading], tmp_path: Path, form: str
) -> None:
    write(tmp_path / "store", "a", np.arange(8) / 4)
    store = FeatureStore(tmp_path / "store")
    if form == "a name a line":
        old = text_folder(tmp_path, a="w\n" * 6 + "\nw\n")
        expected = "wwjjww.w"
    else:
        old, expected = tmp_path / "classes.csv", "wwjjwwww"
        old.write_text("sequence,label\na,w\n")
    new = tmp_path / "new.made"
    new.write_text(MARK)
    said["new.made"] = Reading([Annotation("a.mp4", 0.5, 1.0, "j")])
    labels = read_labels(LabelOptions(old, corrections=(new,)), store)
    assert classes_of(labels, store, "a") == expected


def test_a_name_that_counts_as_no_label_does_so_in_what_is_corrected(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    write(tmp_path / "store", "a", np.arange(8) / 4)
    store = FeatureStore(tmp_path / "store")
    old, new = text_folder(tmp_path, a="w\n" * 4 + "unsure\n" * 4), tmp_path / "new.made"
    new.write_text(MARK)
    said["new.made"] = Reading([Annotation("a", 1.5, 2.0, "j")])
    options = LabelOptions(old, None, 1.0, ("unsure",), "multilabel", corrections=(new,))
    targets = targets_of(read_labels(options, store), store, "a")
    np.testing.assert_array_equal(targets[:, 1], [1, 1, 1, 1, np.nan, np.nan, 0, 0])


def test_numbers_and_what_the_store_lacks_are_not_corrected(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    write(tmp_path / "store", "a", np.arange(8) / 4)
    store = FeatureStore(tmp_path / "store")
    old, new = tmp_path / "old.csv", tmp_path / "new.made"
    new.write_text(MARK)
    said["new.made"] = Reading([Annotation("a.mp4", 0.5, 1.0, "j")])
    old.write_text("sequence,label\na,w\nb,w\n")
    with pytest.raises(InputError, match=r"labels 1 sequence that .* does not have \(b\)"):
        read_labels(LabelOptions(old, corrections=(new,)), store)
    with pytest.raises(InputError, match="give --store"):
        read_labels_alone(LabelOptions(old, corrections=(new,)))


def test_a_format_is_named_and_an_unknown_one_is_refused(reads: Reads) -> None:
    assert reads(Annotation("a", 0, 1, "w"), format="made-up").classes == ("w",)
    with pytest.raises(InputError, match="--label-format other: expected one of made-up"):
        reads(Annotation("a", 0, 1, "w"), format="other")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"point_seconds": 0.0}, "--point-seconds 0: expected more than 0"),
        ({"point_seconds": float("nan")}, "--point-seconds nan: expected more than 0"),
        ({"priority": ("a", "a")}, "--priority a a: a class is named twice"),
    ],
)
def test_choices_that_make_no_sense_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LabelChoices(**options)  # type: ignore[arg-type]


def test_remarks_on_several_files_that_differ_in_numbers_alone_are_one(
    said: dict[str, Reading], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / f"{name}.made" for name in "abc"]
    for number, path in enumerate(paths):
        path.write_text(MARK)
        remarks = [f"left out {number} intervals"] + ["odd"] * (path.stem == "b")
        said[path.name] = Reading([Annotation("", 0, 1, "x")], remarks=remarks)
    assert len(read_files(paths, LabelChoices(), tmp_path)) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"note: in 3 files, such as {paths[0]}: left out 0 intervals",
        f"note: {paths[1]}: odd",
    ]


def test_a_file_without_labels_is_refused_by_itself_and_left_in_a_folder(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    path = tmp_path / "a.made"
    path.write_text(MARK)
    said[path.name] = Reading([], remarks=["a header"])
    assert read_files([path], LabelChoices(), tmp_path)
    with pytest.raises(InputError, match=r"a\.made holds no labels: a header"):
        read_files([path], LabelChoices())


def test_files_of_one_name_in_several_folders_are_sequences_of_their_own(
    said: dict[str, Reading], tmp_path: Path
) -> None:
    for folder in (tmp_path / "l", tmp_path / "l" / "day", tmp_path / "l" / "day" / "x"):
        folder.mkdir()
        (folder / "v.made").write_text(MARK)
    said["v.made"] = Reading([Annotation("", 0, 1, "x")])
    labels = read_labels_alone(LabelOptions(tmp_path / "l"))
    assert sorted(labels.ids()) == ["day/v", "day/x/v", "v"]
