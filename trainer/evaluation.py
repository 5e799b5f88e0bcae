"""Metrics, predictions and a report on a split."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from preprocessing.console import DONE, note, say
from preprocessing.errors import InputError
from preprocessing.label_files import read_labels
from preprocessing.labels import Labels
from preprocessing.splits import PARTS
from preprocessing.store import FeatureStore
from preprocessing.whole_file import write_whole
from trainer.batches import SequenceSet
from trainer.evaluate_options import EvaluateConfig
from trainer.inference import predict
from trainer.latency import measure_latency
from trainer.metrics import HEADLINES
from trainer.report import write_report
from trainer.run import Run, load_run
from trainer.scoring import score


def run_evaluate(config: EvaluateConfig) -> int:
    """The command ``evaluate``; see ``EvaluateConfig``."""
    metrics = evaluate(config)
    out = load_run(config.run).evaluation_path(config.split)
    say(f"{config.split}: {metrics['sequences']} sequences, {metrics['steps']} labelled steps")
    say(*summary(metrics))
    say(f"report: {out / 'report.html'}")
    return DONE


def summary(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The headlines of a task, a line each, and what to compare them with."""
    for name in HEADLINES[metrics["task"]]:
        if metrics[name] is not None:
            interval = metrics.get("intervals", {}).get(name)
            yield f"  {name:<9}  {_figure(metrics[name])}{_between(interval)}"
        if spread := metrics.get(f"{name}_per_sequence"):
            mean, deviation = _figure(spread["mean"]), _figure(spread["sd"])
            yield f"  per video  {mean} (sd {deviation})"
        if name == "accuracy":
            yield _baseline(metrics)
    yield from _in_time(metrics)
    if any(metrics.get("intervals", {}).values()):
        drawn = metrics["bootstrap"]
        share = f"{100 * drawn['level']:g} % of {drawn['samples']} draws of the sequences"
        yield f"  [ ]        {share} lie in it"


def _between(interval: Sequence[float] | None) -> str:
    return f"  [{_figure(interval[0])}, {_figure(interval[1])}]" if interval else ""


def _in_time(metrics: Mapping[str, Any]) -> Iterator[str]:
    """How answers do near changes."""
    if (delay := metrics.get("delay")) and delay["changes"]:
        found = f"{delay['noticed']} of {delay['changes']} changes noticed"
        if delay["noticed"]:
            found += f", half within {delay['median']:g} s, nine tenths within {delay['p90']:g} s"
        yield f"  delay      {found}"
    if relaxed := metrics.get("relaxed"):
        names = ("accuracy", "precision", "recall", "f1", "jaccard")
        known = [f"{name} {_figure(relaxed[name])}" for name in names if relaxed[name] is not None]
        bugs = ", as the published script" if relaxed["bug_compatible"] else ""
        yield f"  relaxed    by {relaxed['seconds']:g} s{bugs}: {', '.join(known)}"


def _figure(value: float) -> str:
    """Four decimals, or four digits of what is large or tiny."""
    return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1000 else f"{value:.4g}"


def _baseline(metrics: Mapping[str, Any]) -> str:
    """How often somebody would be right who looks at nothing."""
    if metrics["task"] == "multilabel":
        return f"  naming no class would be right in {metrics['without_class']:.4f}"
    largest = metrics["largest_class"]
    return f"  always {largest['name']!r} would be right in {largest['share']:.4f}"


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Evaluates a run on a split.

    Returns:
        What metrics.json holds.

    Raises:
        InputError: there is no such run, the split is empty, or its data do not fit the model.
    """
    run = load_run(config.run)
    if not run.progress.finished:
        note(f"{run.path} is not trained to its end; this is its best epoch so far")
    segmental = run.layout.outputs == "frame"
    config.measures.require(run.facts.task, run.facts.classes, segmental)
    data = _load(run, config)
    out = run.evaluation_path(config.split)
    predict(run, data, out / "predictions.h5", feed=config.feed, model=config.model)
    metrics = score(out / "predictions.h5", segmental, config.measures)
    training = run.config
    feed = None if training.inputs == "features" else config.feed or training.feed
    metrics = {"split": config.split, "inputs": training.inputs, "feed": feed, **metrics}
    latency = asdict(measure_latency(run))
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    write_report(out / "report.html", run, metrics, out / "predictions.h5", data.infos, latency)
    return metrics


def _load(run: Run, config: EvaluateConfig) -> SequenceSet:
    training = run.config
    store = FeatureStore(config.store or training.store)
    options = replace(training.label_options, path=config.labels or training.labels)
    labels = read_labels(options, store)
    labels.use_classes(run.facts.classes)
    ids = _chosen(run, config, store, labels)
    infos = store.uniform(ids)
    for info in infos:
        run.facts.require(info)
        labels.check(info)
    data = SequenceSet(store, infos, labels, run.layout)
    data.require_labelled(config.split)
    return data


def _chosen(run: Run, config: EvaluateConfig, store: FeatureStore, labels: Labels) -> list[str]:
    if config.split == "all":
        ids = sorted(labels.ids())
        seen = set(run.splits.train) & set(ids)
        if seen:
            note(f"{len(seen)} of {len(ids)} sequences were trained on; the figures include them")
        return ids
    ids = list(run.splits[config.split])
    if not ids:
        held = ", ".join(part for part in PARTS if run.splits[part])
        raise InputError(
            f"the {config.split} split of {run.path} is empty; evaluate one that is not ({held}), "
            "or --split all"
        )
    for sequence_id in ids:
        if sequence_id not in store or sequence_id not in labels.ids():
            where = config.labels if sequence_id in store else store.root
            raise InputError(
                f"{where} lacks {sequence_id!r} of the {config.split} split; for other sequences "
                "than the run's own give --split all"
            )
    return ids
