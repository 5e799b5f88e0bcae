"""The evaluation of a training that was repeated with other seeds: their mean and their spread."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from preprocessing.files.whole_file import write_whole
from trainer.decoded.facts import joined_decoder
from trainer.evaluation.behind import latest
from trainer.evaluation.decoded_figures import all_decoded
from trainer.evaluation.drawn_groups import drawn_groups
from trainer.evaluation.options import EvaluateConfig
from trainer.evaluation.scoring import tallied
from trainer.metrics import ANSWERED, HEADLINES, Bootstrap, Tallies
from trainer.metrics.joined_tallies import MeanTallies, averaged, group_tallies
from trainer.metrics.seeds import over_seeds
from trainer.predictions.reader import RAW, open_answers
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
    task = results[0]["task"]
    metrics = {
        **_over(config, runs, results, HEADLINES[task]),
        "decoder": joined_decoder(
            {run.name: result["decoder"] for run, result in zip(runs, results, strict=True)},
            "seeds",
        ),
        "decoded": None,
        "runs": [run.name for run in runs],
    }
    if decoded := [one for one in all_decoded(results) if one]:
        metrics["decoded"] = _over(config, runs, decoded, ANSWERED[task], decoded=True)
    out = Run(config.run).evaluation_path(config.split)
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    named = {run.name: Run(run) for run in runs}
    write_seeds_report(out / "report.html", config.run.resolve().name, named, metrics)
    return metrics


def _over(
    config: EvaluateConfig,
    runs: Sequence[Path],
    several: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    decoded: bool = False,
) -> dict[str, Any]:
    """Returns the means of figures over seeds, their spread and their intervals.

    Args:
        config: the options.
        runs: the run of each seed.
        several: the figures of each.
        names: the headlines among them.
        decoded: True if they are of decoded answers.
    """
    own = [
        {name: value for name, value in one.items() if name not in ("decoder", "decoded")}
        for one in several
    ]
    return {
        **averaged(own),
        "behind": latest([one["behind"] for one in several]),
        "intervals": _intervals(config, runs, several[0], names, decoded),
        "seeds": over_seeds(several, names),
    }


def _intervals(
    config: EvaluateConfig,
    runs: Sequence[Path],
    result: Mapping[str, Any],
    names: Mapping[str, str],
    decoded: bool,
) -> dict[str, Any]:
    tallies = []
    for run in map(Run, runs):
        with open_answers(run.evaluation_path(config.split) / "predictions.h5") as answers:
            segmental = run.layout.outputs == "frame"
            said = answers.said if decoded else RAW
            tallies.append(tallied(answers, segmental, config.measures, said)[1])
            ids = answers.ids
    drawn: Tallies = MeanTallies(tallies)
    if groups := drawn_groups(Run(runs[0]).config.group_by, ids):
        drawn = group_tallies(drawn, result, groups)
    return Bootstrap(config.bootstrap).intervals(drawn, names)
