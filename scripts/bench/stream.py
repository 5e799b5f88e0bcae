"""How long one step takes to be answered, as a live stream asks it, beside others.

python scripts/bench/stream.py                about five minutes, on an idle machine
python scripts/bench/stream.py --rounds 1     to see that it works

The model alone, an LSTM and a layer of 7 classes on one step of one sequence: Longtake's follower;
Keras' stateful layer, called and by ``predict``; PyTorch's ``nn.LSTM`` without gradients. Then the
whole way of a frame, decoded before: resized, described by EfficientNet-Lite0, answered, written.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import noise
import tyro
from measure import BUILD, Command, Facts, in_turn, machine, table, torch_environment, write

HERE = Path(__file__).parent
SHAPES = ((1280, 256), (1024, 512), (512, 64))
"""Features and units."""
STEPS = 500
COLUMNS = ("F, units", "side", "median ms", "95 % ms", "x")
WAY_COLUMNS = ("part of the way", "median ms", "95 % ms")
SIDES = ("longtake", "keras call", "keras predict")


@dataclass(frozen=True)
class Options:
    """Measures the latency of one step."""

    rounds: int = 5
    """How often each side runs; medians are reported."""
    torch_python: Path | None = None
    """Interpreter with PyTorch, NumPy and h5py; without it, an environment is made."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the tables and writes the JSON."""
    about, found = machine(), {}
    for shape in SHAPES:
        found[", ".join(map(str, shape))] = in_turn(sides(shape, options), options.rounds)
    way: dict[str, Command] = {"way": [sys.executable, HERE / "stream_sides.py", "way", *_way()]}
    whole = in_turn(way, options.rounds)["way"]
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows(found)), sep="\n")
    print("", table(WAY_COLUMNS, way_rows(whole)), sep="\n")
    path = write(
        "stream.json",
        {"machine": about, "shapes": found, "way": whole},
        {"shapes": (COLUMNS, rows(found)), "way": (WAY_COLUMNS, way_rows(whole))},
    )
    print(f"written to {path}", file=sys.stderr)


def sides(shape: tuple[int, int], options: Options) -> dict[str, Command]:
    """The commands of all sides for one shape, whose store is made first."""
    dimension, units = shape
    folder = BUILD / "stream" / f"{dimension}-{units}"
    noise.make(folder, [64, 64], dimension)
    arguments = [str(folder), str(dimension), str(units), str(STEPS)]
    python = options.torch_python or torch_environment()
    ours = {side: [sys.executable, HERE / "stream_sides.py", side, *arguments] for side in SIDES}
    return {**ours, "torch": [python, HERE / "torch_step.py", *arguments[1:]]}


def rows(found: dict[str, dict[str, Facts]]) -> list[list[object]]:
    """Rows of the first table."""
    return [
        [
            name,
            side,
            facts["median_ms"],
            facts["p95_ms"],
            facts["median_ms"] / of_shape["longtake"]["median_ms"],
        ]
        for name, of_shape in found.items()
        for side, facts in of_shape.items()
    ]


def way_rows(whole: Facts) -> list[list[object]]:
    """Rows of the second table."""
    parts = ("resize", "describe", "answer", "write", "whole")
    return [[part, whole[f"{part}_median_ms"], whole[f"{part}_p95_ms"]] for part in parts]


def _way() -> list[str]:
    folder = BUILD / "stream" / "1280-256"
    return [str(folder), "1280", "256", "200"]


if __name__ == "__main__":
    main(tyro.cli(Options))
