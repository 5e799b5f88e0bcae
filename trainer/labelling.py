"""Labels for recordings that have none: the command ``predict``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
import tyro

from preprocessing.console import DONE, SOME_FAILED
from preprocessing.errors import InputError
from preprocessing.label_files import write_intervals, write_sequence_labels
from preprocessing.labels import runs
from preprocessing.sequence_file import SUFFIX
from preprocessing.store import FeatureStore
from trainer.batches import SequenceSet
from trainer.inference import predict
from trainer.predictions import read_classes
from trainer.run import Run, load_run


@dataclass(frozen=True)
class PredictConfig:
    """Labels for videos, or for a store, that have none.

    Writes DIR/labels.csv (intervals, or a label a sequence) and DIR/predictions.h5.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Video files, folders of them, or one store."""
    out: Path
    """Folder that gets the predictions; features of videos go to DIR/store."""


def run_predict(config: PredictConfig) -> int:
    """The command ``predict``; see ``PredictConfig``."""
    run = load_run(config.run)
    store, failed = _store_of(run, config)
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    if not infos:
        raise InputError(f"{store.root} holds no sequence to predict; see its failures.csv, if any")
    for info in infos:
        run.facts.require(info)
    training = run.config
    data = SequenceSet(store, infos, None, training.outputs)
    config.out.mkdir(parents=True, exist_ok=True)
    predictions = config.out / "predictions.h5"
    predict(run, data, predictions)
    _write_labels(config.out / "labels.csv", data, predictions)
    print(f"{len(infos)} sequences labelled in {config.out / 'labels.csv'}")
    return SOME_FAILED if failed else DONE


def _store_of(run: Run, config: PredictConfig) -> tuple[FeatureStore, int]:
    """The store to predict on, made of videos if need be, and how many of these failed."""
    inputs = list(config.inputs)
    if not inputs:
        raise InputError("nothing to predict: give video files, folders of them, or a store")
    if len(inputs) == 1 and inputs[0].is_dir() and any(inputs[0].rglob(f"*{SUFFIX}")):
        return FeatureStore(inputs[0]), 0
    from preprocessing.extraction import ExtractConfig, extract

    facts = run.facts
    if not facts.backbone_digest:
        raise InputError(
            f"{run.path} was trained on imported features ({facts.backbone}); import those of the "
            "new recordings and give their store"
        )
    fps: Any = facts.fps if facts.fps == "native" else float(facts.fps)
    results = extract(
        ExtractConfig(config.inputs, config.out / "store", fps, backbone=facts.backbone)
    )
    failed = sum(result.outcome not in ("extracted", "skipped") for result in results)
    return FeatureStore(config.out / "store"), failed


def _write_labels(path: Path, data: SequenceSet, predictions: Path) -> None:
    """Writes predicted labels in a form that ``--labels`` takes."""
    with h5py.File(predictions) as file:
        classes = read_classes(file)
        named = {
            info.sequence_id: [classes[c] for c in file[info.sequence_id]["predicted"][()]]
            for info in data.infos
        }
    if data.outputs == "sequence":
        write_sequence_labels(path, [(name, labels[0]) for name, labels in named.items()])
        return
    rows_of_intervals = []
    for info in data.infos:
        times = data.store.timestamps(info.sequence_id) - info.start_time
        edges = np.append(times, info.end)
        intervals = runs(named[info.sequence_id], edges)
        rows_of_intervals += [(info.sequence_id, *interval) for interval in intervals]
    write_intervals(path, rows_of_intervals)
