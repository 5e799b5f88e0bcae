"""How much memory a sequence takes, from a thousand to a million steps.

python scripts/bench/memory.py                   about ten minutes
python scripts/bench/memory.py --steps 1000      to see that it works

Sides: training in chunks, evaluation, and training on the sequence as one chunk, which
is what it means to load whole sequences.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import memory_plot
import noise
import tyro
from measure import BUILD, Facts, machine, medians, run, table, write

HERE = Path(__file__).parent
DIMENSION = 64
COLUMNS = ("steps", "train MB", "growth", "evaluate MB", "growth", "whole MB", "growth")


@dataclass(frozen=True)
class Options:
    """Measures peak memory."""

    steps: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    """Lengths of the sequence."""
    rounds: int = 3
    """How often each side runs; medians are reported."""
    whole_steps: int = 1_000_000
    """The longest to train on as one chunk."""
    picture: Path | None = None
    """PNG file to draw the table in."""


def main(options: Options) -> None:
    """Runs every side for every length, prints the table and writes the JSON."""
    about, found = machine(), dict[str, Facts]()
    for steps in options.steps:
        folder = BUILD / "memory" / str(steps)
        noise.make(folder, [steps], DIMENSION)
        sides = ["train", "evaluate"] + ["whole"] * (steps <= options.whole_steps)
        peaks = [{side: _peak(side, folder) for side in sides} for _ in range(options.rounds)]
        found[str(steps)] = medians(peaks)
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows(found)), sep="\n")
    path = write(
        "memory.json", {"machine": about, "peaks_mb": found}, {"peaks": (COLUMNS, rows(found))}
    )
    print(f"written to {path}", file=sys.stderr)
    if options.picture:
        memory_plot.draw(found, options.picture)


def _peak(side: str, folder: Path) -> float:
    print(f"{folder.name} steps: {side}", file=sys.stderr)
    if side != "evaluate":
        shutil.rmtree(folder / "run", ignore_errors=True)
    peak: float = run([sys.executable, HERE / "memory_sides.py", side, folder])["peak_mb"]
    if side == "whole":
        shutil.rmtree(folder / "run", ignore_errors=True)
    return peak


def rows(found: dict[str, Facts]) -> list[list[object]]:
    """Rows of the table: peaks, and how much more they are than for the shortest sequence."""
    first = next(iter(found.values()))
    rows: list[list[object]] = []
    for steps, peaks in found.items():
        row: list[object] = [f"{int(steps):,}"]
        for side in ("train", "evaluate", "whole"):
            peak = peaks.get(side)
            row += [None, None] if peak is None else [peak, peak - first[side]]
        rows.append(row)
    return rows


if __name__ == "__main__":
    main(tyro.cli(Options))
