"""Chunked training of recurrent models on long sequences, and evaluation of the results."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.bouts.tables import write_bouts
    from trainer.config import TrainConfig
    from trainer.evaluation.command import evaluate
    from trainer.evaluation.options import EvaluateConfig
    from trainer.run.folder import Run
    from trainer.streaming.online import OnlineTrainer
    from trainer.trained.run import TrainedRun, load_run
    from trainer.trained.training import train
    from trainer.trainings.held_out import choose_by_folds

_WHERE = {
    "EvaluateConfig": "trainer.evaluation.options",
    "OnlineTrainer": "trainer.streaming.online",
    "Run": "trainer.run.folder",
    "TrainConfig": "trainer.config",
    "TrainedRun": "trainer.trained.run",
    "choose_by_folds": "trainer.trainings.held_out",
    "evaluate": "trainer.evaluation.command",
    "load_run": "trainer.trained.run",
    "train": "trainer.trained.training",
    "write_bouts": "trainer.bouts.tables",
}
__all__ = [
    "EvaluateConfig",
    "OnlineTrainer",
    "Run",
    "TrainConfig",
    "TrainedRun",
    "choose_by_folds",
    "evaluate",
    "load_run",
    "train",
    "write_bouts",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
