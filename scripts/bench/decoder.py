"""How fast raw answers are decoded, offline and as they come, and in how much memory.

python scripts/bench/decoder.py                about five minutes, on an idle machine
python scripts/bench/decoder.py --rounds 1     to see that it works

One sequence of made answers, a process for each side. Offline beside hmmlearn, which has the same
stages as states of a dense model, and holds all of a sequence in memory.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro
from measure import Command, Facts, in_turn, machine, table, write

SIDES = Path(__file__).parent / "decoder_sides.py"
OFFLINE = (
    ("longtake", 10, 1_000_000),
    ("longtake", 100, 1_000_000),
    ("hmmlearn", 10, 100_000),
)
"""Side, classes and steps."""
ONLINE = ((10, 0), (10, 20), (10, 120), (100, 20))
"""Classes, and the lag in steps."""
ONLINE_STEPS = 20_000
OFFLINE_COLUMNS = ("classes", "side", "steps", "steps/s", "steps/s of a core", "MB more")
ONLINE_COLUMNS = ("classes", "lag", "median ms", "95 % ms")


@dataclass(frozen=True)
class Options:
    """Measures the decoder."""

    rounds: int = 3
    """How often each side runs; medians are reported."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the tables and writes the JSON."""
    offline: dict[str, Command] = {
        f"{side} {classes}": [sys.executable, SIDES, side, str(classes), str(steps)]
        for side, classes, steps in OFFLINE
    }
    online: dict[str, Command] = {
        f"{classes} {lag}": [
            *(sys.executable, SIDES, "online"),
            *map(str, (classes, ONLINE_STEPS, lag)),
        ]
        for classes, lag in ONLINE
    }
    about, found = machine(), in_turn(offline | online, options.rounds)
    tables = {
        "offline": (OFFLINE_COLUMNS, offline_rows(found)),
        "online": (ONLINE_COLUMNS, online_rows(found)),
    }
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    for columns, rows in tables.values():
        print("", table(columns, rows), sep="\n")
    path = write("decoder.json", {"machine": about, "found": found}, tables)
    print(f"written to {path}", file=sys.stderr)


def offline_rows(found: dict[str, Facts]) -> list[list[object]]:
    """Rows of the first table."""
    return [
        [
            str(classes),
            side,
            f"{steps:,}",
            steps / found[f"{side} {classes}"]["wall"],
            steps / found[f"{side} {classes}"]["cpu"],
            found[f"{side} {classes}"]["more_mb"],
        ]
        for side, classes, steps in OFFLINE
    ]


def online_rows(found: dict[str, Facts]) -> list[list[object]]:
    """Rows of the second table."""
    return [
        [
            str(classes),
            lag,
            round(found[f"{classes} {lag}"]["median_ms"], 4),
            round(found[f"{classes} {lag}"]["p95_ms"], 4),
        ]
        for classes, lag in ONLINE
    ]


if __name__ == "__main__":
    main(tyro.cli(Options))
