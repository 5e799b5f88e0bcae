"""One training of the benchmark of choices, in a process of its own.

python choices_sides.py TASK CHOICE SEED FOLDER   prints JSON
"""

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import noise
import numpy as np
from measure import clock, peak_mb

from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, settings_text
from trainer.config import FORMER, TrainConfig
from trainer.evaluation.command import evaluate
from trainer.evaluation.options import EvaluateConfig
from trainer.training.command import train

CHOICES: dict[str, dict[str, Any]] = {
    "carry": {},
    "reset": {"state": "reset"},
    "whole": {},  # One chunk as long as the longest sequence.
    "full": {"gradient": "full"},
}
TASKS: dict[str, dict[str, Any]] = {
    "demo": {"chunk_length": 32, "units": 64, "normalize": "none", "epochs": 40},
    "gesture": {"epochs": 40},
    "distant": {
        **{"chunk_length": 4, "units": 32, "lanes": 8, "outputs": "sequence", "epochs": 30},
        **{"patience": 30, "dropout": 0.0, "normalize": "none", "learning_rate": 0.01},
    },
    "cost": {"epochs": 4, "lanes": 8, "units": 128},
}
# The model that was measured, whatever the defaults are by now.
MODEL = {name: FORMER[name] for name in ("normalize", "layers", "dropout")}
CHUNKS, SEQUENCES, DIMENSION = 64, 16, 1280


def main(task: str, choice: str, seed: str, folder: str) -> dict[str, Any]:
    """Trains and evaluates."""
    root = Path(folder) / task
    run = Path(folder) / "runs" / f"{task}-{choice}-{seed}"
    shutil.rmtree(run, ignore_errors=True)
    options = {**MODEL, **TASKS[task], **CHOICES[choice]}
    store = FeatureStore(root / "store")
    if choice == "whole":
        options["chunk_length"] = max(store.info(name).steps for name in store.ids())
    config = TrainConfig(
        root / "store",
        root / "labels.csv",
        run,
        splits=root / "splits.json",
        seed=int(seed),
        tensorboard=False,
        **options,
    )
    with clock() as spent:
        trained = train(config)
    peak = peak_mb()
    history = trained.history
    rates = [float(row["frames_per_second"]) for row in history[1:]]
    facts = {"epochs": len(history), "peak_mb": peak, "frames_per_second": statistics.median(rates)}
    if task != "cost":
        facts["accuracy"] = evaluate(EvaluateConfig(trained.path))["accuracy"]
    return {**spent, **facts}


def distant(folder: Path, seed: int = 0) -> None:
    """Writes a task in which the first step is asked about at the last, ten chunks of 4 later."""
    chance = np.random.default_rng(seed)
    rows, names = ["sequence,label"], [f"s{number:03d}" for number in range(160)]
    for name in names:
        features = chance.normal(scale=0.01, size=(40, 2))
        sign = int(chance.integers(0, 2))
        features[0, 0] = 4 * sign - 2
        _sequence(folder, name, features)
        rows.append(f"{name},{('minus', 'plus')[sign]}")
    (folder / "labels.csv").write_text("\n".join([*rows, ""]))
    parts = {"train": names[:96], "validation": names[96:112], "test": names[112:]}
    (folder / "splits.json").write_text(json.dumps(parts))


def cost(folder: Path) -> None:
    """Writes sequences of 64 chunks of 64 steps, of noise."""
    noise.make(folder, [CHUNKS * 64] * SEQUENCES, DIMENSION)


def _sequence(folder: Path, name: str, features: np.ndarray) -> None:
    origin = Origin(name, "", "4.0", "made", "", settings_text())
    path = folder / "store" / f"{name}.h5"
    with SequenceWriter(path, features.shape[1], origin) as writer:
        writer.append(np.arange(len(features)) / 4, features.astype("float16"))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
