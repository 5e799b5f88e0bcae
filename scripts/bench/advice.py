"""Trains with the options that one tries first, and tests on people who were not trained on.

python scripts/bench/advice.py --suturing FOLDER     with the VTS data, its features/ and labels/
"""

import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from measure import BUILD, Facts, Table, machine, run, table, write

from preprocessing.importing.command import run as run_import
from preprocessing.importing.options import ImportConfig

FOLDER = BUILD / "advice"
# The person who did it stands in the name of each recording.
PERSON = r"^(P\d+)_"
CHOICES: dict[str, tuple[str, ...]] = {
    "defaults": (),
    "normalize none": ("--normalize", "none"),
    "normalize running": ("--normalize", "running"),
    "lanes 2": ("--lanes", "2"),
    "chunk-length 16": ("--chunk-length", "16"),
    "chunk-length 256": ("--chunk-length", "256"),
    "gradient full": ("--gradient", "full"),
    "dropout 0.5": ("--dropout", "0.5"),
    "weight-decay 0.01": ("--weight-decay", "0.01"),
    "weight-decay 1": ("--weight-decay", "1"),
    "class-weights balanced": ("--class-weights", "balanced"),
    "running, dropout 0.5": ("--normalize", "running", "--dropout", "0.5"),
    "running, chunk-length 16": ("--normalize", "running", "--chunk-length", "16"),
}
FIGURES = ("f1", "accuracy", "edit")


@dataclass(frozen=True)
class Options:
    """Trains with each option alone, on several divisions of the people."""

    suturing: Path
    """Folder of the VTS data, with features/*.npy and labels/*.txt."""
    seeds: int = 3
    """The number of divisions of the people, each with a seed of its own."""
    only: tuple[str, ...] = ()
    """Options to try beside the defaults; by default all."""


def main(options: Options) -> None:
    """Imports, trains, prints the table and writes the JSON."""
    _prepare(options.suturing)
    found = {"suturing": _table(options)}
    print(table(*found["suturing"]))
    write("advice.json", {"machine": machine()}, found)


def _prepare(source: Path) -> None:
    if (FOLDER / "whole").exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    run_import(ImportConfig((source / "features",), FOLDER / "store", fps=5.0, dtype="float32"))
    shutil.copytree(source / "labels", FOLDER / "labels")
    (FOLDER / "whole").touch()


def _table(options: Options) -> Table:
    """Columns and rows: figures of each option, and what it gains on each division."""
    found: dict[str, list[Facts]] = {}
    names = [name for name in CHOICES if not options.only or name in ("defaults", *options.only)]
    for seed in range(options.seeds):  # One of each, then again, so that all see the same noise.
        for name in names:
            facts = _trained(name, seed)
            print(f"{name}, seed {seed}: {json.dumps(facts)}", file=sys.stderr, flush=True)
            found.setdefault(name, []).append(facts)
    figures = [name.upper()[:1] + name[1:] for name in FIGURES]
    columns = ("", *figures, "F1 gained", "from", "to", "late", "epochs", "seconds")
    return columns, [_row(name, found[name], found["defaults"]) for name in names]


def _trained(name: str, seed: int) -> Facts:
    """Trains with one option and evaluates on the people held out."""
    path = FOLDER / "runs" / f"{name.replace(' ', '-')}-{seed}"
    shutil.rmtree(path, ignore_errors=True)
    data = ("--store", FOLDER / "store", "--labels", FOLDER / "labels", "--label-fps", "5")
    people = ("--group-by", PERSON, "--split-seed", str(seed), "--seed", str(seed))
    longtake = (sys.executable, "-m", "trainer")
    train = (*longtake, "train", *data, *people, "--run", path, "--no-tensorboard", *CHOICES[name])
    spent = run(train)
    run((*longtake, "evaluate", path, "--bootstrap", "0"))
    metrics = json.loads((path / "evaluation" / "test" / "metrics.json").read_text())
    epochs = len((path / "history.csv").read_text().splitlines()) - 1
    shutil.rmtree(path)
    figures = {figure: metrics[figure] for figure in FIGURES}
    return {**figures, "late": metrics["delay"]["late"], "epochs": epochs, "wall": spent["wall"]}


def _row(name: str, found: Sequence[Facts], usual: Sequence[Facts]) -> list[object]:
    def mean(figure: str) -> float:
        return statistics.mean(facts[figure] for facts in found)

    gains = [one["f1"] - other["f1"] for one, other in zip(found, usual, strict=True)]
    shown = [None] * 3 if name == "defaults" else [statistics.mean(gains), min(gains), max(gains)]
    gained = [None if gain is None else f"{gain:+.3f}" for gain in shown]
    figures = [f"{mean(figure):.3f}" for figure in FIGURES]
    return [name, *figures, *gained, f"{mean('late'):.3f}", f"{mean('epochs'):.0f}", mean("wall")]


if __name__ == "__main__":
    main(tyro.cli(Options))
