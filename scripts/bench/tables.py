"""The tables of docs/benchmarks.md, made from what was measured.

python scripts/bench/tables.py                            makes them anew
python scripts/bench/tables.py --take build/bench/train.json    after taking in what was measured

Results are kept as JSON in docs/benchmarks, a file for each version of Longtake: for each benchmark
the command, the machine, the day, the commit, and its tables as columns and rows. A table stands in
the text below a line that names it, as ``<!-- train: shapes -->``; what is shown is the newest
version's that has the benchmark.
"""

import configparser
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from measure import ROOT, table

KEPT = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PLACE = re.compile(r"^<!-- (\w+): (.+) -->\n\n((?:    .*\n)+)", re.MULTILINE)
KEYS = ("command", "machine", "measured", "commit", "software", "tables")

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """Makes the tables of docs/benchmarks.md."""

    take: tuple[Path, ...] = ()
    """Results of benchmarks under build/bench, to be kept for this version first."""


def main(options: Options) -> None:
    """Takes in what was measured and writes the page."""
    for path in options.take:
        print(f"{path} is kept in {take(path)}", file=sys.stderr)
    PAGE.write_text(filled_in(PAGE.read_text("utf-8"), results()), encoding="utf-8")


def take(path: Path) -> Path:
    """Keeps the results of one benchmark, whose name is that of the file, for this version.

    Returns:
        The file that they are kept in.
    """
    found = json.loads(path.read_text("utf-8"))
    kept = KEPT / f"{version()}.json"
    every: Results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    every[path.stem] = {key: found[key] for key in KEYS if key in found}
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(text_of(every), encoding="utf-8")
    return kept


def version() -> str:
    """Returns the version of the package."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["metadata"]["version"]


def results() -> Results:
    """Returns the newest results of each benchmark."""
    found: Results = {}
    for path in sorted(KEPT.glob("*.json"), key=lambda path: [*map(int, path.stem.split("."))]):
        found |= json.loads(path.read_text("utf-8"))
    return found


def filled_in(page: str, found: Results) -> str:
    """Returns the page with its tables as they come of the results."""

    def made(place: re.Match[str]) -> str:
        benchmark, name, _ = place.groups()
        kept = found[benchmark]["tables"][name]
        lines = table(kept["columns"], kept["rows"]).splitlines()
        return f"<!-- {benchmark}: {name} -->\n\n" + "".join(f"    {line}\n" for line in lines)

    return PLACE.sub(made, page)


def text_of(every: Results) -> str:
    """Returns JSON with a line for each row of a table."""
    text = json.dumps(every, indent=1, ensure_ascii=False)
    row = re.compile(r"\[\s+([^\[\]{}]*?)\s+\]")
    return row.sub(lambda found: "[" + re.sub(r",\n\s+", ", ", found[1]) + "]", text) + "\n"


if __name__ == "__main__":
    main(tyro.cli(Options))
