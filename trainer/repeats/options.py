"""The options of the command ``train``: those of one training, and how often it is repeated."""

from dataclasses import dataclass, fields, replace

from preprocessing.errors import InputError
from preprocessing.labels.options import reading_last
from trainer.config import TrainConfig


@reading_last
@dataclass(frozen=True)
class RepeatedTrainConfig(TrainConfig):
    """Trains a recurrent model on a store of feature sequences, chunk by chunk.

    The same command again goes on where an interrupted run was, with the same result.
    """

    repeats: int = 1
    """Trainings that differ in their seed only: --seed and those that follow it. With more than one
    RUN gets a run for each, RUN/seeds/SEED, all with the same splits."""
    jobs: int = 1
    """With --repeats: trainings at the same time, each on its share of the cores."""
    quiet: bool = False
    """No advice at the end: none of the lines, three at most, that say which flag answers what was
    measured, nor the look at the validation split that some of them need."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("repeats", "jobs"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("seed", self.seed + self.repeats <= 2**32, f"{self.repeats} seeds below 2^32")
        if self.repeats > 1 and self.strategy != "local":
            raise InputError(
                f"--repeats {self.repeats} with --strategy {self.strategy}: each process would "
                "repeat it; start train for each --seed, with a --run and one --split-seed"
            )

    @property
    def train_config(self) -> TrainConfig:
        """The options of one training, with the first seed."""
        return TrainConfig(**{f.name: getattr(self, f.name) for f in fields(TrainConfig)})

    @property
    def seeds(self) -> list[TrainConfig]:
        """The options of each training: all have the splits of the first seed."""
        split_seed = self.seed if self.split_seed is None else self.split_seed
        shared = replace(self.train_config, split_seed=split_seed)
        return [replace(shared, seed=self.seed + number) for number in range(self.repeats)]
