"""Choices that options leave to the data: how features are normalised, and how fast.

--normalize auto    running, since people, cameras and days differ in what is usual; with labels as
                    the only inputs there is nothing to normalise: train
--shrinkage         the steps of 10 s, since videos differ in steps a second and not in how long one
                    must look at them to know what is usual
"""

from collections.abc import Iterable
from dataclasses import replace

from preprocessing.store.sequence_info import rate_of
from trainer.config import SHRINKAGE_SECONDS, TrainConfig
from trainer.training.data import Data


def chosen(config: TrainConfig, data: Data) -> TrainConfig:
    """Returns a configuration in which nothing is left to the data.

    Args:
        config: what was asked for.
        data: what is trained on.
    """
    if config.normalize == "auto":
        config = replace(config, normalize="train" if config.inputs == "labels" else "running")
    if config.normalize == "running" and config.shrinkage is None:
        steps = max(1, round(SHRINKAGE_SECONDS * rate_of(data.train.infos)))
        config = replace(config, shrinkage=steps)
    return config


def as_chosen(config: TrainConfig, before: TrainConfig) -> TrainConfig:
    """Returns a configuration with what it leaves to the data as a run has chosen it.

    Args:
        config: what was asked for.
        before: what the run was begun with.
    """
    if config.normalize == "auto":
        config = replace(config, normalize=before.normalize)
    if config.normalize == "running" and config.shrinkage is None:
        config = replace(config, shrinkage=before.shrinkage)
    return config


def said(asked: TrainConfig, config: TrainConfig, data: Data) -> str:
    """Returns the line that says what was chosen, and why; empty if nothing was left open.

    Args:
        asked: what was asked for.
        config: what ``chosen`` made of it.
        data: what is trained on.
    """
    parts = [*_parts(asked, config, data)]
    return f"chosen by the data: {', '.join(parts)}" if parts else ""


def _parts(asked: TrainConfig, config: TrainConfig, data: Data) -> Iterable[str]:
    if asked.normalize == "auto" and config.normalize == "running":
        yield "--normalize running (videos differ in what is usual)"
    if asked.shrinkage != config.shrinkage:
        rate = rate_of(data.train.infos)
        seconds = f"{SHRINKAGE_SECONDS:g} s at {rate:.4g} steps a second"
        yield f"--shrinkage {config.shrinkage} ({seconds})"
