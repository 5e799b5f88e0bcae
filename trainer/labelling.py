"""Labels for recordings that have none: the command ``predict``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import h5py
import numpy as np
import tyro

from preprocessing.console import DONE, SOME_FAILED
from preprocessing.errors import InputError
from preprocessing.extraction import ExtractConfig, extract
from preprocessing.label_files import write_intervals, write_sequence_labels
from preprocessing.labels import runs
from preprocessing.sequence_file import SUFFIX
from preprocessing.store import FeatureStore
from preprocessing.video import SUFFIXES as VIDEO_SUFFIXES
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
    store, ids, failed = _store_of(run, config)
    if not ids:
        raise InputError(f"nothing to predict in {store.root}; see its failures.csv, if any")
    infos = [store.info(sequence_id) for sequence_id in ids]
    for info in infos:
        run.facts.require(info)
    data = SequenceSet(store, infos, None, run.config.outputs)
    predictions = config.out / "predictions.h5"
    predict(run, data, predictions)
    _write_labels(config.out / "labels.csv", data, predictions)
    print(f"{len(infos)} sequences labelled in {config.out / 'labels.csv'}")
    return SOME_FAILED if failed else DONE


def _store_of(run: Run, config: PredictConfig) -> tuple[FeatureStore, list[str], int]:
    """The store to predict on, which of its sequences, and how many videos failed."""
    if not config.inputs:
        raise InputError("nothing to predict: give video files, folders of them, or a store")
    if len(config.inputs) == 1 and _is_store(config.inputs[0]):
        store = FeatureStore(config.inputs[0])
        return store, store.ids(), 0
    results = extract(_extraction(run, config))
    done = [r.source.sequence_id for r in results if r.outcome in ("extracted", "skipped")]
    return FeatureStore(config.out / "store"), done, len(results) - len(done)


def _is_store(path: Path) -> bool:
    if not path.is_dir():
        return False
    suffixes = {file.suffix.lower() for file in path.rglob("*")}
    return SUFFIX in suffixes and not suffixes & VIDEO_SUFFIXES


def _extraction(run: Run, config: PredictConfig) -> ExtractConfig:
    """Extracts as for the training store."""
    facts = run.facts
    if not facts.backbone_digest:
        raise InputError(
            f"{run.path} was trained on imported features ({facts.backbone}); import those of the "
            "new recordings and give their store"
        )
    return ExtractConfig(
        config.inputs,
        config.out / "store",
        fps="native" if facts.fps == "native" else float(facts.fps),
        backbone=facts.backbone,
        dtype=json.loads(facts.settings).get("dtype", ExtractConfig.dtype),
    )


def _write_labels(path: Path, data: SequenceSet, predictions: Path) -> None:
    """Writes predicted labels in a form that ``--labels`` takes."""
    with h5py.File(predictions) as file:
        classes = read_classes(file)
        if data.outputs == "sequence":
            write_sequence_labels(
                path,
                (
                    (info.sequence_id, classes[file[info.sequence_id]["predicted"][0]])
                    for info in data.infos
                ),
            )
        else:
            write_intervals(path, _intervals(data, file, classes))


def _intervals(
    data: SequenceSet, file: h5py.File, classes: list[str]
) -> Iterator[tuple[str, float, float, str]]:
    for info in data.infos:
        times = np.maximum(data.store.timestamps(info.sequence_id) - info.start_time, 0.0)
        names = (classes[label] for label in file[info.sequence_id]["predicted"][()])
        for interval in runs(names, np.append(times, info.end)):
            yield info.sequence_id, *interval
