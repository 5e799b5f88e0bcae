"""What a training run can be asked for; the only place of its defaults."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preprocessing.errors import InputError
from preprocessing.labels import LabelOptions

DEFAULT_LANES = 8


@dataclass(frozen=True)
class TrainConfig:
    """Trains a recurrent model on a store of feature sequences, chunk by chunk.

    The same command again resumes an interrupted run after its last whole epoch.
    """

    store: Path
    """Folder of features, made by extract or import."""
    labels: Path
    """CSV of intervals or of one label a sequence, a folder of text files, or the word folders
    (the folder that a video lies in is its label)."""
    run: Path
    """Folder that gets the model, its history and its reports."""
    splits: Path | None = None
    """JSON file, or folder with train.txt, validation.txt and test.txt."""
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15)
    """Shares of train, validation and test where no --splits are given."""
    label_fps: float | None = LabelOptions.fps
    """Lines per second of label text files; without it they have a line a step."""
    label_tolerance: float = LabelOptions.tolerance
    """Seconds by which labels and sequence may differ in length."""
    ignore_label: tuple[str, ...] = LabelOptions.ignored
    """Names that count as no label."""
    state: Literal["carry", "reset"] = "carry"
    """carry: state goes from chunk to chunk; reset: shuffled windows, each from a zero state."""
    inputs: Literal["features"] = "features"
    """What the model sees at each step."""
    outputs: Literal["frame", "sequence"] = "frame"
    """An answer for every step, or one at the last step of a sequence."""
    task: Literal["classification"] = "classification"
    """What is learned."""
    gradient: Literal["truncated"] = "truncated"
    """Gradients end at chunk edges."""
    normalize: Literal["train", "none"] = "train"
    """train: by the mean and deviation of the training split, kept inside the model."""
    cell: Literal["lstm"] = "lstm"
    """Kind of recurrent layer."""
    layers: int = 1
    """Recurrent layers."""
    units: int = 128
    """Size of each recurrent layer."""
    dropout: float = 0.2
    """Share of a recurrent layer's inputs, and of the last layer's, that is dropped."""
    chunk_length: int = 64
    """Steps in a chunk (T)."""
    lanes: int | None = None
    """Rows of a batch (B); by default 8, or the number of training sequences if that is less."""
    learning_rate: float = 1e-3
    """Of Adam."""
    clip_norm: float = 1.0
    """Largest norm of all gradients together."""
    epochs: int = 50
    """Passes over the training split, at most."""
    patience: int = 10
    """Epochs without a better validation loss after which training stops."""
    seed: int = 0
    """Of splits, order, initial weights and dropout."""
    tensorboard: bool = True
    """Write TensorBoard logs to RUN/logs."""

    def __post_init__(self) -> None:
        for name in ("layers", "units", "chunk_length", "epochs", "patience"):
            if getattr(self, name) < 1:
                raise InputError(f"--{_flag(name)} {getattr(self, name)}: expected at least 1")
        if self.lanes is not None and self.lanes < 1:
            raise InputError(f"--lanes {self.lanes}: expected at least 1")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"--seed {self.seed}: expected 0 to {2**32 - 1}")
        if not 0 <= self.dropout < 1:
            raise InputError(f"--dropout {self.dropout}: expected a share from 0 up to 1")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise InputError(f"--{_flag(name)} {getattr(self, name)}: expected more than 0")
        if self.label_fps is not None and not self.label_fps > 0:
            raise InputError(f"--label-fps {self.label_fps}: expected more than 0")

    @property
    def label_options(self) -> LabelOptions:
        """How the labels are read."""
        return LabelOptions(self.labels, self.label_fps, self.label_tolerance, self.ignore_label)

    def lanes_for(self, sequences: int) -> int:
        """B for a number of training sequences.

        Raises:
            InputError: more lanes were asked for than there are sequences to carry.
        """
        if self.lanes is None:
            return DEFAULT_LANES if self.state == "reset" else min(DEFAULT_LANES, sequences)
        if self.state == "carry" and self.lanes > sequences:
            raise InputError(
                f"--lanes {self.lanes} but only {sequences} training sequences: a lane carries one "
                f"sequence at a time; give --lanes {sequences} or fewer"
            )
        return self.lanes


def _flag(name: str) -> str:
    return name.replace("_", "-")
