"""A folder with all that the pages of the documentation name, so that their commands can be run."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from preprocessing.annotation.command import run as run_labels
from preprocessing.annotation.options import LabelsConfig

CLASSES = ("idle", "welding")
SECONDS, FPS, SIZE = 10, 8, (48, 64)
PEOPLE, TAKES = 6, ("a", "b")
# Seconds at which what is shown changes, of one video after the other.
CHANGES = ((3.0, 7.0), (2.5, 6.0), (4.0, 8.5), (1.5, 5.5))


def names() -> list[str]:
    """Returns the sequences: two takes of each of six people."""
    return [f"P{person:02}_{take}" for person in range(1, PEOPLE + 1) for take in TAKES]


def intervals(number: int) -> Iterator[tuple[float, float, str]]:
    """Yields beginning and end, in seconds, and class of what a video shows.

    Args:
        number: of the video, from 0.
    """
    first, second = CHANGES[number % len(CHANGES)]
    edges = (0.0, first, second, float(SECONDS))
    for place, (start, end) in enumerate(itertools.pairwise(edges)):
        yield start, end, CLASSES[(place + number) % 2]


def film(path: Path, number: int, fps: int = FPS) -> Path:
    """Writes a video that is dark where it shows the first class and bright where the second.

    Args:
        path: of the video.
        number: of the video, from 0.
        fps: frames a second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, SIZE[::-1])
    for start, end, label in intervals(number):
        level = 160 if label == CLASSES[1] else 60
        for _ in range(round(start * fps), round(end * fps)):
            writer.write(noise.integers(level, level + 40, (*SIZE, 3), dtype=np.uint8))
    writer.release()
    return path


def write_rows(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """Writes a table.

    Args:
        path: of the CSV file.
        rows: the header among them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def write_videos(folder: Path) -> None:
    """Writes ``videos/``, ``new-videos/`` and ``labels.csv``.

    Args:
        folder: that gets them.
    """
    for number, name in enumerate(names()):
        film(folder / "videos" / f"{name}.mp4", number)
    for number, take in enumerate(TAKES):
        name = f"P{PEOPLE + 1:02}_{take}.mp4"
        film(folder / "new-videos" / name, number + PEOPLE * len(TAKES))
    rows = [
        (name, *interval) for number, name in enumerate(names()) for interval in intervals(number)
    ]
    write_rows(folder / "labels.csv", [("sequence", "start", "end", "label"), *rows])


def write_project(folder: Path) -> None:
    """Writes ``mice.boris``, a project of BORIS that scores the videos.

    Args:
        folder: that has ``labels.csv`` and gets the project.
    """
    labels, out = folder / "labels.csv", folder / "mice.boris"
    run_labels(LabelsConfig((labels,), to="boris", out=out))


def write_poses(folder: Path) -> None:
    """Writes ``poses/`` and ``new-poses/``: tables of DeepLabCut of an animal that sits or runs.

    Args:
        folder: that gets them.
    """
    for number, name in enumerate(names()):
        write_pose(folder / "poses" / f"{name}DLC_resnet50_miceshuffle1_100000.csv", number)
    write_pose(folder / "new-poses" / f"P{PEOPLE + 1:02}_aDLC_resnet50_miceshuffle1_9.csv", 0)


def write_pose(path: Path, number: int, fps: int = 30) -> None:
    """Writes where nose and tail are in each frame; the nose is not always seen.

    Args:
        path: of the table.
        number: of the video, from 0.
        fps: frames a second.
    """
    noise = np.random.default_rng(number)
    points = ("nose", "nose", "nose", "tail", "tail", "tail")
    rows: list[tuple[object, ...]] = [
        ("scorer", *["net"] * 6),
        ("bodyparts", *points),
        ("coords", *["x", "y", "likelihood"] * 2),
    ]
    x = 0.0
    for start, end, label in intervals(number):
        for _ in range(round(start * fps), round(end * fps)):
            x += 4 if label == CLASSES[1] else 0
            nose, sure = x + 20 + noise.normal(), noise.choice((0.2, 0.99), p=(0.1, 0.9))
            rows.append((len(rows) - 3, nose, 50 + noise.normal(), sure, x, 50, 0.99))
    write_rows(path, rows)


def write_operations(folder: Path) -> None:
    """Writes ``cholec80/``: videos of 25 frames a second, and files of phases and of tools.

    Args:
        folder: that gets it.
    """
    phases = ("Preparation", "CalotTriangleDissection")
    tools = ("Grasper", "Bipolar", "Hook", "Scissors", "Clipper", "Irrigator", "SpecimenBag")
    for number in range(10):
        name = f"video{number + 1:02}"
        film(folder / "cholec80" / "videos" / f"{name}.mp4", number, 25)
        shown = [
            CLASSES.index(label)
            for start, end, label in intervals(number)
            for _ in range(round(start * 25), round(end * 25))
        ]
        frames = [f"{frame}\t{phases[what]}" for frame, what in enumerate(shown)]
        used = [(frame, 1, 0, what, 0, 0, 0, 0) for frame, what in enumerate(shown)][::25]
        rows = ["\t".join(map(str, row)) for row in used]
        root = folder / "cholec80"
        _write_lines(root / "phase_annotations" / f"{name}-phase.txt", "Frame\tPhase", frames)
        header = "\t".join(("Frame", *tools))
        _write_lines(root / "tool_annotations" / f"{name}-tool.txt", header, rows)


def _write_lines(path: Path, header: str, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")


def write_recordings(folder: Path) -> None:
    """Writes ``recordings/``, ``data/50salads/`` and ``output/i3d/``: features made elsewhere.

    Args:
        folder: that gets them.
    """
    for name in ("one", "two"):
        rows = [(40 * step, step / 10, "rest" if step < 20 else "move") for step in range(50)]
        header = ("timestamp", "speed", "phase")
        write_rows(folder / "recordings" / f"{name}.csv", [header, *rows])
    salads, output = folder / "data" / "50salads", folder / "output" / "i3d"
    for path in (salads / "features", salads / "groundTruth", salads / "splits", output):
        path.mkdir(parents=True)
    for name in ("one", "two"):
        np.save(salads / "features" / f"{name}.npy", np.ones((3, 45), "float32"))
        _write_lines(salads / "groundTruth" / f"{name}.txt", "cut", ["cut"] * 20 + ["serve"] * 24)
        for kind in ("rgb", "flow"):
            np.save(output / f"{name}_{kind}.npy", np.ones((12, 4), "float32"))
        np.save(output / f"{name}_timestamps_ms.npy", np.arange(12) * 640.0)
    _write_lines(salads / "mapping.txt", "0 cut", ["1 serve"])
    _write_lines(salads / "splits" / "train.split1.bundle", "one.txt", [])
    _write_lines(salads / "splits" / "test.split1.bundle", "two.txt", [])


def write_lines_a_frame(folder: Path) -> None:
    """Writes ``labels/``: a text file a video, a class name a frame.

    Args:
        folder: that gets it.
    """
    for number, name in enumerate(names()):
        shown = [
            label
            for start, end, label in intervals(number)
            for _ in range(round(start * FPS), round(end * FPS))
        ]
        _write_lines(folder / "labels" / f"{name}.txt", shown[0], shown[1:])
