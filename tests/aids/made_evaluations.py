"""Runs with an evaluation that nobody had to train for: answers, figures and curves."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prediction_files import write_predictions

from preprocessing.labels.splits import Splits
from preprocessing.store.sequence_info import settings_text
from trainer.config import TrainConfig
from trainer.evaluation.measures import Measures
from trainer.evaluation.scoring import score
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.trained.run import TrainedRun

CURVES = [
    {"epoch": n, "loss": 2.0 / n, "val_loss": 2.5 / n, "accuracy": n / 5, "val_accuracy": n / 6}
    for n in (1, 2, 3)
]


def write_run(path: Path, classes: Sequence[str], task: Any = "classification") -> TrainedRun:
    """Writes a run of three epochs, without a model."""
    run = Run(path)
    facts = ModelFacts(tuple(classes), 2, "4.0", "test", "0", settings_text(), task=task)
    config = TrainConfig(path.parent / "store", (path.parent / "labels.csv",), path, task=task)
    run.begin(config, Splits(["a"], [], ["b"]), facts)
    run.write_history(CURVES)
    return TrainedRun(path)


def write_evaluation(
    run: TrainedRun, sequences: Mapping[str, Mapping[str, Any]], split: str = "test"
) -> None:
    """Writes answers and their figures."""
    folder = run.evaluation_path(split)
    folder.mkdir(parents=True)
    facts = run.facts
    path = write_predictions(folder / "predictions.h5", facts.classes, sequences, facts.task)
    figures = score(path, segmental=True, measures=Measures(bootstrap=0))
    more: dict[str, Any] = {"split": split, "seen": [], "remarks": []}
    if "decoded" in figures:
        more["decoder"] = {"kind": "viterbi", "lag": None}
    (folder / "metrics.json").write_text(json.dumps({**more, **figures}))
