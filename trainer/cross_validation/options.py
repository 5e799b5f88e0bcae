"""The options of ``cross-validate``."""

from dataclasses import dataclass, fields
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.labels.options import reading_last
from trainer.config import TrainConfig, flag


@reading_last
@dataclass(frozen=True)
class CrossValidateConfig(TrainConfig):
    """Trains once for each fold, and measures on all sequences that the folds held out.

    Each fold is a training of its own, RUN/folds/NAME. The same command again goes on where it was
    stopped.
    """

    run: Path
    """Folder that gets a run for each fold, and the evaluation of all."""
    splits: Path | None = None
    """Folder with a splits file, or splits folder, for each fold."""
    folds: int | None = None
    """Number of folds to deal the sequences out to, by whole groups where there are --group-by."""
    leave_out: str | None = None
    """Regular expression whose first group, or whole match, in a sequence id names a group, such as
    a person; each group is left out in turn, and is a fold."""
    jobs: int = 1
    """Folds that are trained at the same time, each on its share of the cores."""
    quiet: bool = False
    """No advice at the end; see evaluate."""
    wait: bool = True
    """Wait for folds that other processes of the same command train. With --no-wait, for jobs in a
    queue, a process ends when no fold is left to begin, and the last one evaluates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("jobs", self.jobs >= 1, "at least 1")
        self._require("folds", self.folds is None or self.folds >= 2, "2 or more")
        ways = ("folds", "splits", "leave_out")
        given = [f"--{flag(name)}" for name in ways if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(
                f"{' and '.join(given) or 'none'} given; expected one of --folds N, --splits "
                "FOLDER or --leave-out REGEX, which says how folds are made"
            )
        if self.leave_out is not None and self.group_by is not None:
            raise InputError(
                f"--group-by {self.group_by} with --leave-out {self.leave_out}: the groups are "
                "those that are left out; give one of them"
            )
        if self.strategy != "local":
            raise InputError(
                f"--strategy {self.strategy}: each fold is a process of its own; give the default "
                "--strategy"
            )

    @property
    def train_config(self) -> TrainConfig:
        """The options of ``train``; each fold has splits of its own."""
        return TrainConfig(**{f.name: getattr(self, f.name) for f in fields(TrainConfig)})

    @property
    def validation(self) -> float:
        """The share of validation in what a fold does not test."""
        train, validation, _ = self.fractions
        return validation / (train + validation) if train + validation > 0 else 0.0

    @property
    def dealt_by(self) -> int:
        """The seed of the folds."""
        return self.seed if self.split_seed is None else self.split_seed
