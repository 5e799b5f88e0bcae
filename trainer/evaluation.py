"""Metrics, predictions and a report on a split."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import h5py
import numpy as np
import tyro

from preprocessing.console import DONE, note
from preprocessing.errors import InputError
from preprocessing.label_files import read_labels
from preprocessing.labels import Labels
from preprocessing.splits import PARTS
from preprocessing.store import FeatureStore
from preprocessing.whole_file import write_whole
from trainer.batches import SequenceSet
from trainer.checkpoint import read_progress
from trainer.inference import predict
from trainer.metrics import HEADLINES, RankedScores, Scorer
from trainer.predictions import read_classes, sequence_ids
from trainer.report import write_report
from trainer.run import Run, load_run

BLOCK_STEPS = 1 << 16


@dataclass(frozen=True)
class EvaluateConfig:
    """Metrics, predictions and a report on held-out sequences.

    Writes metrics.json, predictions.h5 and report.html to RUN/evaluation/SPLIT.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    split: Literal["train", "validation", "test", "all"] = "test"
    """Which part of the run's splits; all takes every labelled sequence of the store."""
    store: Path | None = None
    """Store to read, if not the one the run was trained on."""
    labels: Path | None = None
    """Labels to compare with, if not those the run was trained on."""


def run_evaluate(config: EvaluateConfig) -> int:
    """The command ``evaluate``; see ``EvaluateConfig``."""
    metrics = evaluate(config)
    out = load_run(config.run).evaluation_path(config.split)
    print(f"{config.split}: {metrics['sequences']} sequences, {metrics['steps']} labelled steps")
    spread = metrics["accuracy_per_sequence"]
    for name in HEADLINES:
        if metrics[name] is not None:
            print(f"  {name:<9}  {metrics[name]:.4f}")
        if name == "accuracy":
            print(f"  per video  {spread['mean']:.4f} (sd {spread['sd']:.4f})")
            largest = metrics["largest_class"]
            print(f"  always {largest['name']!r} would be right in {largest['share']:.4f}")
    print(f"report: {out / 'report.html'}")
    return DONE


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Evaluates a run on a split.

    Returns:
        What metrics.json holds.

    Raises:
        InputError: there is no such run, the split is empty, or its data do not fit the model.
    """
    run = load_run(config.run)
    if not read_progress(run.checkpoint_path).finished:
        note(f"{run.path} is not trained to its end; this is its best epoch so far")
    data = _load(run, config)
    out = run.evaluation_path(config.split)
    predict(run, data, out / "predictions.h5")
    metrics = score(out / "predictions.h5", data.outputs == "frame")
    metrics = {"split": config.split, **metrics}
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    write_report(out / "report.html", run, metrics, out / "predictions.h5")
    return metrics


def score(predictions: Path, segmental: bool) -> dict[str, Any]:
    """Computes the metrics of a ``predictions.h5``, one sequence at a time.

    Args:
        predictions: see ``trainer.predictions``.
        segmental: whether there is an answer a step, so that segments make sense.
    """
    with h5py.File(predictions) as file:
        classes = read_classes(file)
        ids = sequence_ids(file)
        scorer = Scorer(classes, segmental)
        for sequence_id in ids:
            group = file[sequence_id]
            scorer.add(sequence_id, group["true"][()], group["predicted"][()])
        metrics = scorer.result()
        precisions = [_class_precision(file, ids, number) for number in range(len(classes))]
    for name, value in zip(classes, precisions, strict=True):
        metrics["per_class"][name]["ap"] = value
    known = [value for value in precisions if value is not None]
    return {
        "sequences": len(ids),
        "steps": int(scorer.confusion.sum()),
        "classes": classes,
        **metrics,
        "map": float(np.mean(known)) if known else None,
    }


def _class_precision(file: h5py.File, ids: Sequence[str], number: int) -> float | None:
    """Average precision of one class over all labelled steps; None for a class without any."""
    ranked = RankedScores()
    for sequence_id in ids:
        group = file[sequence_id]
        for start in range(0, len(group["true"]), BLOCK_STEPS):
            block = slice(start, start + BLOCK_STEPS)
            true = group["true"][block]
            scores = np.ascontiguousarray(group["probabilities"][block, number])
            ranked.add(true[true >= 0] == number, scores[true >= 0])
    return ranked.average_precision


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
    data = SequenceSet(store, infos, labels, training.outputs)
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
