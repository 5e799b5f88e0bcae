"""A year of video on paper: what an epoch takes by the number of replicas, and what ends that.

python scripts/bench/scale.py               about ten minutes
python scripts/bench/scale.py --rounds 1    to see that it works

Measured: steps of one process and of two replicas over the loopback interface, a core each, and how
long a process takes to fill a batch by the lanes of all. Computed from that, by ``scale_model``:
10,000 hours at four steps a second. Lanes are filled by the planner that training uses.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tyro
from measure import Command, Facts, Table, in_turn, machine, run, table, write
from scale_model import FPS, Epoch, Network, Replica, lengths, widest
from scale_sides import DIMENSION, LENGTH, SEQUENCES

from trainer.config import TrainConfig
from trainer.plan.epochs import updates_an_epoch
from trainer.plan.windows import Windows

SIDE = (sys.executable, Path(__file__).with_name("scale_sides.py"))
HOURS, MEDIANS = 10_000, (1.0, 8.0)
REPLICA_LANES, BOTH_CORES = (8, 32), (8, 16, 32, 64)
READ_LANES = (64, SEQUENCES)
REPLICAS = (1, 2, 4, 8, 16, 32, 64, 128)
LANES = (8, 64, 256, 512, 1024, 2048, 4096)
GIGABITS = (1, 10, 100)


@dataclass(frozen=True)
class Options:
    """Measures steps and reading, and computes what a year of video would take."""

    rounds: int = 3
    """How often each side runs; medians are reported."""
    measured: Path | None = None
    """JSON of an earlier run, to compute from that instead of measuring."""


def main(options: Options) -> None:
    """Measures, prints the tables and writes the JSON."""
    if options.measured:
        results = json.loads(options.measured.read_text())
    else:
        with tempfile.TemporaryDirectory() as folder:
            store = run([*SIDE, "make", folder])
            about, sides = machine(), in_turn(commands(folder), options.rounds)
        results = {"machine": about, "store": store, "sides": sides}
    print(*(f"{name}: {value}" for name, value in results["machine"].items()), sep="\n")
    made = tables(results["store"], results["sides"])
    for title, (columns, rows) in made.items():
        print(f"\n{title}", table(columns, rows), sep="\n\n")
    print(f"written to {write('scale.json', results, made)}", file=sys.stderr)


def commands(folder: str) -> dict[str, Command]:
    """All sides."""
    sides: dict[str, Command] = {}
    for lanes in BOTH_CORES:
        sides[f"both cores {lanes}"] = [*SIDE, "step", f"{lanes}", "all"]
    for lanes in REPLICA_LANES:
        sides[f"one core {lanes}"] = [*SIDE, "step", f"{lanes}", "1"]
        sides[f"two replicas {lanes}"] = [*SIDE, "pair", f"{lanes}"]
        for every in (lanes, *READ_LANES):
            sides[f"read {lanes} of {every}"] = [*SIDE, "read", folder, f"{lanes}", f"{every}"]
    return sides


def tables(store: Facts, sides: dict[str, Facts]) -> dict[str, Table]:
    """Columns and rows of all tables, by their titles."""
    pair = sides[f"two replicas {REPLICA_LANES[0]}"]
    network = Network.of_two(pair["gradient_bytes"], pair["adding"], pair["empty"])
    print(f"\nring: {network.bandwidth / 1e6:.0f} MB/s, {network.latency * 1e3:.2f} ms a message")
    wires = wire_rows(sides, network)
    return {
        "MEASURED: a step, ms": (STEP_COLUMNS, step_rows(sides)),
        "MEASURED: filling a batch, ms": (READ_COLUMNS, read_rows(sides)),
        "COMPUTED: lanes": (LANE_COLUMNS, lane_rows()),
        "COMPUTED: an epoch": (EPOCH_COLUMNS, epoch_rows(store, sides, network)),
        "COMPUTED, networks ASSUMED: hours of an epoch": (WIRE_COLUMNS, wires),
        "COMPUTED: the store": (("", "bytes a step", "GB"), store_rows(store)),
    }


STEP_COLUMNS = ("", "lanes", "step", "frames/s", "gradients", "adding up", "a number", "applying")


def step_rows(sides: dict[str, Facts]) -> list[list[Any]]:
    """What a step takes, and its parts where there are several replicas."""
    rows: list[list[Any]] = []
    for name, facts in sides.items():
        kind, _, lanes = name.rpartition(" ")
        if "step" not in facts:
            continue
        every = int(lanes) * (2 if kind == "two replicas" else 1)
        said = [facts.get(part) for part in ("gradients", "adding", "empty", "applying")]
        rate = f"{every * LENGTH / facts['step']:,.0f}"
        shown = [None if value is None else 1e3 * value for value in said]
        rows.append([kind, every, 1e3 * facts["step"], rate, *shown])
    return sorted(rows, key=lambda row: str(row[0]))


READ_COLUMNS = ("own lanes", "lanes of all", "ms")


def read_rows(sides: dict[str, Facts]) -> list[list[Any]]:
    """What filling a batch takes by the lanes of all processes."""
    rows = []
    for own in REPLICA_LANES:
        for every in (own, *READ_LANES):
            rows.append([own, every, 1e3 * sides[f"read {own} of {every}"]["batch"]])
    return rows


LANE_COLUMNS = ("lanes", *(f"{part}, {m:.0f} h" for m in MEDIANS for part in ("updates", "real")))


def lane_rows() -> list[list[Any]]:
    """Updates of an epoch and the share of real steps, by the planner that training uses."""
    rows: list[list[Any]] = []
    for lanes in LANES:
        row: list[Any] = [lanes]
        for median in MEDIANS:
            made = updates(lanes, median)
            row += [f"{made:,}", percent(sum(videos(median)) / (made * lanes * LENGTH))]
        rows.append(row)
    rows.append(["videos", *(x for m in MEDIANS for x in (f"{len(videos(m)):,}", None))])
    rows.append(["longest, h", *(x for m in MEDIANS for x in (longest(m), None))])
    rows.append(["hours / longest", *(x for m in MEDIANS for x in (widest(videos(m)), None))])
    windows = sum(Windows(LENGTH, LENGTH).count(steps) for steps in videos(MEDIANS[0]))
    rows.append(["windows", f"{windows:,}", None, None, None])
    return rows


@cache
def videos(median: float) -> list[int]:
    """Steps of each of the year's videos."""
    return lengths(HOURS, median)


