"""One trial of a search: a training whose name is the digest of its options."""

from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.trainings.process import TrainingProcess


class TrialRun(TrainingProcess):
    """A training with options that a search has chosen.

    Args:
        config: the options; the digest of all but ``run`` names the trial's folder.
        folder: the folder of all trials.
    """

    def __init__(self, config: TrainConfig, folder: Path):
        text = to_yaml(replace(config, run=Path("run")))
        self.digest = blake2b(text.encode(), digest_size=8).hexdigest()
        super().__init__(config, folder, self.digest)
