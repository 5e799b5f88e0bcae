import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.inspection.command import run
from preprocessing.inspection.listing import Totals
from preprocessing.inspection.options import InspectConfig
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import Origin, SequenceInfo

DONE, SOME_FAILED = 0, 3
Said = tuple[int, str]


def inspect(capsys: pytest.CaptureFixture[str], store: Path, **options: object) -> Said:
    code = run(InspectConfig(store, **options))
    said = capsys.readouterr()
    assert said.err == ""
    return code, said.out


def as_json(capsys: pytest.CaptureFixture[str], store: Path, **options: object) -> dict:
    return json.loads(inspect(capsys, store, json=True, **options)[1])


def test_the_table_has_totals_and_a_row_for_each_sequence(tmp_path, capsys):
    write_sequence(tmp_path, "day1/left", np.zeros((8, 3)))
    write_sequence(tmp_path, "b", np.zeros((4, 3)))
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.h5"))
    code, out = inspect(capsys, tmp_path)
    assert code == DONE
    assert out.splitlines() == [
        "sequences  2",
        "steps      12",
        "hours      0.001",
        "dimension  3",
        "fps        4.0",
        "backbone   test",
        f"bytes      {size}",
        "  b                 4 steps        0.75 s",
        "  day1/left         8 steps        1.75 s",
    ]


def test_a_store_of_different_kinds_is_told_to_be_mixed(tmp_path, capsys):
    write_sequence(tmp_path, "a", np.zeros((2, 3)))
    write_sequence(tmp_path, "b", np.zeros((2, 3)), fps=8)
    write_sequence(tmp_path, "c", np.zeros((2, 5)), backbone="other")
    _, out = inspect(capsys, tmp_path)
    for line in (
        "dimension  3, 5",
        "fps        4.0 (2 sequences), 8 (1 sequence)",
        "backbone   test (2 sequences), other (1 sequence)",
        "mixed      yes: it can't be trained on; extract all with the same settings",
    ):
        assert line in out.splitlines()
    assert as_json(capsys, tmp_path)["alike"] is False


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_what_a_json_writer_would_write(tmp_path, capsys, count):
    for number in range(count):
        write_sequence(tmp_path, f"s{number}", np.zeros((number + 1, 2)))
    code, out = inspect(capsys, tmp_path, json=True)
    found = json.loads(out)
    assert code == DONE
    assert out == json.dumps(found, indent=1) + "\n"
    assert (found["sequences"], len(found["rows"])) == (count, count)
    assert list(found)[-1] == "rows"


def test_a_row_of_json_has_all_that_is_known_of_a_sequence(tmp_path, capsys):
    write_sequence(tmp_path, "a", np.zeros((3, 2)))
    (row,) = as_json(capsys, tmp_path)["rows"]
    known = vars(FeatureStore(tmp_path).info("a"))
    origin = vars(known["origin"])
    assert row == {**{key: known[key] for key in known if key != "origin"}, **origin, "damage": ""}


def make_garbage(path: Path) -> None:
    path.write_bytes(b"nothing")


def make_link_to_nothing(path: Path) -> None:
    path.symlink_to("gone")


