"""The extraction that made the features of a run, for new videos."""

import json
from pathlib import Path
from typing import Any

from preprocessing.backbones import (
    NOT_ASKED,
    AskedClip,
    load_backbone,
    names_file,
    takes_clips,
    takes_pixels,
)
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, SCALES, PixelScale
from preprocessing.errors import InputError
from preprocessing.extraction.options import ExtractConfig
from trainer.run.folder import Run
from trainer.run.members import is_ensemble


def extraction_like(
    run: Run, inputs: tuple[Path, ...], store: Path, backbone: str | None = None
) -> ExtractConfig:
    """Returns the extraction options with which the training store was made.

    Args:
        run: the trained run.
        inputs: the new videos.
        store: the folder for their features.
        backbone: path of the run's backbone if that is a file; a path that a run names is never
            used.

    Raises:
        InputError: the features were imported, or the backbone is not the one of the run.
    """
    facts = run.facts
    if facts.frames and is_ensemble(run.path):
        raise InputError(
            f"{run.path} joins runs that have a backbone each; extract the videos with --backbone "
            f"{facts.frames} and give their store"
        )
    if facts.frames and not run.backbone_path.is_file():
        raise InputError(
            f"{run.path} has no {run.backbone_path.name} yet; start the same train command again"
        )
    if not facts.backbone_digest:
        raise InputError(
            f"{run.path} was trained on imported features ({facts.backbone}); import those of the "
            f"new recordings into a store and give it: longtake predict {run.path} STORE --out NEW"
        )
    settings = _settings(run)
    name = _backbone(run, backbone)
    clip = _clip(facts.backbone, settings)
    extraction = ExtractConfig(
        inputs,
        store,
        fps="native" if facts.fps == "native" else float(facts.fps),
        backbone=name,
        pixels=_pixels(facts.backbone, settings) if takes_pixels(name) else AS_THEY_ARE,
        clip=clip.length,
        clip_stride=clip.stride,
        dtype=settings.get("dtype", ExtractConfig.dtype),
        overwrite=True,
    )
    _require_same_backbone(run, extraction)
    return extraction


def _backbone(run: Run, given: str | None) -> str:
    """Returns the backbone to use; a file must be given by the user, not by the run."""
    recorded = run.facts.backbone
    if given is not None:
        return given
    if run.facts.frames:
        # It lies in the run under a name of ours; its digest is the one on record, being its own.
        return str(run.backbone_path)
    if names_file(recorded):
        raise InputError(
            f"{run.path} was trained on features of {recorded}, of which a run keeps no copy; give "
            f"--backbone {recorded} with the path of each file"
        )
    return recorded


def _settings(run: Run) -> dict[str, Any]:
    """Returns the recorded settings, with those of each part of the backbone as ``parts``."""
    try:
        settings = json.loads(run.facts.settings)
        return {**settings, "parts": [dict(part) for part in settings.get("parts", [settings])]}
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"{run.path / 'run.json'} has settings {run.facts.settings!r}, expected those of a "
            "store; train the run again"
        ) from None


def _pixels(backbone: str, settings: dict[str, Any]) -> PixelScale:
    """Returns the recorded pixel scale of a network in a file, if there is one."""
    recorded = zip(backbone.split("+"), settings["parts"], strict=False)
    scales = [part.get("pixels") for name, part in recorded if takes_pixels(name)]
    return next((scale for scale in SCALES if scale in scales), AS_THEY_ARE)


def _clip(backbone: str, settings: dict[str, Any]) -> AskedClip:
    """Returns the recorded clips of a network that is told of them, if there is one."""
    for name, part in zip(backbone.split("+"), settings["parts"], strict=False):
        recorded = [part.get("clip"), part.get("clip_stride")]
        if takes_clips(name) and all(isinstance(n, int) and n > 0 for n in recorded):
            return AskedClip(*recorded)
    return NOT_ASKED


def _require_same_backbone(run: Run, extraction: ExtractConfig) -> None:
    """Checks that the backbone is that of the training store, before any feature is made."""
    backbone = load_backbone(extraction.backbone, extraction.pixels, clip=extraction.asked_clip)
    wanted = f"{run.facts.backbone} ({run.facts.backbone_digest})"
    if (found := f"{backbone.name} ({backbone.digest})") != wanted:
        raise InputError(
            f"the backbone is {found}, {run.path} was trained on features of {wanted}; give the "
            "same one with --backbone"
        )
