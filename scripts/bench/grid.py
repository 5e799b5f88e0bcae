"""Measures what it is worth to train the backbone, too: kinds of words in GRID, by the face.

python scripts/bench/grid.py --grid FOLDER            one seed, about an hour on one core
python scripts/bench/grid.py --grid FOLDER --seeds 3
python scripts/bench/grid.py --show                   the table of what has been made so far

Frames of 112 x 112, 12.5 a second. talk18 to talk23 are held out; of the others three are the
validation split, by which epochs, and what ``ROWS`` has, were chosen. A model of features of
EfficientNet-Lite0 as it is (``frozen``) is trained first; the others go on with it, and train a
part of the network, too. It may be stopped at any time, and the same command goes on: runs and
results are kept under build/bench/grid, and what is there is not made again.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from measure import BUILD, ROOT, machine, table, write

FOLDER = BUILD / "grid"
FPS, SIDE = "12.5", 112
VALIDATED = ("talk05", "talk11", "talk17")
FEATURES = ("--epochs", "60", "--patience", "15")
FLOATS = ("--dtype", "float32")
TOGETHER = ("--lanes", "5", "--chunk-length", "32", "--schedule", "cosine")
THIRD = ("--trainable-from", "0.67", "--backbone-rate", "1e-5")
ROWS: dict[str, tuple[int, Sequence[str]]] = {
    "frozen": (0, ()),
    "last stage": (90, ("--trainable-from", "block15", "--backbone-rate", "2e-5")),
    "two thirds": (90, THIRD),
    "two thirds, JPEG 98": (98, THIRD),
}
"""Quality of the frames, and what is trained of the backbone: behind two thirds of its layers."""
BOTH = ("--learning-rate", "2e-4", "--warmup", "24", "--augment", "colour")
COLUMNS = ("trained", "seed", "frames right", "by videos", "edit", "validation", "min", "peak MB")


@dataclass(frozen=True)
class Options:
    """Trains with and without the backbone."""

    grid: Path | None = None
    """Folder with videos/*.mp4 and labels.csv."""
    seeds: int = 1
    """The number of seeds, from 0."""
    epochs: int = 8
    """Passes over the training videos, of the backbone with the model."""
    show: bool = False
    """Make the table of what is there, and nothing else."""


def main(options: Options) -> None:
    """Makes what is not there yet, prints the table and writes the JSON."""
    if not options.show:
        if options.grid is None:
            raise SystemExit("give --grid FOLDER, with videos/*.mp4 and labels.csv")
        _prepare(options.grid)
        for seed in range(options.seeds):
            for row in ROWS:
                _make(row, seed, options)
    results = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*/result.json"))]
    order = list(ROWS)
    results.sort(key=lambda found: (order.index(found["trained"]), found["seed"]))
    shares = ("frames right", "by videos", "edit", "validation")
    rows = [
        [f"{100 * found[name]:.1f}" if name in shares else found[name] for name in COLUMNS]
        for found in results
    ]
    print(table(COLUMNS, rows))
    facts = {"machine": machine(), "results": results}
    print(f"written to {write('grid.json', facts, {'rows': (COLUMNS, rows)})}", file=sys.stderr)


def _prepare(grid: Path) -> None:
    """Makes stores of frames and of features, the network at their size, labels and splits."""
    data = FOLDER / "data"
    if (data / "whole").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    (data / "labels.csv").write_bytes((grid / "labels.csv").read_bytes())
    (data / "videos").unlink(missing_ok=True)
    (data / "videos").symlink_to((grid / "videos").resolve())
    known = [f"talk{number:02d}" for number in range(24)]
    trained = [name for name in known[:18] if name not in VALIDATED]
    splits = {"train": trained, "validation": VALIDATED, "test": known[18:]}
    (data / "splits.json").write_text(json.dumps(splits))
    code = (
        "import sys; from preprocessing.backbones import load_backbone; "
        f"load_backbone('efficientnet-lite0').parts[0].network(({SIDE}, {SIDE})).save(sys.argv[1])"
    )
    _run([sys.executable, "-c", code, data / "begun.keras"])
    _extract(data / "features", data / "begun.keras", *FLOATS)
    (data / "whole").touch()


def _make(row: str, seed: int, options: Options) -> None:
    """Trains and measures one row with one seed, unless that is done."""
    folder = FOLDER / f"{row.replace(',', '').replace(' ', '-')}-{seed}"
    if (folder / "result.json").exists():
        return
    data, run = FOLDER / "data", folder / "run"
    given = ["--labels", data / "labels.csv", "--splits", data / "splits.json", "--seed", seed]
    quality, part = ROWS[row]
    if row == "frozen":
        how: list[Any] = ["--store", data / "features", *FEATURES]
    else:
        begun = FOLDER / f"frozen-{seed}" / "run"
        frames = data / f"frames-{quality}"
        _extract(frames, f"frames:{SIDE}", "--quality", str(quality))
        how = ["--store", frames, "--continue-from", begun, "--epochs", options.epochs]
        how += ["--finetune", data / "begun.keras", *part, *BOTH, *TOGETHER]
    folder.mkdir(parents=True, exist_ok=True)
    peak = _longtake("train", "--run", run, *given, *how)
    found = _measured(run)
    by_videos = found["accuracy"]
    if row != "frozen":
        _extract(folder / "features", run / "backbone.keras", *FLOATS)
        by_videos = _measured(run, "--store", folder / "features")["accuracy"]
        _measured(run)
    with (run / "history.csv").open() as file:
        epochs = list(csv.DictReader(file))
    best = min(epochs, key=lambda epoch: float(epoch["val_loss"]))
    values = (
        *(row, seed, found["accuracy"], by_videos, found["edit"], float(best["val_accuracy"])),
        *(sum(float(epoch["seconds"]) for epoch in epochs) / 60, round(peak)),
    )
    result = dict(zip(COLUMNS, values, strict=True))
    (folder / "result.json").write_text(json.dumps(result))


def _measured(run: Path, *more: str | Path) -> dict[str, Any]:
    """Evaluates the held-out sequences."""
    _longtake("evaluate", run, *more)
    metrics: dict[str, Any] = json.loads((run / "evaluation/test/metrics.json").read_text())
    return metrics


def _extract(store: Path, backbone: str | Path, *more: str) -> None:
    """Makes a store of all videos, as far as it is not there."""
    told = ("--store", store, "--backbone", backbone, "--fps", FPS, *more)
    _longtake("extract", FOLDER / "data" / "videos", *told)


def _longtake(*told: object) -> float:
    package = "preprocessing" if told[0] == "extract" else "trainer"
    return _run([sys.executable, "-m", package, *map(str, told)])


def _run(command: Sequence[str | Path]) -> float:
    """Runs a command to its end.

    Returns:
        Its largest resident memory in MB; this process is small, so it is not that.

    Raises:
        SystemExit: it failed.
    """
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    running = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths})
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {running.returncode}")
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main(tyro.cli(Options))