def make_times_that_are_none(path: Path) -> None:
    write_sequence(path.parent, path.stem, np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        file["timestamps"][2] = np.nan


def make_fps_that_is_none(path: Path) -> None:
    write_sequence(path.parent, path.stem, np.zeros((1, 2)))
    with h5py.File(path, "a") as file:
        file.attrs["fps"] = "often"


def make_count_that_is_none(path: Path) -> None:
    write_sequence(path.parent, path.stem, np.zeros((1, 2)))
    with h5py.File(path, "a") as file:
        file.attrs["frames_decoded"] = np.inf


@pytest.mark.parametrize(
    "make",
    [
        make_garbage,
        make_link_to_nothing,
        make_times_that_are_none,
        make_fps_that_is_none,
        make_count_that_is_none,
    ],
)
def test_a_broken_file_is_a_row_that_says_so_among_the_others(tmp_path, capsys, make):
    for name in "ac":
        write_sequence(tmp_path, name, np.zeros((3, 2)))
    make(tmp_path / "b.h5")
    code, out = inspect(capsys, tmp_path)
    assert code == SOME_FAILED
    lines = out.splitlines()
    assert lines[:3] == ["sequences  2", "unreadable 1", "steps      6"]
    assert [line[:3] for line in lines[-3:]] == ["  a", "  b", "  c"]
    assert lines[-2].startswith("  b  unreadable: ")

    code, out = inspect(capsys, tmp_path, json=True)
    found = json.loads(out)
    assert (code, found["sequences"], found["unreadable"]) == (SOME_FAILED, 2, 1)
    assert list(found["rows"][1]) == ["sequence_id", "error"]
    assert found["rows"][1]["error"]


def test_damage_on_record_is_counted_and_told(tmp_path, capsys, monkeypatch):
    for name in "ab":
        write_sequence(tmp_path, name, np.zeros((3, 2)))
    assert "damaged" not in inspect(capsys, tmp_path)[1]
    assert as_json(capsys, tmp_path)["damaged"] == 0
    read = FeatureStore.info

    def info(store: FeatureStore, name: str) -> SequenceInfo:
        found = read(store, name)
        object.__setattr__(found, "damage", "2 frames lost" * (name == "b"))
        return found

    monkeypatch.setattr(FeatureStore, "info", info)
    code, out = inspect(capsys, tmp_path)
    assert code == DONE
    assert "damaged    1" in out.splitlines()
    assert out.splitlines()[-1].endswith("0.50 s  damaged: 2 frames lost")
    found = as_json(capsys, tmp_path)
    assert found["damaged"] == 1
    assert [row["damage"] for row in found["rows"]] == ["", "2 frames lost"]


def test_text_of_strangers_is_no_command_to_the_terminal(tmp_path, capsys):
    write_sequence(tmp_path, "a\x1b[31m\nb", np.zeros((3, 2)), backbone="\x1b]0;x\x07")
    write_sequence(tmp_path, "cafe", np.zeros((3, 2)))
    (tmp_path / "cafe.h5").rename(tmp_path / "caf\udce9.h5")
    _, out = inspect(capsys, tmp_path)
    assert len(out.splitlines()) == 10  # it is mixed
    assert "\x1b" not in out
    assert "  a?[31m?b  " in out
    assert [row["sequence_id"] for row in as_json(capsys, tmp_path)["rows"]] == [
        "a\x1b[31m\nb",
        "caf\udce9",
    ]


def test_only_chooses_sequences(tmp_path, capsys):
    for name in ("a", "b/c", "d"):
        write_sequence(tmp_path, name, np.zeros((3, 2)))
    found = as_json(capsys, tmp_path, only=("d", "b/c", "d"))
    assert [row["sequence_id"] for row in found["rows"]] == ["d", "b/c"]
    assert found["steps"] == 6


def test_only_what_is_there_can_be_chosen(tmp_path):
    write_sequence(tmp_path, "a", np.zeros((3, 2)))
    with pytest.raises(InputError, match="--only b: there is no such sequence in"):
        run(InspectConfig(tmp_path, only=("a", "b")))


@settings(deadline=None, max_examples=50)
@given(lengths=st.lists(st.integers(1, 1000), max_size=20))
def test_totals_are_sums(lengths):
    totals = Totals()
    for number, steps in enumerate(lengths):
        origin = Origin("v", "", "4.0", f"net{number % 2}", "", "")
        last = (steps - 1) / 4
        totals.add(SequenceInfo("s", steps, 2, "float16", 0.0, last, 0.0, 0, "", 1.0, 10, origin))
    found = totals.summary()
    assert (found["sequences"], found["bytes"]) == (len(lengths), 10 * len(lengths))
    assert found["steps"] == sum(lengths)
    assert found["hours"] == pytest.approx(sum(lengths) / 4 / 3600)
    assert sum(found["backbone"].values()) == len(lengths)
    assert found["alike"] == (len(lengths) <= 1)
