"""Text files of strangers: refused in a line, whatever they are, before they fill the memory."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_inputs import small_store

from preprocessing.errors import InputError, shorten
from preprocessing.files import text_files
from preprocessing.files.text_files import read_json, read_lines
from preprocessing.importing.feature_files import Selection, open_table
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.splits import read_splits
from trainer.run.folder import Run
from trainer.run.lineage import read_lineage

NOTHING = Selection((), None, None, None, False)


@pytest.fixture
def pipe(tmp_path) -> Path:
    os.mkfifo(tmp_path / "pipe.txt")
    return tmp_path / "pipe.txt"


@pytest.mark.parametrize("device", [None, "/dev/zero"])
def test_only_ordinary_files_are_read(tmp_path, pipe, device):
    path = Path(device) if device else pipe
    store = small_store(tmp_path / "store")
    for read in (read_splits, lambda path: read_labels(LabelOptions(path), store)):
        with pytest.raises(InputError, match="not an ordinary file"):
            read(path)


def test_a_pipe_in_a_folder_of_labels_keeps_nobody_waiting(tmp_path, pipe):
    store = small_store(tmp_path / "store")
    with pytest.raises(InputError, match="not an ordinary file"):
        read_labels(LabelOptions(pipe.parent), store)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"train": ' + "1" * 5000 + "}", "", "{", "nul", "\udc80"]
)
def test_splits_that_are_no_json_are_refused(tmp_path, text):
    path = tmp_path / "splits.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"splits\.json") as error:
        read_splits(path)
    assert len(str(error.value)) < 300 + len(str(path))


def test_what_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MOST_TEXT", 10)
    monkeypatch.setattr(text_files, "MOST_LINE", 10)
    path = tmp_path / "a"
    path.write_text('["' + "x" * 10 + '"]')
    for read in (read_json, read_lines):
        with pytest.raises(InputError, match="than 10 letters"):
            read(path, "labels")


@given(st.lists(st.text("ab \t\u2028"), min_size=1), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_are_lines_whatever_ends_them(tmp_path_factory, lines, end):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(line + end for line in lines).encode())
    assert read_lines(path, "labels") == [line.strip() for line in lines]


@given(st.text(max_size=300))
def test_what_is_shown_of_a_text_is_its_beginning(text):
    assert shorten(text).startswith(text[:80])
    assert len(shorten(text)) < 110


def test_a_message_does_not_repeat_a_file(tmp_path):
    store = small_store(tmp_path / "store")
    long = "x" * 50_000
    path = tmp_path / "labels.csv"
    for content in (
        f"{long},{long}\n",
        f"sequence,start,end,label\n{long},0,1,a\n",
        f"sequence,start,end,label\na,{long},1,a\n",
        f"sequence,label\na,{long}\na,b\n",
        f"sequence,start,end,label\na,0,2,{long}\na,1,3,{long}b\n",
    ):
        path.write_text(content)
        with pytest.raises(InputError) as error:
            read_labels(LabelOptions(path), store)
        assert len(str(error.value)) < 600 + len(str(path))


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("run.json", lambda folder: Run(folder).facts),
        ("splits.json", lambda folder: Run(folder).splits),
        ("trained.json", lambda folder: read_lineage(folder / "trained.json", ())),
        ("config.yaml", lambda folder: Run(folder).config),
        ("a.csv", lambda folder: open_table(folder / "a.csv", "csv", NOTHING)),
        ("a.npy", lambda folder: open_table(folder / "a.npy", "npy", NOTHING)),
        ("a.mat", lambda folder: open_table(folder / "a.mat", "mat", NOTHING)),
    ],
)
def test_a_strangers_folder_holds_ordinary_files_or_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], object], kind: str
) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(InputError, match="not an ordinary file"):
        read(tmp_path)
