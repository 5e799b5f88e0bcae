"""A run as a notebook shows it."""

from collections.abc import Iterator, Sequence

from preprocessing.errors import InputError, some
from trainer.evaluation.evaluated import evaluated_splits, headline_rows, read_evaluated
from trainer.report.html_table import html_table
from trainer.report.page import unusual_options
from trainer.run.folder import Run, state_text

# Options that say where things are; a notebook has them already.
PLACES = {"--store", "--labels"}


def run_html(run: Run) -> str:
    """Returns tables: what a run is, and the figures of each evaluation.

    Args:
        run: the run.
    """
    return html_table(_facts(run), title=f"run {run.path}") + _figures(run, evaluated_splits(run))


def _facts(run: Run) -> Iterator[list[str]]:
    """Yields rows of what is known; files that cannot be read say so themselves."""
    try:
        facts = run.facts
        yield ["state", state_text(run)]
        what = "numbers" if facts.task == "regression" else "classes"
        yield [what, f"{len(facts.classes)}: {some(list(facts.classes))}"]
        rate = "every frame" if facts.fps == "native" else f"{float(facts.fps):g} steps a second"
        yield ["features", f"{facts.dimension:,} of {facts.backbone}, {rate}"]
        options = {k: v for k, v in unusual_options(run.config).items() if k not in PLACES}
        yield ["options", " ".join(f"{name} {value}" for name, value in options.items()) or "-"]
    except (InputError, ValueError) as error:
        yield ["cannot be read", str(error)]


def _figures(run: Run, splits: Sequence[str]) -> str:
    """Returns the table of each evaluated split."""
    tables = []
    for split in splits:
        try:
            rows = list(headline_rows(read_evaluated(run, split)))
        except InputError as error:
            tables.append(html_table([[str(error)]], title=split))
            continue
        shown = 3 if any(row[2] for row in rows) else 2
        tables.append(
            html_table([row[:shown] for row in rows], ["", "raw", "decoded"][:shown], split)
        )
    return "".join(tables)