def longest(median: float) -> float:
    """Hours of the longest video."""
    return max(videos(median)) / FPS / 3600


@cache
def updates(lanes: int, median: float = MEDIANS[0]) -> int:
    """Updates of an epoch."""
    config = TrainConfig(Path("store"), Path("labels"), Path("run"), chunk_length=LENGTH)
    return updates_an_epoch(config, videos(median), lanes)


EPOCH_COLUMNS = (
    "B",
    "replicas",
    "adding up ms",
    "computing ms",
    "filling ms",
    "hours",
    "x",
    "reads MB/s",
)


def epoch_rows(store: Facts, sides: dict[str, Facts], network: Network) -> list[list[Any]]:
    """An epoch by the number of replicas."""
    rows: list[list[Any]] = []
    for lanes in REPLICA_LANES:
        alone = epoch_of(sides, lanes, 1, network).seconds
        for count in REPLICAS:
            epoch = epoch_of(sides, lanes, count, network)
            rate = sum(videos(MEDIANS[0])) * store["bytes_a_step"] / epoch.seconds / 1e6
            parts = (epoch.adding, epoch.computing, epoch.reading)
            hours, times = epoch.seconds / 3600, alone / epoch.seconds
            row = [lanes, count, *(1e3 * part for part in parts), hours, times, f"{rate:,.0f}"]
            rows.append(row)
    return rows


def epoch_of(sides: dict[str, Facts], lanes: int, replicas: int, network: Network) -> Epoch:
    """An epoch with so many replicas of so many lanes."""
    pair = sides[f"two replicas {lanes}"]
    replica = Replica(
        lanes,
        sides[f"one core {lanes}"]["step"],
        pair["step"] - pair["adding"],
        filling(sides, lanes),
    )
    made = updates(replicas * lanes)
    return Epoch.of(replica, replicas, network, pair["gradient_bytes"], made)


def filling(sides: dict[str, Facts], lanes: int) -> Mapping[int, float]:
    """Seconds to fill a batch by the lanes of all."""
    return {every: sides[f"read {lanes} of {every}"]["batch"] for every in (lanes, *READ_LANES)}


WIRE_COLUMNS = ("B", "replicas", "loopback", *(f"{g} Gbit/s" for g in GIGABITS))


def wire_rows(sides: dict[str, Facts], network: Network) -> list[list[Any]]:
    """Hours of an epoch by networks that nothing but their bandwidth holds up."""
    wires = [network, *(Network(g * 1e9 / 8, network.latency) for g in GIGABITS)]
    return [
        [lanes, count, *(epoch_of(sides, lanes, count, w).seconds / 3600 for w in wires)]
        for lanes in REPLICA_LANES
        for count in (2, 8, 32, 128)
    ]


def store_rows(store: Facts) -> list[list[Any]]:
    """Bytes on disk of the year, by those of an hour that was written."""
    steps, features = HOURS * 3600 * FPS, 2.0 * DIMENSION
    rest = store["bytes_a_step"] - features - 8
    each = {"features": features, "timestamps": 8.0, "rest": rest, "all": store["bytes_a_step"]}
    return [[name, size, size * steps / 1e9] for name, size in each.items()]


def percent(share: float) -> str:
    """A share in words."""
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main(tyro.cli(Options))
