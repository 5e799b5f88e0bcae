"""Measures how fast a backbone is trained with its model, and in what memory, beside PyTorch.

python scripts/bench/finetune.py                 about a quarter of an hour on one core
python scripts/bench/finetune.py --rounds 1      to see that it works

All sides train the same EfficientNetB0, from random weights, with its batch normalisation frozen,
and an LSTM and a layer of 7 classes on its features, by Adam, all weights of both; chunk by chunk
with the state carried on, from the same JPEG frames of 112 x 112. Longtake by ``trainer.train``;
PyTorch (the network of efficientnet-pytorch) in one pass, and in groups of as many frames under
``torch.utils.checkpoint``, which keeps nothing within a group and computes it again on the way
back, as Longtake does.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import noise_frames
import tyro
from measure import BUILD, Command, Facts, in_turn, machine, table, torch_environment, write

HERE = Path(__file__).parent
LANES, UNITS, AT_ONCE, EPOCHS = 4, 128, 32, 2
NETWORK = ("efficientnet-pytorch==0.7.1", "opencv-python-headless")
UPDATES = {16: 6, 64: 2, 256: 1}
"""Updates of an epoch for each chunk length."""
LONGEST_WHOLE = 64
"""Steps of the longest chunk whose frames pass at once; more do not fit into memory."""
COLUMNS = ("B, T", "side", "frames/s", "x", "peak MB", "to T = 16")


@dataclass(frozen=True)
class Options:
    """Measures training of a backbone."""

    rounds: int = 3
    """How often each side runs; medians are reported."""
    torch_python: Path | None = None
    """Interpreter with PyTorch, h5py and ``NETWORK``; without it, an environment is made."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the table and writes the JSON."""
    about, results = machine(), {}
    for length in UPDATES:
        results[length] = in_turn(_sides(length, options), options.rounds)
    found = _rows(results)
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, found), sep="\n")
    print(
        "",
        "x: how many times as fast Longtake is.",
        "peak: of resident memory of the process; to T = 16: how much more than with that chunk.",
        sep="\n",
    )
    facts = {"machine": about, "lengths": results}
    path = write("finetune.json", facts, {"lengths": (COLUMNS, found)})
    print(f"written to {path}", file=sys.stderr)


def _sides(length: int, options: Options) -> dict[str, Command]:
    """Returns the commands of all sides for one chunk length, whose store is made first."""
    folder = BUILD / "finetune" / str(length)
    noise_frames.make(folder, LANES, length * UPDATES[length])
    arguments: list[str | Path] = [folder, *map(str, (LANES, length, UNITS, AT_ONCE, EPOCHS))]
    python = options.torch_python or torch_environment(NETWORK)
    torch: list[str | Path] = [python, HERE / "torch_finetune.py", *arguments]
    found: dict[str, Command] = {
        "longtake": [sys.executable, HERE / "finetune_side.py", *arguments],
        "pytorch, checkpoint": torch,
    }
    if length <= LONGEST_WHOLE:
        found["pytorch, one pass"] = [*torch, "whole"]
    return found


def _rows(results: dict[int, dict[str, Facts]]) -> list[list[object]]:
    shortest = results[min(results)]
    return [
        [
            f"{LANES}, {length}" if side == "longtake" else "",
            side,
            fact["frames_per_second"],
            sides["longtake"]["frames_per_second"] / fact["frames_per_second"],
            round(fact["peak_mb"]),
            f"{100 * (fact['peak_mb'] / shortest[side]['peak_mb'] - 1):+.0f} %",
        ]
        for length, sides in results.items()
        for side, fact in sides.items()
    ]


if __name__ == "__main__":
    main(tyro.cli(Options))
