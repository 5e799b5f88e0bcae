"""HDF5 of strangers, on file systems without locks, and on full disks."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stores import write_sequence
from prediction_files import write_predictions

from preprocessing.errors import InputError, Unreachable
from preprocessing.files.guarded_file import GuardedFile
from preprocessing.files.hdf5_file import new_hdf5, open_hdf5, own_dataset
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.freshness import find_done
from preprocessing.store.sequence_info import Origin, read_info
from trainer.predictions.reader import open_answers
from trainer.predictions.writer import group_name, predictions_writer, sequence_ids
from trainer.task import make_task

STEPS, WIDTH = 40, 3
Change = Callable[[h5py.File, Path], None]


def replaced(name: str, make: Callable[[h5py.File, Path], object]) -> Change:
    def change(file: h5py.File, folder: Path) -> None:
        del file[name]
        make(file, folder)

    return change


def virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout((STEPS, WIDTH), "f2")
    layout[:] = h5py.VirtualSource(folder / "other.h5", "features", (STEPS, WIDTH))
    file.create_virtual_dataset("features", layout)


def outside(file: h5py.File, folder: Path) -> None:
    (folder / "raw").write_bytes(b"\0" * STEPS * WIDTH * 2)
    file.create_dataset("features", (STEPS, WIDTH), "f2", external=[(str(folder / "raw"), 0, 240)])


def bomb(file: h5py.File, folder: Path) -> None:
    shape = (STEPS, 1000)
    packed = file.create_dataset(
        "features", shape, "f2", maxshape=(None, None), chunks=(2**20, 1000), compression="gzip"
    )
    assert packed.chunks


def with_times(*times: float) -> Change:
    return lambda file, _: file["timestamps"].write_direct(
        np.array(times), dest_sel=slice(0, len(times))
    )


def with_attribute(name: str, value: object) -> Change:
    return lambda file, _: file.attrs.__setitem__(name, value)


HOSTILE: dict[str, Change] = {
    "external link": replaced(
        "features",
        lambda file, folder: file.__setitem__(
            "features", h5py.ExternalLink(folder / "other.h5", "/features")
        ),
    ),
    "soft link": replaced(
        "features", lambda file, _: file.__setitem__("features", h5py.SoftLink("/timestamps"))
    ),
    "virtual": replaced("features", virtual),
    "outside": replaced("features", outside),
    "packed blocks of 2 GB": replaced("features", bomb),
    "nothing written": replaced(
        "features", lambda file, _: file.create_dataset("features", (STEPS, WIDTH), "f2")
    ),
    "written in part": replaced(
        "features",
        lambda file, _: file.create_dataset(
            "features", (STEPS, WIDTH), "f2", chunks=(8, WIDTH)
        ).write_direct(np.ones((8, WIDTH), "f2"), dest_sel=np.s_[:8]),
    ),
    "a group": replaced("features", lambda file, _: file.create_group("features")),
    "another shape": replaced(
        "features", lambda file, _: file.__setitem__("features", np.ones((STEPS, 2, 2), "f2"))
    ),
    "no column": replaced(
        "features", lambda file, _: file.__setitem__("features", np.ones((STEPS, 0), "f2"))
    ),
    "NaN among the times": with_times(0, np.nan),
    "times that go back": with_times(0, 2, 1),
    "fps of zero": with_attribute("fps", "0"),
    "fps in letters": with_attribute("fps", "many"),
    "fps of several": with_attribute("fps", ["1", "2"]),
    "a start that is no number": with_attribute("start_time", float("nan")),
    "a number for a text": with_attribute("damage", 3),
    "frames without end": with_attribute("frames_decoded", float("inf")),
    "a text of no bytes that are UTF-8": with_attribute("source", np.bytes_(b"\xff\xfe")),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_strangers_sequence_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    for name in ("s", "other"):
        write_sequence(tmp_path, name, np.ones((STEPS, WIDTH)))
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        HOSTILE[kind](file, tmp_path)
    with pytest.raises(InputError, match="not a whole feature file") as refused:
        read_info(tmp_path / "s.h5", "s")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("read", [lambda path: read_info(path, "s"), lambda path: _opened(path)])
def test_a_pipe_is_not_waited_for(read: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s.h5")
    with pytest.raises(InputError, match="not an ordinary file"):
        read(tmp_path / "s.h5")


def _opened(path: Path) -> None:
    with open_answers(path):
        pass


@pytest.mark.parametrize("name", ["true", "predicted", "timestamps", "probabilities"])
def test_predictions_that_lie_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    odds = np.full((STEPS, 2), 0.5, "float32")
    arrays = {"probabilities": odds, "true": np.zeros(STEPS, "int32")}
    path = write_predictions(tmp_path / "p.h5", "ab", {"s": arrays}, "classification")
    with h5py.File(path, "r+") as file:
        file.move(f"s/{name}", "elsewhere")
        file[f"s/{name}"] = h5py.SoftLink("/elsewhere")
    with pytest.raises(InputError, match=f"'{name}' is a link"), open_answers(path):
        pass


@pytest.mark.parametrize("numbers", [[0, 2, 1], [-1, 0, 1], [0, 1, 3]])
def test_numbers_of_frames_are_in_order_and_of_frames_there_are(
    tmp_path: Path, numbers: list[int]
) -> None:
    write_sequence(tmp_path, "s", np.ones((3, WIDTH)))
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        file["frames"] = np.array(numbers)
        file["frames"].attrs["count"] = 3
    with pytest.raises(InputError, match="expected numbers from 0 to 2, in order"):
        FeatureStore(tmp_path).frames("s")


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
@pytest.mark.parametrize("told", [True, False])
def test_a_failing_disk_says_nothing_of_what_is_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: bool
) -> None:
    write_sequence(tmp_path, "s", np.ones((STEPS, WIDTH)))
    text = f"Can't read data (errno = {number}, error message = 'no')"

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, text) if told else OSError(text)

    monkeypatch.setattr("preprocessing.store.sequence_info.own_dataset", fail)
    origin = Origin("", "", "4", "another", "", "{}")
    with pytest.raises(Unreachable, match="cannot be read now"):
        find_done(tmp_path / "s.h5", "s", origin, overwrite=True)


def test_times_that_go_back_are_no_answers(tmp_path: Path) -> None:
    odds = np.full((STEPS, 2), 0.5, "float32")
    arrays = {"probabilities": odds, "true": np.zeros(STEPS, "int32")}
    path = write_predictions(tmp_path / "p.h5", "ab", {"s": arrays}, "classification")
    with h5py.File(path, "r+") as file:
        file["s/timestamps"][3] = 0.0
    with pytest.raises(InputError, match="do not increase"):
        _opened(path)


def test_files_need_no_locks(tmp_path: Path) -> None:
    write_sequence(tmp_path, "s", np.ones((STEPS, WIDTH)))
    with (tmp_path / "s.h5").open("rb+") as other:
        # Who asks for a lock while another holds it, is refused, as where there are none.
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="lock"):
            h5py.File(tmp_path / "s.h5", "r")
        assert read_info(tmp_path / "s.h5", "s").steps == STEPS


@given(st.lists(st.sampled_from(["a", "true", "true~", "predicted", "~"]), min_size=1, max_size=4))
def test_a_group_tells_its_sequence(parts: list[str]) -> None:
    name = group_name("/".join(parts))
    with h5py.File("x", "w", driver="core", backing_store=False) as file:
        file[f"{name}/predicted"] = [0]
        assert sequence_ids(file) == ["/".join(parts)]


def layout(classes: int) -> SimpleNamespace:
    task = make_task("classification", tuple(f"class {number}" for number in range(classes)))
    return SimpleNamespace(task=task, horizon=0, outputs="frame")


def test_classes_may_be_many(tmp_path: Path) -> None:
    names = layout(5000)
    with predictions_writer(tmp_path / "p.h5", names):  # type: ignore[arg-type]
        pass
    with open_answers(tmp_path / "p.h5") as answers:
        assert tuple(answers.classes) == names.task.classes


def test_a_sequence_may_be_called_as_what_is_stored_of_another(tmp_path: Path) -> None:
    with new_hdf5(tmp_path / "p.h5") as writer:
        writer.file.attrs["classes"] = ["a", "b", "c"]
        for number, sequence_id in enumerate(["x", "x/true", "x/true/predicted"]):
            for name in ("true", "predicted", "timestamps"):
                kind = "float64" if name == "timestamps" else "int32"
                writer.file[f"{group_name(sequence_id)}/{name}"] = np.array(
                    [number, number + (name == "timestamps")], kind
                )
    with open_answers(tmp_path / "p.h5") as answers:
        assert answers.ids == ["x", "x/true", "x/true/predicted"]
        assert [answers.whole(name, "true")[0] for name in answers.ids] == [0, 1, 2]


def test_older_files_have_such_ids_as_they_are(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file.attrs["classes"] = ["a"]
        for name in ("true", "predicted", "timestamps"):
            kind = "float64" if name == "timestamps" else "int32"
            file[f"x/true/{name}"] = np.arange(2).astype(kind)
    with open_answers(tmp_path / "p.h5") as answers:
        assert answers.ids == ["x/true"]
        assert answers.steps("x/true") == 2


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.h5"
    path.write_text("before")
    write = GuardedFile.write

    def full(self: GuardedFile, data: object) -> int:
        if self.tell() > 5000:
            self._failure = self._failure or OSError(errno.ENOSPC, "No space left on device")
            return len(memoryview(data).cast("B"))  # type: ignore[arg-type]
        return write(self, data)

    monkeypatch.setattr(GuardedFile, "write", full)
    with pytest.raises(OSError, match="No space left"), new_hdf5(path) as writer:  # noqa: PT012
        for number in range(9):
            writer.file[f"{number}"] = np.ones(1000)
            writer.file.flush()
            writer.require_success()
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["p.h5"]


def test_what_lies_in_the_file_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        ones = np.ones((100, 3))
        file.create_dataset("x", data=ones, chunks=(7, 2), compression="gzip")
        file["empty"] = np.ones((0, 3))
    with open_hdf5(tmp_path / "a.h5") as file:
        assert own_dataset(file, "x").shape == (100, 3)
        assert own_dataset(file, "empty").shape == (0, 3)
        with pytest.raises(KeyError, match="no 'y'"):
            own_dataset(file, "y")
