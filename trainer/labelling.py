"""Labels for recordings that have none: the command ``predict``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from preprocessing.backbones import load_backbone, names_file, takes_pixels
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, SCALES, PixelScale
from preprocessing.console import DONE, SOME_FAILED
from preprocessing.errors import InputError
from preprocessing.extract_options import ExtractConfig
from preprocessing.extraction import extract
from preprocessing.sequence_file import SUFFIX
from preprocessing.store import FeatureStore
from preprocessing.video import SUFFIXES as VIDEO_SUFFIXES
from trainer.batches import SequenceSet
from trainer.inference import predict
from trainer.predicted_labels import write_predicted_labels
from trainer.run import Run, load_run


@dataclass(frozen=True)
class PredictConfig:
    """Labels for videos, or for a store, that have none.

    Writes DIR/labels.csv (intervals, labels of whole sequences, or numbers) and DIR/predictions.h5.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Video files, folders of them, or one store."""
    out: Path
    """Folder that gets the predictions; features of videos go to DIR/store."""
    backbone: str | None = None
    """What made the features of the run, where that is a file: its PATH.keras, PATH.onnx or
    PATH.py:Class, joined with + to the others as it was for extract."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""


def run_predict(config: PredictConfig) -> int:
    """The command ``predict``; see ``PredictConfig``."""
    run = load_run(config.run)
    store, ids, failed = _store_of(run, config)
    if not ids:
        raise InputError(f"nothing to predict in {store.root}; see its failures.csv, if any")
    infos = [store.info(sequence_id) for sequence_id in ids]
    for info in infos:
        run.facts.require(info)
    data = SequenceSet(store, infos, None, run.layout)
    predictions = config.out / "predictions.h5"
    predict(run, data, predictions, model=config.model)
    write_predicted_labels(config.out / "labels.csv", infos, predictions, data.layout.outputs)
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
    settings = _settings(run)
    backbone = _backbone(run, config)
    extraction = ExtractConfig(
        config.inputs,
        config.out / "store",
        fps="native" if facts.fps == "native" else float(facts.fps),
        backbone=backbone,
        pixels=_pixels(facts.backbone, settings) if takes_pixels(backbone) else AS_THEY_ARE,
        dtype=settings.get("dtype", ExtractConfig.dtype),
    )
    _require_same_backbone(run, extraction)
    return extraction


def _backbone(run: Run, config: PredictConfig) -> str:
    """The backbone to use; a file is one that the user points at, never one that a run names."""
    recorded = run.facts.backbone
    if config.backbone is not None:
        return config.backbone
    if names_file(recorded):
        raise InputError(
            f"{run.path} was trained on features of {recorded}, of which a run keeps no copy; give "
            f"--backbone {recorded} with the path of each file"
        )
    return recorded


def _settings(run: Run) -> dict[str, Any]:
    """The settings on record, with those of each part of the backbone as ``parts``."""
    try:
        settings = json.loads(run.facts.settings)
        return {**settings, "parts": [dict(part) for part in settings.get("parts", [settings])]}
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"{run.path / 'run.json'} has settings {run.facts.settings!r}, expected those of a "
            "store; train the run again"
        ) from None


def _pixels(backbone: str, settings: dict[str, Any]) -> PixelScale:
    """The scale of the pixels that was recorded for a network in a file, if there is one."""
    recorded = zip(backbone.split("+"), settings["parts"], strict=False)
    scales = [part.get("pixels") for name, part in recorded if takes_pixels(name)]
    return next((scale for scale in SCALES if scale in scales), AS_THEY_ARE)


def _require_same_backbone(run: Run, extraction: ExtractConfig) -> None:
    """Checks, before any feature is made, that the backbone is the one of the training store."""
    backbone = load_backbone(extraction.backbone, extraction.pixels)
    wanted = f"{run.facts.backbone} ({run.facts.backbone_digest})"
    if (found := f"{backbone.name} ({backbone.digest})") != wanted:
        raise InputError(
            f"the backbone is {found}, {run.path} was trained on features of {wanted}; give the "
            "same one with --backbone"
        )
