"""Sides of ``memory.py``; the last line printed is JSON."""

import json
import sys
from pathlib import Path

from measure import peak_mb

from preprocessing.store.feature_store import FeatureStore
from trainer import EvaluateConfig, TrainConfig, evaluate, train


def main(side: str, folder: Path) -> dict[str, float]:
    """Trains in chunks or on whole sequences, or evaluates what was trained."""
    if side == "evaluate":
        evaluate(EvaluateConfig(folder / "run", "train"))
        return {"peak_mb": peak_mb()}
    store = FeatureStore(folder / "store")
    longest = max(store.info(sequence_id).steps for sequence_id in store.ids())
    train(
        TrainConfig(
            store=folder / "store",
            labels=folder / "labels.csv",
            run=folder / "run",
            splits=folder / "splits.json",
            units=64,
            layers=1,
            epochs=1,
            tensorboard=False,
            chunk_length=longest if side == "whole" else 64,
        )
    )
    return {"peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
