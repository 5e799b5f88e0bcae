"""A store as text: totals, then a row for each sequence.

The totals are printed first but known last, so the rows wait in a temporary file.
"""

import json
import math
import tempfile
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

from preprocessing.errors import InputError, counted
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import IMPORTED, Making, SequenceInfo
from preprocessing.terminal.commands import PATIENCE
from preprocessing.terminal.console import progress, say
from preprocessing.terminal.streams import printable, require_heard

BYTES_AT_ONCE = 2**16


@dataclass
class Totals:
    """Sums over sequences.

    Attributes:
        made: the different ways in which features were made.
        content: what a step has in them, in words.
        unreadable: files that are no whole sequence; they count nowhere else.
    """

    sequences: int = 0
    steps: int = 0
    seconds: float = 0.0
    bytes: int = 0
    damaged: int = 0
    unreadable: int = 0
    fps: Counter[str] = field(default_factory=Counter)
    backbone: Counter[str] = field(default_factory=Counter)
    settings: Counter[str] = field(default_factory=Counter)
    made: set[Making] = field(default_factory=set)
    content: set[str] = field(default_factory=set)

    def add(self, info: SequenceInfo) -> None:
        """Counts a sequence."""
        self.sequences += 1
        self.steps += info.steps
        self.seconds += info.end
        self.bytes += info.bytes
        self.damaged += bool(info.damage)
        self.fps[info.origin.fps] += 1
        self.backbone[info.origin.backbone] += 1
        self.settings[info.origin.settings] += 1
        self.made.add(info.making)
        self.content.add(info.content if info.frame_size else str(info.dimension))

    def summary(self) -> dict[str, Any]:
        """Returns the totals, as ``--json`` prints them above the rows."""
        return {
            "sequences": self.sequences,
            "steps": self.steps,
            "hours": self.seconds / 3600,
            "dimension": sorted({making.dimension for making in self.made}),
            "fps": self.fps,
            "backbone": self.backbone,
            "settings": self.settings,
            "bytes": self.bytes,
            "alike": len(self.made) <= 1,
            "damaged": self.damaged,
            "unreadable": self.unreadable,
        }


def print_listing(store: FeatureStore, ids: Sequence[str], as_json: bool) -> int:
    """Prints sequences of a store; a damaged file has a row that says so.

    Args:
        store: the store.
        ids: the sequences.
        as_json: print JSON instead of a table.

    Returns:
        The number of sequences that could not be read.
    """
    totals = Totals()
    width = max(map(len, ids), default=0)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as rows:
        options = {"total": len(ids), "unit": "sequence", "desc": "inspect", "delay": PATIENCE}
        with progress(**options) as bar:
            for number, sequence_id in enumerate(ids):
                row = _read(store, sequence_id, totals)
                rows.write(_json_row(row, number) if as_json else _line(row, width))
                bar.update()
        rows.seek(0)
        if as_json:
            _print_json(totals, rows)
        else:
            _print_table(totals, rows)
    require_heard()
    return totals.unreadable


def _read(store: FeatureStore, sequence_id: str, totals: Totals) -> dict[str, Any]:
    """Describes and counts a sequence, or says what is wrong with its file."""
    try:
        info = store.info(sequence_id)
        if not math.isfinite(info.end - info.first):
            raise InputError(f"{store.path(sequence_id)} has timestamps that are no numbers")
        totals.add(info)
    except (OSError, RuntimeError, ValueError, OverflowError) as error:
        totals.unreadable += 1
        return {"sequence_id": sequence_id, "error": " ".join(str(error).split())}
    row = asdict(info)
    row.update(row.pop("origin"))
    return row


def _json_row(row: dict[str, Any], number: int) -> str:
    separator = ",\n" if number else ""
    return separator + textwrap.indent(json.dumps(row, indent=1), "  ")


def _print_json(totals: Totals, rows: TextIO) -> None:
    head = json.dumps(totals.summary(), indent=1).removesuffix("\n}")
    some = totals.sequences + totals.unreadable > 0
    opening = f'{head},\n "rows": ['
    if not some:
        say(*f"{opening}]".split("\n"), "}")
        return
    say(*opening.split("\n"))
    _say_all(rows)
    say(" ]", "}")


def _say_all(rows: TextIO) -> None:
    while some := rows.readlines(BYTES_AT_ONCE):
        say(*(line.removesuffix("\n") for line in some))


def _line(row: dict[str, Any], width: int) -> str:
    if "error" in row:
        text = f"unreadable: {row['error']}"
    else:
        text = f"{row['steps']:>8} steps  {row['last'] - row['first']:>10.2f} s"
        if row["damage"]:
            text += f"  damaged: {row['damage']}"
    return printable(f"  {row['sequence_id']:<{width}}  {text}") + "\n"


def _print_table(totals: Totals, rows: TextIO) -> None:
    say(f"sequences  {totals.sequences}")
    if totals.unreadable:
        say(f"unreadable {totals.unreadable}")
    if totals.damaged:
        say(f"damaged    {totals.damaged}")
    say(f"steps      {totals.steps}")
    say(f"hours      {totals.seconds / 3600:.3f}")
    say(f"dimension  {', '.join(sorted(totals.content))}")
    say(f"fps        {_together(totals.fps)}")
    say(f"backbone   {_together(totals.backbone)}")
    say(f"bytes      {totals.bytes}")
    if len(totals.made) > 1:
        imported = all(name.startswith(IMPORTED) for name in totals.backbone)
        make = "import" if imported else "extract"
        say(f"mixed      yes: it can't be trained on; {make} all with the same settings")
    _say_all(rows)


def _together(counts: Counter[str]) -> str:
    if len(counts) <= 1:
        return "".join(counts)
    return ", ".join(f"{name} ({counted(count, 'sequence')})" for name, count in counts.items())
