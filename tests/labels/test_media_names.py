"""Names of videos in label files, and the sequences that they mean."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.media_names import MediaNames, basename, stem

NAMES = st.text("abcXYZ-_ 0189éü", min_size=1, max_size=12).map(str.strip).filter(bool)
FOLDERS = st.sampled_from(
    ["", "videos/", "C:\\Users\\some body\\", "file:///home/me/", "https://host.org/a%20b/", "../"]
)
SUFFIXES = st.sampled_from(["", ".mp4", ".MP4", ".avi", ".webm", ".seq"])


@given(NAMES, FOLDERS, SUFFIXES, st.sampled_from(["", "group/", "a/b/"]))
def test_a_video_is_found_by_its_name_whatever_machine_it_lay_on(
    name: str, folder: str, suffix: str, place: str
) -> None:
    names = MediaNames([f"{place}{name}", "another one"], None)
    assert names.sequence(f"{folder}{name}{suffix}") == f"{place}{name}"


@given(NAMES, FOLDERS, SUFFIXES)
def test_without_a_store_a_video_is_called_by_its_stem(name: str, folder: str, suffix: str) -> None:
    assert MediaNames([], None).sequence(f"{folder}{name}{suffix}") == name


@pytest.mark.parametrize(
    ("media", "last", "first"),
    [
        ("D:\\data\\Mouse06_Front.seq", "Mouse06_Front.seq", "Mouse06_Front"),
        ("https://a.org/Grilled%20cheese.webm?a=1", "Grilled cheese.webm", "Grilled cheese"),
        ("video.2024.01", "video.2024.01", "video.2024"),
        ("trial 1. part", "trial 1. part", "trial 1. part"),
        (".hidden", ".hidden", ".hidden"),
        ("a/b/", "b", "b"),
    ],
)
def test_the_last_part_of_a_name_and_its_stem(media: str, last: str, first: str) -> None:
    assert (basename(media), stem(basename(media))) == (last, first)


def test_an_id_with_a_point_is_found_as_it_is() -> None:
    names = MediaNames(["video.01", "video"], None)
    assert names.sequence("x/video.01") == "video.01"
    assert names.sequence("x/video.01.mp4") == "video.01"


def test_a_name_that_two_sequences_have_is_refused_until_a_map_says_which(tmp_path: Path) -> None:
    known = ["a/cam1", "b/cam1"]
    with pytest.raises(InputError, match=r"cam1\.mp4', which may be a/cam1 or b/cam1; give"):
        MediaNames(known, None).sequence("C:\\x\\cam1.mp4")
    told = tmp_path / "map.csv"
    told.write_text("media,sequence\ncam1.mp4,b/cam1\n")
    assert MediaNames(known, told).sequence("C:\\x\\cam1.mp4") == "b/cam1"
    told.write_text("file,sequence\ncam1.mp4,b/cam1\n")
    with pytest.raises(InputError, match=r"begins with file,sequence; expected a line media,seq"):
        MediaNames(known, told)


def test_a_name_that_no_sequence_has_stays_for_the_hint() -> None:
    names = MediaNames(["Video1"], None)
    assert names.sequence("video1.mp4") == "video1.mp4"


@pytest.mark.parametrize("word", ["-phase", "-tool", "_labels", ".annotations", "-Phases"])
def test_a_label_file_may_say_behind_the_name_of_its_video_what_it_holds(word: str) -> None:
    names = MediaNames(["day/video01", "video02-tool"], None)
    assert names.own(f"video01{word}") == "day/video01"
    assert names.own("video02-tool") == "video02-tool"


def test_labels_of_a_video_that_failed_are_not_those_of_another() -> None:
    names = MediaNames(["video01"], None, {"video01_tools"}.__contains__)
    assert names.own("video01_tools") == "video01_tools"
    assert names.own("video01_phase") == "video01"


def test_which_files_are_taken_by_another_name_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    names = MediaNames(["video01", "video02"], None)
    for name in ("video01", "video02-phase", "video02-phase"):
        names.own(name)
    names.note_shortened()
    said = "note: 1 label file taken by the name of a video: video02-phase is of video02\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("other", ["video01", "video01-tool"])
@pytest.mark.parametrize("turned", [False, True])
def test_two_files_are_of_one_video_only_if_they_are_named_alike(other: str, turned: bool) -> None:
    names = MediaNames(["video01"], None)
    first, second = ("video01-phase", other)[:: -1 if turned else 1]
    names.own(first)
    with pytest.raises(InputError, match=f"{first} and {second} both hold labels of video01"):
        names.own(second)


@pytest.mark.parametrize("name", ["video01_b", "video01b", "video01phase", "video03-phase"])
def test_what_else_stands_behind_a_name_is_part_of_it(name: str) -> None:
    assert MediaNames(["video01"], None).own(name) == name
