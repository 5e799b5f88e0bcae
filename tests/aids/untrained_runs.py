"""Runs whose weights are random: what evaluating and answering need, without the training."""

from pathlib import Path
from typing import Any

import numpy as np

from trainer.config import TrainConfig
from trainer.devices.processes import Processes
from trainer.model.build import build_model
from trainer.model.model_file import save_model
from trainer.run.folder import Run
from trainer.training.by_data import chosen
from trainer.training.continuation import resolved
from trainer.training.data import load_data
from trainer.training.feature_moments import with_feature_moments


def untrained(store: Path, labels: Path, path: Path, weights: int = 1, **options: Any) -> Run:
    """Makes a run of small layers, without a decoder; ``weights`` is the seed of what they hold."""
    small: dict[str, Any] = {"units": 4, "layers": 1, "chunk_length": 8, "decoder": "none"}
    small |= {"normalize": "train", **options}
    config, run = resolved(TrainConfig(store, labels, path, **small)), Run(path)
    data = load_data(config)
    config = chosen(config, data)
    data = with_feature_moments(data, config, run, Processes())
    run.begin(config, data.splits, data.facts, data.lineage)
    model = build_model(config, data.layout, data.facts.dimension, data.facts.feature_moments)
    chance = np.random.default_rng(weights)
    for weight in model.trainable_weights:
        weight.assign(chance.normal(scale=0.5, size=weight.shape))
    save_model(model, run.model_path)
    return run
