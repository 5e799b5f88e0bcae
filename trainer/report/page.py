"""The HTML page of every report: one file, readable without a network."""

import base64
from collections.abc import Sequence
from dataclasses import fields
from functools import cache, partial
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.clock import clock
from trainer.config import TrainConfig, flag
from trainer.decoded.facts import decoder_text
from trainer.metrics.bootstrap import ENOUGH_UNITS

# Nobody reads a matrix of more, or so many curves, and they would be most of the page.
MATRIX_CLASSES, DRAWN_COLUMNS = 100, 50


def confusion_rows(
    confusion: Sequence[Sequence[int]], kept: Sequence[int] = ()
) -> list[list[tuple[int, float]]]:
    """Returns cells of the confusion matrix: count, and share of its row (the true class).

    Args:
        confusion: steps; rows are true classes, columns predicted ones.
        kept: the classes that are shown; none for all.
    """
    kept = kept or range(len(confusion))
    totals = {number: max(sum(confusion[number]), 1) for number in kept}
    return [
        [(confusion[row][column], confusion[row][column] / totals[row]) for column in kept]
        for row in kept
    ]


def most_confused(confusion: Sequence[Sequence[int]]) -> list[int]:
    """Returns the classes for which a matrix has room: those with the most wrong steps."""
    counts = np.array(confusion, np.int64)
    wrong = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MATRIX_CLASSES].tolist())


def worst_columns(scores: Sequence[float | None]) -> list[int]:
    """Returns the columns of a regression to draw: those with the least R², which may be None."""
    known = np.array([np.inf if score is None else score for score in scores])
    return sorted(np.argsort(known, kind="stable")[:DRAWN_COLUMNS].tolist())


@cache
def _environment() -> Any:
    """Returns what fills in templates, which it keeps as it has read them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trainer.report"), autoescape=True, undefined=StrictUndefined
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.globals |= {"enough_units": ENOUGH_UNITS, "decoder_text": decoder_text}
    environment.filters |= {"clock": clock, "precise": partial(clock, digits=1)}
    return environment


def render(
    path: Path, template: str, scripts: Sequence[str] = ("report.js",), **values: Any
) -> None:
    """Fills in a template of this package and writes it, whole or not at all.

    The page may run only the one script of this package, and load only the videos. So a stranger's
    name stays harmless even if it should get around the escaping.

    Args:
        path: the HTML file.
        template: the template's file name.
        scripts: the file names of what runs in the page.
        **values: the template's variables.
    """
    from markupsafe import Markup

    folder = resources.files("trainer.report.templates")
    script = "".join(folder.joinpath(name).read_text("utf-8") for name in scripts)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    page = (
        _environment()
        .get_template(template)
        .render(**values, script=Markup(script), script_digest=digest)
    )
    write_whole(path, page.encode("utf-8", "replace").decode("utf-8"))


def unusual_options(config: TrainConfig) -> dict[str, str]:
    """Returns the options of a training that are not at their defaults, or have none."""
    return {
        option(field.name): value_text(getattr(config, field.name))
        for field in fields(config)
        if field.name != "run" and getattr(config, field.name) != field.default
    }


def option(name: str) -> str:
    """Returns a field's name as it is given on the command line."""
    return f"--{flag(name)}"


def value_text(value: Any) -> str:
    """Returns a value of an option as a person would write it; empty for none."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return {"None": "", "True": "yes", "False": "no"}.get(str(value), str(value))
