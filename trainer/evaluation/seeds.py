"""The evaluation of a training that was repeated with other seeds: their mean and their spread."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from preprocessing.files.whole_file import write_whole
from trainer.evaluation.drawn_groups import drawn_groups
from trainer.evaluation.options import EvaluateConfig
from trainer.evaluation.scoring import tallied
from trainer.metrics import HEADLINES, Bootstrap, Tallies
from trainer.metrics.joined_tallies import MeanTallies, averaged, group_tallies
from trainer.metrics.seeds import over_seeds
from trainer.predictions.reader import open_answers
from trainer.report.seeds_page import write_seeds_report
from trainer.run.folder import Run


def join_seeds(
    config: EvaluateConfig, runs: Sequence[Path], results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Joins the evaluations of all seeds and writes metrics.json and the report of the whole.

    Each figure is the mean over seeds; ``seeds`` has their spread. Intervals are of that mean: a
    draw of sequences is the same for all seeds.

    Args:
        config: the options; ``run`` is the folder of all seeds.
        runs: the run of each seed.
        results: what the metrics.json of each holds.

    Returns:
        What the metrics.json of the whole holds.
    """
    metrics: dict[str, Any] = averaged(results)
    names = HEADLINES[metrics["task"]]
    metrics["intervals"] = _intervals(config, runs, results[0], names)
    metrics["seeds"] = over_seeds(results, names)
    metrics["runs"] = [run.name for run in runs]
    out = Run(config.run).evaluation_path(config.split)
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    named = {run.name: Run(run) for run in runs}
    write_seeds_report(out / "report.html", config.run.resolve().name, named, metrics)
    return metrics


def _intervals(
    config: EvaluateConfig,
    runs: Sequence[Path],
    result: Mapping[str, Any],
    names: Mapping[str, str],
) -> dict[str, Any]:
    tallies = []
    for run in map(Run, runs):
        with open_answers(run.evaluation_path(config.split) / "predictions.h5") as answers:
            segmental = run.layout.outputs == "frame"
            tallies.append(tallied(answers, segmental, config.measures)[1])
            ids = answers.ids
    drawn: Tallies = MeanTallies(tallies)
    if groups := drawn_groups(Run(runs[0]).config.group_by, ids):
        drawn = group_tallies(drawn, result, groups)
    return Bootstrap(config.bootstrap).intervals(drawn, names)
