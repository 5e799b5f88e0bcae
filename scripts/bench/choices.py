"""What carrying, resetting and whole gradients give, and what they cost.

python scripts/bench/choices.py                      about half an hour on two cores
python scripts/bench/choices.py --gesture FOLDER     with the UCI Gesture Phase data, its processed/
"""

import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import choices_sides
import tyro
from measure import BUILD, Facts, Table, machine, run, table, write

from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.importing.command import run as run_import
from preprocessing.importing.options import ImportConfig
from trainer.demo.videos import make_samples

HERE = Path(__file__).parent
FOLDER = BUILD / "choices"
HELD_OUT = ("c1_va3", "c3_va3")
VIDEOS, SECONDS = 32, 60.0
COLUMNS = ("", "accuracy", "from", "to", "epochs", "seconds", "frames/s", "peak MB")


@dataclass(frozen=True)
class Options:
    """Trains each task in each way."""

    gesture: Path | None = None
    """Folder of the UCI Gesture Phase Segmentation data, with processed/*.csv."""
    seeds: int = 3
    """How many trainings of each kind."""
    tasks: tuple[str, ...] = ("demo", "gesture", "distant", "cost")
    """Which tasks."""


def main(options: Options) -> None:
    """Prepares the tasks, trains, prints the tables and writes the JSON."""
    found: dict[str, dict[str, list[Facts]]] = {}
    for task in options.tasks:
        if task == "gesture" and not options.gesture:
            print("gesture is left out: give --gesture FOLDER", file=sys.stderr)
            continue
        _prepare(task, options)
        found[task] = {choice: [] for choice in _choices(task)}
        for seed in range(
            options.seeds
        ):  # One of each, then again, so that all see the same noise.
            for choice, results in found[task].items():
                print(f"{task}, {choice}, seed {seed}", file=sys.stderr)
                results.append(_trained(task, choice, seed))
    about = machine()
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    tables = {task: _table(choices) for task, choices in found.items()}
    for task, made in tables.items():
        print("", task, "", table(*made), sep="\n")
    write("choices.json", {"machine": about, "tasks": found}, tables)


def _table(choices: dict[str, list[Facts]]) -> Table:
    """Columns and rows of a task, without the columns that have no figure."""
    rows = [_row(choice, results) for choice, results in choices.items()]
    kept = [n for n in range(len(COLUMNS)) if any(row[n] is not None for row in rows)]
    return [COLUMNS[n] for n in kept], [[row[n] for n in kept] for row in rows]


def _choices(task: str) -> list[str]:
    return [
        name for name in choices_sides.CHOICES if task in ("demo", "gesture") or name != "reset"
    ]


def _trained(task: str, choice: str, seed: int) -> Facts:
    side = HERE / "choices_sides.py"
    return run([sys.executable, side, task, choice, str(seed), FOLDER])


def _prepare(task: str, options: Options) -> None:
    folder = FOLDER / task
    if (folder / "whole").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if task == "demo":
        samples = make_samples(folder, VIDEOS, SECONDS, seed=0)
        extract(ExtractConfig((samples.videos,), folder / "store"))
    elif task == "gesture":
        assert options.gesture
        _gesture(options.gesture, folder)
    else:
        getattr(choices_sides, task)(folder)
    (folder / "whole").touch()


def _gesture(source: Path, folder: Path) -> None:
    """Imports the recordings; two are held out, and there is no validation."""
    run_import(
        ImportConfig(
            (source / "processed",),
            folder / "store",
            fps=30.0,
            label_column="Phase",
            labels_out=folder / "labels.csv",
            dtype="float32",
        )
    )
    names = sorted(path.stem for path in (source / "processed").glob("*.csv"))
    parts = {"train": [n for n in names if n not in HELD_OUT], "test": list(HELD_OUT)}
    (folder / "splits.json").write_text(json.dumps(parts))


def _row(choice: str, results: list[Facts]) -> list[object]:
    def middle(name: str) -> float:
        return statistics.median(facts[name] for facts in results)

    accuracies = [facts["accuracy"] for facts in results if "accuracy" in facts]
    shares = [f"{100 * share:.1f} %" for share in (accuracies and _spread(accuracies))]
    figures = [middle("wall"), middle("frames_per_second"), middle("peak_mb")]
    return [choice, *(shares or [None] * 3), middle("epochs"), *figures]


def _spread(values: list[float]) -> tuple[float, float, float]:
    return statistics.mean(values), min(values), max(values)


if __name__ == "__main__":
    main(tyro.cli(Options))
