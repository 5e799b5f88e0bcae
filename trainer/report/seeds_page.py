"""The report of a training that was repeated with other seeds, as one HTML file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trainer.metrics import HEADLINES
from trainer.report.curves import learning_curves
from trainer.report.evaluation_page import MOST_CURVES
from trainer.report.page import render, unusual_options
from trainer.run.folder import Run


def write_seeds_report(
    path: Path, name: str, runs: Mapping[str, Run], metrics: Mapping[str, Any]
) -> None:
    """Writes a page of means and spreads, which leads to the report of each seed.

    Args:
        path: the HTML file.
        name: what the training is called.
        runs: the run of each seed.
        metrics: the content of the metrics.json of all.
    """
    first, *_ = runs.values()
    options = unusual_options(first.config)
    reports = {
        seed: run.evaluation_path(metrics["split"]) / "report.html" for seed, run in runs.items()
    }
    render(
        path,
        "seeds.html",
        title=f"{name}: {metrics['split']}, {len(runs)} seeds",
        metrics=metrics,
        headlines=HEADLINES[metrics["task"]],
        links={seed: quote(os.path.relpath(to, path.parent)) for seed, to in reports.items()},
        options={option: value for option, value in options.items() if option != "--seed"},
        curves=learning_curves({seed: runs[seed].history for seed in [*runs][:MOST_CURVES]}),
    )
