#!/usr/bin/env python
"""Opens labels written for annotation tools by code of the tools, and compares what they find.

    python scripts/check_annotation_tools.py --boris PYTHON --label-studio PYTHON

The interpreters given need ``boris-behav-obs`` and ``label-studio-sdk``, each in an environment of
its own: neither is a dependency (BORIS is under the GPL). pympi, of the extra ``dev``, opens ELAN's
files. Made-up labels of two videos go through ``longtake labels --to``; what the tools find in the
files must be these labels, to a millisecond or a frame.
"""

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from pathlib import Path

FPS = 25
CLASSES = ("walk", "stand still", "épée <&>", "x|y")
Rows = list[tuple[str, float, float, str]]
OPENERS = Path(__file__).parent / "tools"


def main() -> int:
    """Checks each tool of which there is an environment; returns 1 if one finds anything else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boris", type=Path, help="python of an environment with boris-behav-obs")
    parser.add_argument("--label-studio", type=Path, help="python of one with label-studio-sdk")
    config = parser.parse_args()
    rows, faults = made_up(), 0
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "labels.csv"
        with labels.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("sequence", "start", "end", "label"), *rows])
        found = {"ELAN by pympi": in_elan(written(labels, "elan", "elan"))}
        if config.boris:
            project = written(labels, "boris", "p.boris")
            found["BORIS"] = opened(config.boris, "open_in_boris.py", project, 1.0)
        if config.label_studio:
            tasks = written(labels, "label-studio", "tasks")
            found["Label Studio"] = opened(
                config.label_studio, "open_in_label_studio.py", tasks, FPS
            )
    for tool, those in found.items():
        same = sorted(map(_rounded, those)) == sorted(map(_rounded, rows))
        faults += not same
        print(f"{tool}: {len(those)} of {len(rows)} labels, {'the same' if same else 'OTHERS'}")
    return int(faults > 0)


def made_up() -> Rows:
    """Returns labels on frames, apart within each class, overlapping between classes."""
    draw, rows = random.Random(3), []
    for video in ("a", "b"):
        for label in CLASSES:
            frame = draw.randrange(50)
            for _ in range(40):
                end = frame + draw.randrange(1, 200)
                rows.append((video, frame / FPS, end / FPS, label))
                frame = end + draw.randrange(1, 100)
    return rows


def written(labels: Path, name: str, out: str) -> Path:
    """Writes labels in a format; returns the file or the folder."""
    path = labels.with_name(out)
    command = ("-m", "preprocessing", "labels", labels, "--to", name, "--out", path)
    subprocess.run([sys.executable, *command, "--label-fps", str(FPS)], check=True)
    return path


def opened(python: Path, script: str, path: Path, unit: float) -> Rows:
    """Returns what a tool finds in a file: (video, start, end, class), in seconds."""
    run = subprocess.run(
        [python, OPENERS / script, path],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    cells = list(csv.reader(run.stdout.splitlines(), dialect="excel-tab"))
    first = 1 if unit == FPS else 0
    return [
        (video, (float(start) - first) / unit, float(end) / unit, label)
        for video, start, end, label in cells
    ]


def in_elan(folder: Path) -> Rows:
    """Returns what pympi finds in ELAN's files."""
    from pympi import Elan

    rows = []
    for path in sorted(folder.glob("*.eaf")):
        document = Elan.Eaf(path)
        for tier in document.get_tier_names():
            for start, end, label in document.get_annotation_data_for_tier(tier):
                rows.append((path.stem, start / 1000, end / 1000, label))
    return rows


def _rounded(row: tuple[str, float, float, str]) -> tuple[str, int, int, str]:
    return row[0], round(row[1] * 1000), round(row[2] * 1000), row[3]


if __name__ == "__main__":
    raise SystemExit(main())
