"""How fast a recurrent model is trained, from the store to the updated weights, beside others.

python scripts/bench/train.py                 about a quarter of an hour, on an idle machine
python scripts/bench/train.py --rounds 1      to see that it works

All sides train the same model, an LSTM and a layer of 7 classes, by Adam, on one float16 store,
chunk by chunk with the state carried on: Longtake by ``trainer.train``; PyTorch by ``nn.LSTM``, a
detached state and a ``DataLoader``; Keras by ``LSTM(stateful=True)`` and ``fit``.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import noise
import train_plot
import tyro
from measure import BUILD, Command, Facts, in_turn, machine, table, torch_environment, write

HERE = Path(__file__).parent
SHAPES = {
    (8, 64, 1280, 256): 80,
    (16, 128, 1024, 512): 16,
    (4, 32, 512, 64): 1600,
    (32, 64, 1280, 128): 50,
}
"""Lanes, chunk length, features and units, and chunks a lane in an epoch."""
WORKERS = (0, 1, 2)
COLUMNS = ("B, T, F, units", "side", "frames/s", "x", "of products", "waiting", "start s")


@dataclass(frozen=True)
class Options:
    """Measures training."""

    rounds: int = 5
    """How often each side runs; medians are reported."""
    epochs: int = 3
    """Of each run; the first is left out."""
    torch_python: Path | None = None
    """Interpreter with PyTorch, NumPy and h5py; without it, an environment is made."""
    picture: Path | None = None
    """PNG file to draw the table in."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the table and writes the JSON."""
    about, results = machine(), {}
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n", file=sys.stderr)
    for shape in SHAPES:
        results[name_of(shape)] = in_turn(sides(shape, options), options.rounds)
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows(results)), sep="\n")
    print(
        "",
        "x: how many times as fast Longtake is.",
        "of products: operations of the model's matrix products, as a share of what the fastest",
        "product of this machine (TensorFlow's, of two 2,048 x 2,048 matrices) does in that time.",
        "waiting: share of the time in which nothing was computed because no data were there.",
        "start: seconds from the start of the process to the first updated weights.",
        sep="\n",
    )
    path = write(
        "train.json",
        {"machine": about, "shapes": results},
        {"shapes": (COLUMNS, rows(results))},
    )
    print(f"written to {path}", file=sys.stderr)
    if options.picture:
        train_plot.draw(results, options.picture)


def name_of(shape: tuple[int, ...]) -> str:
    """As in the table."""
    return ", ".join(map(str, shape))


def sides(shape: tuple[int, ...], options: Options) -> dict[str, Command]:
    """The commands of all sides for one shape, whose store is made first."""
    lanes, length, dimension, _ = shape
    folder = BUILD / "train" / "-".join(map(str, shape))
    noise.make(folder, [SHAPES[shape] * length] * lanes, dimension)
    arguments = [str(folder), *map(str, shape), str(options.epochs)]
    python = options.torch_python or torch_environment()
    side = [sys.executable, HERE / "train_sides.py"]
    found: dict[str, Command] = {"longtake": [*side, "longtake", *arguments]}
    for workers in WORKERS:
        script = [python, HERE / "torch_lstm.py", *arguments, str(workers)]
        found[f"pytorch, {workers} workers"] = script
    found["keras fit"] = [*side, "keras", *arguments]
    found["products"] = [*side, "products", *arguments]
    return found


def rows(results: dict[str, dict[str, Facts]]) -> list[list[object]]:
    """Rows of the table."""
    found: list[list[object]] = []
    for shape, facts in results.items():
        dimension, units = map(int, shape.split(", ")[2:])
        fastest = facts["products"]["operations_per_second"]
        for side, fact in facts.items():
            if side == "products":
                continue
            rate = fact["frames_per_second"]
            share = 100 * rate * operations(dimension, units) / fastest
            waiting = fact.get("waiting")
            found.append(
                [
                    shape if side == "longtake" else "",
                    side,
                    rate,
                    facts["longtake"]["frames_per_second"] / rate,
                    f"{share:.0f} %",
                    None if waiting is None else f"{100 * waiting:.1f} %",
                    fact["start"],
                ]
            )
    return found


def operations(dimension: int, units: int) -> int:
    """Additions and multiplications a frame in the matrix products of an LSTM's training.

    Forward: inputs and state by their kernels. Back: the gradients of both kernels and that of the
    state; that of the inputs is not needed.
    """
    gates = 4 * units
    return 2 * gates * (2 * dimension + 3 * units)


if __name__ == "__main__":
    main(tyro.cli(Options))
