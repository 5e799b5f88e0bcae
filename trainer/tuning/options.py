"""The options of ``tune``."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import (
    Literal,
)

from preprocessing.errors import InputError
from preprocessing.labels.options import reading_last
from trainer.config import TrainConfig
from trainer.tuning.search_space import LOWER_IS_BETTER, parse_search


@reading_last
@dataclass(frozen=True)
class TuneConfig(TrainConfig):
    """Searches options of train for those that do best on the validation split.

    Each trial is a training of its own. The same command again goes on where it was stopped;
    started several times, on one machine or on many that see RUN, it shares the work.
    """

    run: Path
    """Folder that gets the trials, their table and plot, and the best options."""
    trials: int = 20
    """Configurations to try."""
    search: tuple[str, ...] = (
        "chunk-length=16,32,64,128",
        "units=32..512:log",
        "learning-rate=1e-4..1e-2:log",
    )
    """Options of train to search: NAME=A,B,C is a choice, NAME=LOW..HIGH a range, and with :log
    behind it as many trials from 1 to 10 as from 10 to 100."""
    objective: str = "val_loss"
    """Column of history.csv that decides, by the best of its epochs: val_loss, val_accuracy."""
    storage: str | None = None
    """Database that workers share, as a URL that Optuna takes; by default RUN/tune.db."""
    prune: bool = True
    """Stop trials that are worse than the median of the others in the same epoch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.trials < 1:
            raise InputError(f"--trials {self.trials}: expected at least 1")
        if not self.objective.startswith("val_"):
            raise InputError(
                f"--objective {self.objective}: expected a validation column of history.csv, such "
                "as val_loss or val_accuracy"
            )
        if self.strategy != "local":
            raise InputError(
                f"--strategy {self.strategy}: each process chooses trials of its own; start tune "
                "in all of them with one --storage and the default --strategy"
            )
        parse_search(self.search)

    @property
    def better(self) -> Literal["minimize", "maximize"]:
        """The way in which the objective gets better, by its name."""
        lower = any(word in LOWER_IS_BETTER for word in self.objective.split("_"))
        return "minimize" if lower else "maximize"

    @property
    def train_config(self) -> TrainConfig:
        """The options of ``train``; each trial replaces those that are searched."""
        return TrainConfig(**{f.name: getattr(self, f.name) for f in fields(TrainConfig)})
