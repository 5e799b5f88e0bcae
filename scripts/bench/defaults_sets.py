"""The sets of the benchmark of defaults: stores, labels and who must not stand on both sides."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from measure import BUILD

from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.importing.command import run as run_import
from preprocessing.importing.options import ImportConfig
from trainer.demo.videos import make_samples

FOLDER = BUILD / "defaults"
VIDEOS, SECONDS = 32, 60.0


class StudySet(NamedTuple):
    """Sequences, their labels, and how they are dealt out to folds.

    Attributes:
        name: its folder, and its column in the tables.
        labels: name of the labels in the folder.
        fps: steps a second, for options that are given in seconds.
        person: an expression that finds the person in the id of a sequence; None if there is one
            only, or if it is not known.
        folds: how many, at most.
        more: what else reading the labels needs.
    """

    name: str
    labels: str
    fps: float
    person: str | None
    folds: int
    more: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Holds its store and its labels."""
        return FOLDER / self.name

    def options(self, folds: int) -> tuple[str | Path, ...]:
        """Returns what ``cross-validate`` must be told to read and deal it.

        Args:
            folds: how many there should be; a set of fewer persons has fewer.
        """
        data = ("--store", self.folder / "store", "--labels", self.folder / self.labels)
        people = ("--group-by", self.person) if self.person else ()
        return (*data, "--folds", str(min(folds, self.folds)), *people, *self.more)


VTS = StudySet("vts", "labels", 5.0, r"^(P\d+)_", 19, ("--label-fps", "5"))
GESTURE = StudySet("gesture", "labels.csv", 30.0, "^([abc])", 3)
GRID = StudySet("grid", "labels.csv", 25.0, None, 24)
DEMO = StudySet("demo", "labels.csv", 4.0, None, VIDEOS)


def prepare(study_set: StudySet, source: Path | None) -> None:
    """Makes the store and the labels of a set, once.

    Args:
        study_set: one of this module.
        source: folder of its data; the demo has none.
    """
    folder = study_set.folder
    if (folder / "whole").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    MAKERS[study_set.name](source or folder, folder)
    (folder / "whole").touch()


def make_vts(source: Path, folder: Path) -> None:
    """Makes store and labels of the VTS data in a folder."""
    run_import(ImportConfig((source / "features",), folder / "store", fps=VTS.fps, dtype="float32"))
    shutil.copytree(source / "labels", folder / "labels")


def _gesture(source: Path, folder: Path) -> None:
    run_import(
        ImportConfig(
            (source / "processed",),
            folder / "store",
            fps=GESTURE.fps,
            label_column="Phase",
            labels_out=folder / "labels.csv",
            dtype="float32",
        )
    )


def _grid(source: Path, folder: Path) -> None:
    extract(ExtractConfig((source / "videos",), folder / "store", fps="native"))
    shutil.copy(source / "labels.csv", folder / "labels.csv")


def _demo(_: Path, folder: Path) -> None:
    samples = make_samples(folder, VIDEOS, SECONDS, seed=0)
    extract(ExtractConfig((samples.videos,), folder / "store", fps=DEMO.fps))


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    "vts": make_vts,
    "gesture": _gesture,
    "grid": _grid,
    "demo": _demo,
}
