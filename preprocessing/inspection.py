"""What is in a store."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from preprocessing.console import DONE
from preprocessing.sequence_file import SequenceInfo
from preprocessing.store import FeatureStore


@dataclass(frozen=True)
class InspectConfig:
    """What is in a store: sequences, steps, hours, dimension, fps, backbone, bytes."""

    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The store's folder."""
    json: bool = False
    """Print JSON, with a row for each sequence."""


def run(config: InspectConfig) -> int:
    """The command ``inspect``; see ``InspectConfig``."""
    store = FeatureStore(config.store)
    summary = _summary([store.info(sequence_id) for sequence_id in store.ids()])
    print(json.dumps(summary, indent=1) if config.json else _table(summary))
    return DONE


def _summary(infos: list[SequenceInfo]) -> dict[str, Any]:
    def values(attribute: str) -> dict[str, int]:
        return dict(Counter(str(getattr(info.origin, attribute)) for info in infos))

    return {
        "sequences": len(infos),
        "steps": sum(info.steps for info in infos),
        "hours": sum(info.end for info in infos) / 3600,
        "dimension": sorted({info.dimension for info in infos}),
        "fps": values("fps"),
        "backbone": values("backbone"),
        "settings": values("settings"),
        "bytes": sum(info.bytes for info in infos),
        "alike": len({(info.origin.recipe, info.dimension) for info in infos}) <= 1,
        "rows": [_row(info) for info in infos],
    }


def _row(info: SequenceInfo) -> dict[str, Any]:
    row = asdict(info)
    row.update(row.pop("origin"))
    return row


def _table(summary: dict[str, Any]) -> str:
    def together(counts: dict[str, int]) -> str:
        if len(counts) <= 1:
            return "".join(counts)
        return ", ".join(f"{name} ({count} sequences)" for name, count in counts.items())

    lines = [
        f"sequences  {summary['sequences']}",
        f"steps      {summary['steps']}",
        f"hours      {summary['hours']:.3f}",
        f"dimension  {', '.join(map(str, summary['dimension']))}",
        f"fps        {together(summary['fps'])}",
        f"backbone   {together(summary['backbone'])}",
        f"bytes      {summary['bytes']}",
    ]
    if not summary["alike"]:
        lines.append("mixed      yes: it can't be trained on; extract all with the same settings")
    rows = summary["rows"]
    width = max((len(row["sequence_id"]) for row in rows), default=0)
    for row in rows:
        seconds = row["last"] - row["first"]
        lines.append(
            f"  {row['sequence_id']:<{width}}  {row['steps']:>8} steps  {seconds:>10.2f} s"
        )
    return "\n".join(lines)
