"""What keeps lanes busy: sequences of very different lengths, side by side in a fixed batch.

python scripts/bench/lanes.py                about three minutes
python scripts/bench/lanes.py --rounds 1     to see that it works

Sides: lanes whose queues are dealt out evenly, as Longtake does; one queue from which all lanes
take in random order; and groups of B sequences, padded to the longest of each, as a padded batch
does. Lengths are drawn like those of operations: log-normal, from 12 minutes to 100 at one step a
second, 38 on average.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import noise
import numpy as np
import tyro
from measure import BUILD, Command, Facts, in_turn, machine, table, write

HERE = Path(__file__).parent
SEQUENCES, DIMENSION = 40, 256
SHORTEST, LONGEST = 720, 6_000
COLUMNS = ("", "real steps", "frames/s", "ratio", "batches")
SIDES = ("dealt", "one queue", "padded groups")


@dataclass(frozen=True)
class Options:
    """Measures lanes."""

    rounds: int = 5
    """How often each side runs; medians are reported."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the table and writes the JSON."""
    folder, about = BUILD / "lanes", machine()
    noise.make(folder, lengths(), DIMENSION)
    side = [sys.executable, HERE / "lanes_sides.py"]
    sides: dict[str, Command] = {name: [*side, name, folder] for name in SIDES}
    found = in_turn(sides, options.rounds)
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows(found)), sep="\n")
    path = write(
        "lanes.json",
        {"machine": about, "lengths": lengths(), "sides": found},
        {"sides": (COLUMNS, rows(found))},
    )
    print(f"written to {path}", file=sys.stderr)


def lengths() -> list[int]:
    """Steps of each sequence."""
    drawn = np.random.default_rng(0).lognormal(np.log(2_100), 0.45, SEQUENCES)
    return [int(steps) for steps in np.clip(drawn, SHORTEST, LONGEST)]


def rows(found: dict[str, Facts]) -> list[list[object]]:
    """Rows of the table."""
    first = found["dealt"]["frames_per_second"]
    return [
        [
            name,
            f"{100 * facts['utilisation']:.1f} %",
            facts["frames_per_second"],
            facts["frames_per_second"] / first,
            int(facts["batches"]),
        ]
        for name, facts in found.items()
    ]


if __name__ == "__main__":
    main(tyro.cli(Options))
