"""The results of a search: a table, a plot and the best options."""

import csv
import io
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.console import say
from preprocessing.terminal.options import to_yaml
from preprocessing.terminal.table import aligned
from trainer.config import flag
from trainer.tuning.options import TuneConfig
from trainer.tuning.plot import draw_search
from trainer.tuning.search_space import parse_search, with_values
from trainer.tuning.study import Row, read_rows

if TYPE_CHECKING:
    from optuna import Study

MOST_LINES = 20


def progress_line(config: TuneConfig, study: "Study", number: int) -> str:
    """Returns a line about a trial that has ended.

    Args:
        config: the options of the search.
        study: its study.
        number: the trial.
    """
    rows = read_rows(config, study)
    ended = sum(row.state in ("done", "pruned", "failed") for row in rows)
    (row,) = (row for row in rows if row.number == number)
    parts = [f"{row.seconds:.0f} s", ", ".join(_options(row))]
    if row.value is not None:
        parts.insert(0, f"{config.objective} {row.value:.4g} in epoch {row.epoch} of {row.epochs}")
    if rows[0].state == "done":
        parts.append("the best so far" if rows[0] is row else f"best so far {rows[0].value:.4g}")
    reason = f" ({row.reason})" if row.reason else ""
    return f"[{ended}/{config.trials}] trial {number} {row.state}{reason}: {'; '.join(parts)}"


def write_results(config: TuneConfig, study: "Study") -> None:
    """Writes trials.csv, tune.png and best.yaml, and prints the table and what to do next.

    Args:
        config: the options of the search.
        study: its study.

    Raises:
        InputError: no trial was trained to its end; only trials.csv was written.
    """
    rows = read_rows(config, study)
    if not rows:
        return
    write_whole(config.run / "trials.csv", _csv(config, rows))
    best = rows[0]
    if best.state != "done" and _unfinished(rows):
        say(_unfinished(rows))
        return
    if best.state != "done":
        reason = next((f"; trial {row.number}: {row.reason}" for row in rows if row.reason), "")
        raise InputError(f"none of {len(rows)} trials came to its end{reason}")
    draw_search(config.run / "tune.png", config, rows)
    run = config.run / "trials" / best.digest
    options = with_values(replace(config.train_config, run=run), best.parameters)
    write_whole(config.run / "best.yaml", to_yaml(options))
    say("", *_table(config, rows), "", *_next_steps(config, rows, run))


def _table(config: TuneConfig, rows: Sequence[Row]) -> list[str]:
    names = [dimension.name for dimension in parse_search(config.search)]
    head = ["trial", config.objective, "epoch", "epochs", "seconds", *map(flag, names), "state"]
    cells = [
        [
            str(row.number),
            "" if row.value is None else f"{row.value:.4g}",
            str(row.epoch or ""),
            str(row.epochs),
            f"{row.seconds:.0f}",
            *(_short(row.parameters[name]) if name in row.parameters else "" for name in names),
            row.state,
        ]
        for row in rows[:MOST_LINES]
    ]
    lines = aligned([head, *cells], left=0)
    more = len(rows) - MOST_LINES
    return [*lines, f"and {more} more in trials.csv"] if more > 0 else lines


def _next_steps(config: TuneConfig, rows: Sequence[Row], run: Path) -> list[str]:
    best = f"--config {shlex.quote(str(config.run / 'best.yaml'))}"
    if config.model:
        best += f" --model {shlex.quote(config.model)}"
    return [
        *filter(None, [_unfinished(rows)]),
        f"all trials: {config.run / 'trials.csv'}; as a picture: {config.run / 'tune.png'}",
        f"the best is trained already; next: longtake evaluate {shlex.quote(str(run))}",
        f"to train it anew: longtake train {best} --run NEW",
    ]


def _unfinished(rows: Sequence[Row]) -> str:
    count = sum(row.state in ("running", "waiting", "stopped") for row in rows)
    said = "not finished yet; another worker has them, or the same command goes on"
    return f"trials {said}: {count}" if count else ""


def _csv(config: TuneConfig, rows: Sequence[Row]) -> str:
    names = [dimension.name for dimension in parse_search(config.search)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["trial", "state", config.objective, "epoch", "epochs", "seconds"]
    writer.writerow([*head, *map(flag, names), "folder", "reason"])
    for row in rows:
        values = [row.number, row.state, row.value, row.epoch, row.epochs, f"{row.seconds:.1f}"]
        options = [_said(row.parameters[name]) if name in row.parameters else "" for name in names]
        folder = f"trials/{row.digest}" if row.digest else ""
        writer.writerow([*values, *options, folder, row.reason])
    return text.getvalue()


def _options(row: Row) -> list[str]:
    return [f"{flag(name)} {_short(value)}" for name, value in row.parameters.items()]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _said(value)


def _said(value: Any) -> str:
    """Returns a value as ``--search`` and YAML have it."""
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
