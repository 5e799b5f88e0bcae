"""How good answers are on real recordings: of before, of now, late, decoded, and joined.

python scripts/bench/quality.py --vts FOLDER --jobs 2
python scripts/bench/quality.py --show        the tables of what has been made so far

Each row of ``quality_rows.py`` is cross-validated with several seeds, each person left out in turn;
all have the same folds. It may be stopped at any time, and the same command goes on: runs and
results are kept under build/bench/quality, and what is there is not made again.
"""

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import tyro
from defaults_sets import VTS, make_vts
from measure import BUILD, machine, table, write
from quality_commands import Commands
from quality_making import Made, Making
from quality_plot import draw
from quality_rows import ROWS, Row
from quality_tables import answers, tables

FOLDER = BUILD / "quality"


@dataclass(frozen=True)
class Options:
    """Cross-validates configurations, decodes and joins them."""

    vts: Path | None = None
    """Folder of the VTS data, with features/*.npy and labels/*.txt."""
    seeds: int = 3
    """How many seeds."""
    jobs: int = 1
    """Cross-validations that are made at the same time, each on its share of the cores."""
    only: tuple[str, ...] = ()
    """Names of rows to make; by default all."""
    show: bool = False
    """Make tables of what is there, and nothing else."""
    trial: bool = False
    """One epoch each, kept elsewhere: to see that all of it runs."""
    picture: Path | None = None
    """Where to draw quality against latency."""

    @property
    def folder(self) -> Path:
        """Holds data, runs and results."""
        return FOLDER / "trial" if self.trial else FOLDER


def main(options: Options) -> None:
    """Makes what is not there yet, prints the tables and writes the JSON."""
    commands = Commands(options.jobs, options.folder / "compiled")
    more = ("--epochs", "1") if options.trial else ()
    making = Making(options.folder, _data(options), more, commands)
    failed = False if options.show else _make(making, commands, options)
    results = [found for made in _rows(options) if (found := making.known(made))]
    found = answers(results)
    made = tables(found)
    for name, one in made.items():
        print("", name, "", table(*one), sep="\n")
    facts = {"machine": machine(), "answers": [one.facts for one in found], "results": results}
    path = write("quality-trial.json" if options.trial else "quality.json", facts, made)
    print(f"written to {path}", file=sys.stderr)
    if options.picture:
        draw(found, options.picture)
    raise SystemExit(1 if failed else 0)


def _make(making: Making, commands: Commands, options: Options) -> bool:
    """Makes rows in their order, seed by seed.

    Args:
        making: that does it.
        commands: which it does it by.
        options: say which rows.

    Returns:
        Whether some could not be made.
    """
    commands.end_with_this_process()
    futures: dict[str, Future[None]] = {}

    def one(made: Made) -> None:
        for member in made.members:  # Begun before, so that waiting for it comes to an end.
            if member.place in futures:
                futures[member.place].result()
        if commands.ended:
            return
        print(made.place, file=sys.stderr, flush=True)
        making.make(made)

    wanted = [made for made in _rows(options) if not options.only or made.row.name in options.only]
    for made in wanted:
        making.options(made)
    with ThreadPoolExecutor(options.jobs) as pool:
        for made in wanted:
            futures[made.place] = pool.submit(one, made)
    failures = {place: future.exception() for place, future in futures.items()}
    for place, error in failures.items():
        if error:
            print(f"{place}: {error}", file=sys.stderr)
    return any(failures.values())


def _rows(options: Options) -> Iterator[Made]:
    """Yields all rows with each seed, members before what is made of them."""
    seeds = [str(seed) for seed in range(options.seeds)]
    rows = {row.name: row for row in ROWS}
    for row in ROWS:
        if not row.joins_seeds:
            yield from (Made(row, seed, _members(row, rows, [seed])) for seed in seeds)
        elif len(seeds) > 1:
            yield Made(row, f"{len(seeds)} in one", _members(row, rows, seeds))


def _members(row: Row, rows: dict[str, Row], seeds: list[str]) -> tuple[Made, ...]:
    return tuple(Made(rows[name], seed) for name in row.members for seed in seeds)


def _data(options: Options) -> list[str]:
    """Makes store and labels, once, and returns what ``cross-validate`` is told of them.

    Raises:
        SystemExit: they are not there, and nobody said where they come from.
    """
    folder = options.folder / "data"
    if not (folder / "whole").exists():
        if options.vts is None:
            raise SystemExit("give --vts FOLDER, with features/*.npy and labels/*.txt")
        shutil.rmtree(folder, ignore_errors=True)
        make_vts(options.vts, folder)
        (folder / "whole").touch()
    data = ("--store", folder / "store", "--labels", folder / VTS.labels, *VTS.more)
    return [*map(str, data), "--leave-out", str(VTS.person), "--split-seed", "0"]


if __name__ == "__main__":
    main(tyro.cli(Options))
