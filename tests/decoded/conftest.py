import json
from typing import Any

import numpy as np
import pytest
from made_stores import write_sequence

from preprocessing.labels.writing import write_intervals
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.training.command import train

CHANCE = np.random.default_rng(5)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A hardly trained run of each task that can be decoded; answers change from step to step."""
    root = tmp_path_factory.mktemp("decoded")
    for number, steps in enumerate((17, 23, 20, 1)):
        write_sequence(root / "store", f"s{number}", CHANCE.normal(size=(steps, 3)))
    rows = [(f"s{n}", t, t + 1, "ab"[(t + n) % 2]) for n in range(3) for t in range(4)]
    write_intervals(root / "labels.csv", [*rows, ("s3", 0.0, 0.25, "a")])
    splits = {"train": ["s0"], "test": ["s1", "s2", "s3"]}
    (root / "splits.json").write_text(json.dumps(splits))

    def made(task: Any) -> Run:
        return train(
            TrainConfig(
                root / "store", root / "labels.csv", root / task, splits=root / "splits.json",
                task=task, units=4, layers=1, chunk_length=8, epochs=1, tensorboard=False,
            )
        )  # fmt: skip

    return {task: made(task) for task in ("classification", "multilabel")}
