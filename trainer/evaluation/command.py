"""The command ``evaluate``: metrics, predictions and a report on a split."""

import json
from dataclasses import asdict, replace
from os import PathLike
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.whole_file import write_whole
from preprocessing.labels.base import Labels
from preprocessing.labels.label_files import FOLDERS
from preprocessing.labels.reading import read_labels
from preprocessing.labels.splits import PARTS
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.hints import hint, why_absent
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE
from trainer.advice.order import after_evaluation
from trainer.annotations.files import require_uncorrected, require_writable, write_answers
from trainer.batches.sequence_set import SequenceSet
from trainer.bouts.bins import require_few_bins
from trainer.bouts.tables import BOUTS, SUMMARY, has_bouts, require_bouts, write_bouts
from trainer.decoded.decoding import asked_decoding
from trainer.evaluation.behind import decoded_behind, raw_behind
from trainer.evaluation.class_lines import class_lines
from trainer.evaluation.coverage import coverage
from trainer.evaluation.drawn_groups import drawn_groups
from trainer.evaluation.evaluated import Evaluated
from trainer.evaluation.folds import fold_lines, join_folds, require_held_out
from trainer.evaluation.held_out import seen_sequences
from trainer.evaluation.latency import measure_latency
from trainer.evaluation.options import EvaluateConfig
from trainer.evaluation.scoring import score
from trainer.evaluation.seeds import join_seeds
from trainer.evaluation.summary import summary
from trainer.predictions.inference import predict
from trainer.report.evaluation_page import write_report
from trainer.run.folder import Run, load_run
from trainer.run.members import folds, is_ensemble, is_repeated, members


def run_evaluate(config: EvaluateConfig) -> int:
    """Runs the command ``evaluate``; see ``EvaluateConfig``."""
    metrics = evaluate(config)
    out = Run(config.run).evaluation_path(config.split)
    for remark in metrics["remarks"]:
        note(remark)
    sequences = counted(metrics["sequences"], "sequence")
    say(f"{config.split}: {sequences}, {counted(metrics['steps'], 'labelled step')}")
    say(*summary(metrics), *class_lines(metrics))
    if config.split != "train" and not config.quiet:
        runs = [Run(run) for run in folds(config.run) or members(config.run)]
        say(*after_evaluation(metrics, runs))
    if "folds" in metrics:
        say(*fold_lines(metrics))
    if (out / SUMMARY).is_file():
        say(f"bouts of each class: {out / BOUTS}; how often, how long: {out / SUMMARY}")
    say(f"report: {out / 'report.html'}")
    return DONE


def evaluate(config: EvaluateConfig | PathLike[str] | str) -> Evaluated:
    """Evaluates a run on a split, or several that are one result: seeds, folds.

    Args:
        config: the options; a run, or the path of one, for those that are usual.

    Returns:
        What metrics.json holds.

    Raises:
        InputError: there is no such run, the split is empty, or its data do not fit the model.
    """
    config = config if isinstance(config, EvaluateConfig) else EvaluateConfig(Path(config))
    if runs := folds(config.run):
        require_held_out(config)
        out = Run(config.run).evaluation_path(config.split)
        require_uncorrected(config.write, out, "evaluate")
        results = [_evaluate(replace(config, run=run)) for run in runs]
        return Evaluated(join_folds(config, runs, results))
    runs = members(config.run)
    results = [_evaluate(replace(config, run=run)) for run in runs]
    joined = join_seeds(config, runs, results) if is_repeated(config.run) else results[0]
    return Evaluated(joined)


def _evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Evaluates one run."""
    run = load_run(config.run)
    if not (run.progress.finished or is_ensemble(run.path)):
        note(f"{run.path} is not trained to its end; this is its best epoch so far")
    segmental = run.layout.outputs == "frame"
    config.measures.require(run.facts.task, run.facts.classes, segmental)
    require_bouts(config.bins, run.path, run.facts.task, run.layout.outputs)
    kind = (run.facts.task, run.layout.outputs)
    require_writable(config.write, run.evaluation_path(config.split), "evaluate", *kind)
    decoding, decoder = asked_decoding(run, config.decode, config.lag)
    data = _load(run, config)
    require_few_bins(config.bins, data.infos, len(run.facts.classes))
    seen = seen_sequences(run, config, data.infos)
    out = run.evaluation_path(config.split)
    predictions = out / "predictions.h5"
    complete = decoding.complete if decoding else None
    predict(run, data, predictions, config.feed, config.model, complete)
    training = run.config
    groups = drawn_groups(training.group_by, [info.sequence_id for info in data.infos])
    metrics = score(predictions, segmental, config.measures, groups)
    behind = raw_behind(run, data.infos)
    if decoding:
        metrics["decoded"]["behind"] = decoded_behind(behind, decoding)
    share, remarks = coverage(data, config.split)
    feed = None if training.inputs == "features" else config.feed or training.feed
    about = {"split": config.split, "seen": seen, "inputs": training.inputs, "feed": feed}
    known = {"decoder": decoder, "labelled_share": share, "remarks": remarks}
    metrics = {**about, **known, "behind": behind, **metrics}
    if has_bouts(run.facts.task, run.layout.outputs):
        write_bouts(predictions, out / BOUTS, out / SUMMARY, data.infos, config.bins)
    write_answers(config.write, predictions, data.infos, data.store)
    latency = measure_latency(run)
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    timed = asdict(latency) if latency else None
    write_report(out / "report.html", run, metrics, predictions, data.infos, timed)
    return metrics


def _load(run: Run, config: EvaluateConfig) -> SequenceSet:
    training = run.config
    _require_there(run, config)
    store = FeatureStore(config.store or training.store)
    ignored = (*training.ignore_label, *config.ignore_label)
    read = replace(training, ignore_label=ignored)
    options = read.options_for(config.labels or training.labels, training.task)
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


def _require_there(run: Run, config: EvaluateConfig) -> None:
    """Checks that what a run was trained on is still where it was, unless it was given.

    Raises:
        InputError: something is gone; the option that says where it is now is named.
    """
    needed = [] if config.store else [("store", run.config.store)]
    needed += [] if config.labels else [("labels", path) for path in run.config.labels]
    for name, path in needed:
        if not path.exists() and str(path) != FOLDERS:
            raise InputError(
                f"the {name} that {run.path} was trained on is no longer at {path}; give --{name} "
                "with the place where it is now"
            )


def _chosen(run: Run, config: EvaluateConfig, store: FeatureStore, labels: Labels) -> list[str]:
    if config.split == "all":
        return sorted(labels.ids())
    ids = list(run.splits[config.split])
    if not ids:
        held = ", ".join(part for part in PARTS if run.splits[part])
        raise InputError(
            f"the {config.split} split of {run.path} is empty; evaluate one that is not ({held}), "
            "or --split all"
        )
    for sequence_id in ids:
        if sequence_id not in store or sequence_id not in labels.ids():
            raise InputError(_lack(sequence_id, config, store, labels))
    return ids


def _lack(sequence_id: str, config: EvaluateConfig, store: FeatureStore, labels: Labels) -> str:
    """Returns a message about the data that a sequence of the split lacks."""
    name = shorten(sequence_id)
    if sequence_id in store:
        where: object = " ".join(map(str, config.labels or ())) or "the label file"
        advice = hint(sequence_id, labels.ids(), "the label file")
    else:
        where, advice = store.root, why_absent(sequence_id, store)
    otherwise = "for other sequences than the run's own give --split all"
    return f"{where} lacks {name!r} of the {config.split} split; {advice or otherwise}"
