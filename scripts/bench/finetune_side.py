"""Longtake's side of ``finetune.py``: the trainer, as ``train`` calls it. Prints JSON."""

import contextlib
import io
import json
import shutil
import statistics
import sys
from pathlib import Path

from measure import peak_mb

from trainer import TrainConfig, train


def main(
    folder: Path, lanes: int, length: int, units: int, at_once: int, epochs: int
) -> dict[str, float]:
    """Truncated gradients, of all weights of the backbone."""
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    config = TrainConfig(
        store=folder / "store",
        labels=folder / "labels.csv",
        run=run,
        splits=folder / "splits.json",
        finetune=str(folder / "net.keras"),
        trainable_from="0",
        frames_at_once=at_once,
        chunk_length=length,
        lanes=lanes,
        units=units,
        layers=1,
        dropout=0.0,
        normalize="none",
        epochs=epochs,
        tensorboard=False,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        rows = train(config).history[1:]
    rates = [float(row["frames_per_second"]) for row in rows]
    return {"frames_per_second": statistics.median(rates), "peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:]))))
