"""Data for action segmentation as it is shared since ms-tcn.

ROOT/features/<name>.npy            <number>[features, steps]
ROOT/groundTruth/<name>.txt         a class name a line
ROOT/mapping.txt                    "0 cut_tomato": a number and a class name a line
ROOT/splits/train.split1.bundle     "<name>.txt" a line; test.split1.bundle, val.split1.bundle
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError, shorten
from preprocessing.files.folders import files_below
from preprocessing.files.text_files import read_lines
from preprocessing.files.whole_file import write_whole
from preprocessing.importing.feature_files import Selection, format_of
from preprocessing.importing.layouts import files
from preprocessing.importing.layouts.base import Recording, broken
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.runs import Interval
from preprocessing.labels.splits import PARTS as SPLIT_PARTS
from preprocessing.labels.splits import Splits
from preprocessing.labels.stretches import named_intervals

FEATURES, TRUTH, MAPPING, BUNDLES = "features", "groundTruth", "mapping.txt", "splits"
PARTS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
BUNDLE = re.compile(rf"({'|'.join(PARTS)})\.(.+)\.bundle")
SHOWN = 20
WHAT = "data of ms-tcn"


def is_layout(path: Path) -> bool:
    """Returns True if a folder has this layout."""
    return (path / FEATURES).is_dir() and (path / TRUTH).is_dir()


def recordings(
    root: Path,
    kind: str | None,
    selection: Selection,
    truth: "Truth | None",
    prefer: str | None = None,
) -> list[Recording]:
    """Finds all sequences, with their labels if ``truth`` is given.

    Args:
        root: the folder of the data.
        kind: the format of the feature files; None for any.
        selection: the columns to take.
        truth: the ground truth, if labels are wanted.
        prefer: the suffix to take of files that differ only in it.

    Raises:
        InputError: there are none.
    """
    found = []
    for source in files.sources([root / FEATURES], kind, prefer):
        if source.problem:
            found.append(broken(source.sequence_id, source.path, InputError(source.problem)))
            continue
        told = kind or format_of(source.path)
        recording = files.recording(source.sequence_id, source.path, told, selection)
        if truth and truth.path(source.sequence_id).is_file():
            intervals = partial(truth.intervals, source.sequence_id)
            recording = replace(recording, intervals=intervals)
        found.append(recording)
    return found


@dataclass(frozen=True)
class Truth:
    """The ground truth of the videos.

    Attributes:
        root: the folder of the data.
        fps: steps per second of the features.
        line_fps: lines per second of the text files.
        classes: the classes of mapping.txt; empty if there is no such file.
    """

    root: Path
    fps: float
    line_fps: float
    classes: frozenset[str]

    def path(self, name: str) -> Path:
        """Returns the text file of a video."""
        return self.root / TRUTH / f"{name}.txt"

    def intervals(self, name: str, steps: int) -> Sequence[Interval]:
        """Returns the labelled intervals of a video, in seconds.

        Args:
            name: the video.
            steps: the number of steps of its features.

        Raises:
            InputError: mapping.txt lacks a class, or labels and features differ in length.
        """
        path, end = self.path(name), steps / self.fps
        named = read_lines(path, WHAT)
        self._require_known(path, named)
        seconds = len(named) / self.line_fps
        if abs(seconds - end) > LabelOptions.tolerance:
            raise InputError(
                f"{path} has {len(named)} lines, {seconds:.2f} s at {self.line_fps:g} a second; "
                f"the features have {steps} steps, {end:.2f} s at {self.fps:g} a second. Say with "
                "--fps and --label-fps how many of each there are in a second, or with "
                "--time-axis which axis is time"
            )
        times = np.minimum(np.arange(len(named) + 1) / self.line_fps, end)
        found = named_intervals(named, times)
        return [interval for interval in found if interval[0] < interval[1]]

    def _require_known(self, path: Path, named: list[str]) -> None:
        unknown = set(named) - self.classes - {""} if self.classes else ()
        for number, name in enumerate(named, start=1):
            if name in unknown:
                shown = shorten(name)
                raise InputError(f"{path} line {number}: {MAPPING} has no class {shown!r}")


def read_mapping(root: Path) -> frozenset[str]:
    """Returns the class names in mapping.txt; none if there is no such file.

    Raises:
        InputError: a line is not a number and a name.
    """
    path = root / MAPPING
    lines = read_lines(path, WHAT) if path.exists() else []
    for number, line in enumerate(lines, start=1):
        if line and not re.fullmatch(r"\d+\s+\S.*", line):
            raise InputError(
                f"{path} line {number} is {shorten(line)!r}; expected a number and a class"
            )
    return frozenset(line.split(maxsplit=1)[1] for line in lines if line)


def bundles(root: Path) -> dict[str, dict[str, Path]]:
    """Returns the file of each part of each split, by the split's name, such as ``split1``."""
    found: dict[str, dict[str, Path]] = {}
    folder = root / BUNDLES
    for path in sorted(files_below(folder, {".bundle"})) if folder.is_dir() else ():
        if (match := BUNDLE.fullmatch(path.name)) and path.parent == folder:
            found.setdefault(match[2], {})[PARTS[match[1]]] = path
    return found


def write_splits(
    root: Path, out: Path | None, usable: Collection[str], labelled: bool
) -> Iterator[tuple[Path, str]]:
    """Writes ``out/split1.json`` and so on; a split with a video that cannot be used is left out.

    Args:
        root: the folder of the data.
        out: folder for the splits; None to check them only.
        usable: sequences that are in the store, and have labels if they need them.
        labelled: True if sequences need labels.

    Yields:
        The file of a split that could not be used, and why.
    """
    for name, parts in bundles(root).items():
        try:
            splits = _read_split(root, parts, usable, labelled)
            if out:
                write_whole(out / f"{name}.json", splits.to_json())
        except InputError as error:
            yield next(iter(parts.values())), f"{name}: {error}"


def _read_split(
    root: Path, parts: dict[str, Path], usable: Collection[str], labelled: bool
) -> Splits:
    ids = {
        part: tuple(line.removesuffix(".txt") for line in read_lines(parts[part], WHAT) if line)
        if part in parts
        else ()
        for part in SPLIT_PARTS
    }
    if missing := [name for part in SPLIT_PARTS for name in ids[part] if name not in usable]:
        some = missing[:SHOWN]
        shown = ", ".join(f"{shorten(name)} ({_lack(root, name, labelled)})" for name in some)
        raise InputError(
            f"{len(missing)} of its videos cannot be used: {shown}"
            f"{', ...' if len(missing) > SHOWN else ''}; mend them or take them out of the bundles"
        )
    return Splits(*(ids[part] for part in SPLIT_PARTS))


def _lack(root: Path, name: str, labelled: bool) -> str:
    if not any(path.stem == name for path in (root / FEATURES).iterdir()):
        return "no features"
    if labelled and not (root / TRUTH / f"{name}.txt").is_file():
        return "no ground truth"
    return "not imported"
