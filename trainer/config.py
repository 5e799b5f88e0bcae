"""The options of ``train``: the only place of their defaults."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale
from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName
from preprocessing.labels.options import LabelReading, reading_last
from preprocessing.terminal.python_values import accept_values

# How frames may be shown otherwise than they are; see ``trainer/backbone/views.py``.
Augmentation = Literal["crop", "mirror", "colour"]
DEFAULT_LANES = 8
# Defaults of before, which runs that were begun with them keep.
FORMER: dict[str, object] = {"normalize": "train", "shrinkage": 64, "layers": 1, "dropout": 0.2}
# How long the training split's mean and deviation count for, by default.
SHRINKAGE_SECONDS = 10.0
# The most steps that an answer can come late.
LATEST = 10_000


@reading_last
@dataclass(frozen=True)
class TrainConfig(LabelReading):
    """Trains a recurrent model on a store of feature sequences, chunk by chunk.

    The same command again goes on where an interrupted run was, with the same result.
    """

    store: Path
    """Folder of features, made by extract or import."""
    labels: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="PATH")]
    """Label files, or folders of them, in any format of docs/labels.md; later
    ones win where they label; or the word folders (the folder that a video lies in is its
    label)."""
    run: Path
    """Folder that gets the model, its history and its reports."""
    splits: Path | None = None
    """JSON file, or folder with train.txt, validation.txt and test.txt."""
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15)
    """Shares of train, validation and test where no --splits are given."""
    group_by: str | None = None
    """What keeps sequences of one person, animal or place in one part: a regular expression, whose
    first group (or whole match) in a sequence's id names them, or a CSV file sequence,group."""
    split_seed: int | None = None
    """Of splits, where no --splits are given; by default --seed."""
    continue_from: Path | None = None
    """A run whose model is trained further, on what --store, --labels and --splits say; what shapes
    the model is taken from it."""
    state: Literal["carry", "reset"] = "carry"
    """carry: state goes from chunk to chunk; reset: shuffled windows, each from a zero state."""
    stride: int | None = None
    """With --state reset: steps from one window to the next; by default each step counts once."""
    inputs: Literal["features", "labels", "both"] = "features"
    """What the model sees at step t: features of t; the label of t-1; or both of t-1."""
    feed: Literal["predictions", "truth"] = "predictions"
    """With labels as inputs, what stands for them in validation and evaluation: the model's own
    predictions, or the true labels (teacher forcing, as always in training)."""
    outputs: Literal["frame", "sequence"] = "frame"
    """An answer for every step, or one at the last step of a sequence (in training with --state
    reset, of each window)."""
    task: TaskName = "classification"
    """One class a step, any number of classes, or numbers."""
    horizon: int = 0
    """Steps that the answer lies ahead: step t is asked for the label of t + horizon. Below 0 it
    comes so many steps late, having seen them: with -10, step t answers about t - 10."""
    direction: Literal["forward", "backward"] = "forward"
    """forward in time; or backward, from the end of each sequence to its beginning, for recordings
    that are over."""
    class_weights: tuple[str, ...] = ()
    """balanced, or NAME=WEIGHT for some classes; what a step of a class counts in training."""
    smooth: float = 0.0
    """Weight of a loss against flicker beside that of the task: the squared difference between the
    log-probabilities of neighbouring steps; 0.15 in Farha and Gall 2019."""
    gradient: Literal["truncated", "full"] = "truncated"
    """truncated: gradients end at chunk edges; full: they go through whole sequences, in the memory
    of one chunk and about one and a half times the time."""
    accumulate: int = 1
    """Batches whose gradients make one update; with --gradient full, groups of sequences."""
    normalize: Literal["auto", "train", "running", "none"] = "auto"
    """train: by the mean and deviation of the training split, kept inside the model; running: by
    those of the sequence so far, beginning from train; auto: running, where there are features."""
    shrinkage: int | None = None
    """With --normalize running: steps that the training split's mean and deviation count for; by
    default those of 10 seconds."""
    cell: Literal["lstm", "gru"] = "lstm"
    """Kind of recurrent layer."""
    layers: int = 2
    """Recurrent layers."""
    units: int = 128
    """Size of each recurrent layer."""
    dropout: float = 0.3
    """Share of a recurrent layer's inputs, and of the last layer's, that is dropped."""
    layer_norm: bool = False
    """Normalise what goes into each recurrent layer and into the last one, step by step."""
    learn_initial_state: bool = False
    """Learn the state in which a sequence begins, instead of zeros."""
    model: str | None = None
    """A model of your own: FILE.py:function; see docs/models.md."""
    finetune: str | None = None
    """With a store of frames: the backbone that is trained with the model, from the weights that it
    has: efficientnet-lite0, -lite1 or -lite2, a network of keras.applications, or PATH.keras."""
    trainable_from: str = "0.67"
    """With --finetune: where what is trained of the backbone begins: the beginning of a layer's
    name, or the share of the layers with weights that stay as they are (0 trains all)."""
    backbone_rate: float = 2e-5
    """Learning rate of the backbone, at its highest; --warmup 24 keeps the first updates small."""
    frames_at_once: int = 32
    """Frames that go through the backbone at once on each device; memory follows it, and not the
    length of a chunk."""
    augment: tuple[Augmentation, ...] = ()
    """How frames may be shown in training, another way in each epoch, the same for all of a video:
    crop, mirror and colour."""
    pixels: PixelScale = AS_THEY_ARE
    """The scale of the pixels that the backbone in a .keras file takes."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Numbers in which layers compute; weights and the carry between chunks are float32."""
    chunk_length: int = 64
    """Steps in a chunk (T), or in a window."""
    random_phase: bool = False
    """Move the edges of chunks, or windows, so that they fall on other steps in every epoch."""
    burn_in: int = 0
    """Leading steps of a sequence, or of each window, that warm the state and have no loss."""
    lanes: int | None = None
    """Rows of a batch (B) on each device; by default 8, or the number of training sequences if that
    is less."""
    devices: Literal["all", "one"] = "all"
    """Devices of each machine to train on: all its GPUs, or the first."""
    strategy: Literal["local", "multiworker"] = "local"
    """local: this process alone; multiworker: one process on each of several machines, by TF_CONFIG
    or under Slurm; see docs/cluster.md."""
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    """Of Keras; sgd has a momentum of 0.9."""
    learning_rate: float = 1e-3
    """At its highest."""
    schedule: Literal["constant", "cosine", "exponential"] = "constant"
    """How the learning rate falls over --epochs: not, to zero, or to a hundredth."""
    warmup: int = 0
    """Updates over which the learning rate rises from zero first."""
    weight_decay: float | None = None
    """Share of each weight that is taken away at each update, times the learning rate; by default
    0.004 for adamw, none for the others."""
    clip_norm: float = 1.0
    """Largest norm of all gradients together."""
    epochs: int = 50
    """Passes over the training split, at most."""
    patience: int = 10
    """Epochs without a better validation loss after which training stops."""
    decoder: Literal["auto", "folds", "none"] = "auto"
    """auto: when training ends, choose by the validation split what makes one course of classes of
    raw answers, for --decode; folds: without a validation split, choose it by three more trainings,
    each on two thirds of the training split; none: leave that out."""
    seed: int = 0
    """Of order, initial weights and dropout, and of splits without a --split-seed."""
    cache: Literal["auto", "none", "memory"] = "auto"
    """Whether features stay in memory once they are read: always with memory; with auto, those of a
    store so small (16 MB) that memory does not depend on it. For files far away."""
    tensorboard: bool = True
    """Write TensorBoard logs to RUN/logs."""
    checkpoint_minutes: float = 10.0
    """Minutes between checkpoints within an epoch; there is always one at its end."""
    checkpoint_updates: int | None = None
    """Updates between checkpoints within an epoch."""
    keep_checkpoints: int = 2
    """How many of the last checkpoints to keep."""

    def __post_init__(self) -> None:
        accept_values(self)
        counts = ("layers", "units", "chunk_length", "epochs", "patience", "accumulate")
        for name in (*counts, "keep_checkpoints"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("frames_at_once", self.frames_at_once >= 1, "at least 1")
        for name in ("lanes", "stride", "checkpoint_updates", "shrinkage"):
            value = getattr(self, name)
            self._require(name, value is None or value >= 1, "at least 1")
        self._require("horizon", self.horizon >= -LATEST, f"{-LATEST} or more")
        for name in ("burn_in", "warmup"):
            self._require(name, getattr(self, name) >= 0, "0 or more")
        self._require("smooth", 0 <= self.smooth < float("inf"), "0 or more")
        decay = self.weight_decay
        self._require("weight_decay", decay is None or decay >= 0, "0 or more")
        for name in ("learning_rate", "backbone_rate", "clip_norm", "checkpoint_minutes"):
            self._require(name, getattr(self, name) > 0, "more than 0")
        self._require("label_fps", self.label_fps is None or self.label_fps > 0, "more than 0")
        for name in ("seed", "split_seed"):
            value = getattr(self, name)
            self._require(name, value is None or 0 <= value < 2**32, f"0 to {2**32 - 1}")
        self._require("dropout", 0 <= self.dropout < 1, "a share from 0 up to 1")
        _ = self.label_options
        _require_sense(self)

    def _require(self, name: str, holds: bool, expected: str) -> None:
        if not holds:
            raise InputError(f"--{flag(name)} {getattr(self, name)}: expected {expected}")

    @property
    def label_options(self) -> LabelOptions:
        """The options for reading the labels."""
        return self.options_for(self.labels, self.task)

    @property
    def can_decode(self) -> bool:
        """True if answers can be decoded: each step has one, and it names classes."""
        return self.outputs == "frame" and self.task != "regression"

    @property
    def window_stride(self) -> int:
        """The number of steps from one window to the next."""
        return self.stride or self.chunk_length - self.burn_in

    def lanes_for(self, sequences: int) -> int:
        """Returns B on one device for a number of training sequences.

        Raises:
            InputError: there are fewer sequences to carry than lanes.
        """
        if self.lanes is None:
            return DEFAULT_LANES if self.state == "reset" else min(DEFAULT_LANES, sequences)
        if self.state == "carry" and self.lanes > sequences:
            raise InputError(
                f"--lanes {self.lanes} but only {sequences} training sequences: a lane carries one "
                f"sequence at a time; give --lanes {sequences} or fewer"
            )
        return self.lanes


def flag(name: str) -> str:
    """Returns a field's name as it is spelled on the command line."""
    return name.replace("_", "-")


def _require_sense(config: TrainConfig) -> None:
    """Checks a configuration whose single values are right.

    Raises:
        InputError: two options contradict each other; the reason is given.
    """
    for condition, reason in _contradictions(config):
        if condition:
            raise InputError(reason)


def _contradictions(c: TrainConfig) -> list[tuple[bool, str]]:
    carried, windows = c.state == "carry", c.state == "reset"
    answered_once = c.outputs == "sequence"
    past = c.inputs != "features"
    stride = c.stride or 0
    return [
        (
            carried and c.stride is not None,
            f"--stride {c.stride} with --state carry: a carry goes from each chunk to the "
            "one that follows it, not to overlapping or shuffled windows; give --state reset, or "
            "no --stride",
        ),
        (
            windows and c.burn_in >= c.chunk_length,
            f"--burn-in {c.burn_in} with windows of --chunk-length {c.chunk_length}: no step would "
            "have a loss; give a smaller --burn-in",
        ),
        (
            windows and stride > c.chunk_length - c.burn_in,
            f"--stride {stride} is more than the {c.chunk_length - c.burn_in} steps of a window "
            "that have a loss: steps between windows would never be trained on",
        ),
        (
            windows and c.gradient == "full",
            "--gradient full with --state reset: the gradient of a window is whole already; give "
            "--state carry, or --gradient truncated",
        ),
        (
            c.gradient == "full" and c.random_phase,
            "--random-phase with --gradient full: a whole gradient has no chunk edges to move",
        ),
        (
            c.random_phase and (c.window_stride if windows else c.chunk_length) < 2,
            "--random-phase with chunks, or windows, of 1 step: there is nowhere to move their "
            "edges; give a longer --chunk-length or --stride",
        ),
        (
            answered_once and c.horizon > 0,
            f"--horizon {c.horizon} with --outputs sequence: nothing comes after the last step; "
            "give --outputs frame, or no --horizon",
        ),
        *_contradictions_in_time(c),
        *_contradictions_of_backbone(c),
        (
            answered_once and past,
            f"--inputs {c.inputs} with --outputs sequence: labels as inputs would give the answer "
            "away; give --inputs features, or --outputs frame",
        ),
        (
            answered_once and carried and c.burn_in > 0,
            f"--burn-in {c.burn_in} with --outputs sequence: only the last step has a loss anyway; "
            "give no --burn-in",
        ),
        (
            not past and c.feed == "truth",
            "--feed truth with --inputs features: no labels are fed; give --inputs labels or both",
        ),
        (
            c.inputs == "labels" and c.normalize == "running",
            "--normalize running with --inputs labels: there are no features to normalise",
        ),
        (
            c.task == "regression" and c.smooth > 0,
            f"--smooth {c.smooth} with --task regression: numbers have no log-probabilities to "
            "smooth; give no --smooth",
        ),
        (
            answered_once and c.smooth > 0,
            f"--smooth {c.smooth} with --outputs sequence: a sequence is answered once, and no "
            "answer stands beside it; give no --smooth, or --outputs frame",
        ),
        (
            c.decoder == "folds" and c.strategy != "local",
            f"--decoder folds with --strategy {c.strategy}: each part would be a process of its "
            "own; give --decoder auto, and a validation split",
        ),
        (
            c.decoder == "folds" and c.continue_from is not None,
            "--decoder folds with --continue-from: what that run was trained on would not be held "
            "out; give --decoder auto, and a validation split",
        ),
        (
            c.task == "regression" and bool(c.class_weights),
            "--class-weights with --task regression: numbers have no classes",
        ),
    ]


def _contradictions_of_backbone(c: TrainConfig) -> list[tuple[bool, str]]:
    """Returns contradictions of how a backbone is trained."""
    idle = [
        f"--{flag(name)}"
        for name in ("trainable_from", "backbone_rate", "frames_at_once", "augment", "pixels")
        if getattr(c, name) != getattr(TrainConfig, name)
    ]
    tuned = c.finetune is not None
    return [
        (
            bool(idle) and not tuned,
            f"{' and '.join(idle)} without --finetune: no backbone is trained; give --finetune and "
            "a store of frames",
        ),
        (
            tuned and c.inputs != "features",
            f"--finetune {c.finetune} with --inputs {c.inputs}: a backbone is trained through the "
            "features of each step; give --inputs features",
        ),
        (
            tuned and c.strategy != "local",
            f"--finetune {c.finetune} with --strategy {c.strategy}: a backbone is trained by one "
            "process, on all devices of its machine; give no --strategy",
        ),
        (
            tuned and c.cache == "memory",
            "--cache memory with --finetune: frames are read as they are needed, and features "
            "change with the backbone; give no --cache",
        ),
    ]


def _contradictions_in_time(c: TrainConfig) -> list[tuple[bool, str]]:
    """Returns contradictions of what a step sees of time and what it is asked about."""
    late = c.horizon < 0
    return [
        (
            late and c.inputs != "features",
            f"--horizon {c.horizon} with --inputs {c.inputs}: the label that is asked for would be "
            "among the inputs; give --inputs features, or no --horizon",
        ),
        (
            late and c.outputs == "sequence",
            f"--horizon {c.horizon} with --outputs sequence: the answer at the last step has seen "
            "all of the sequence already; give --outputs frame, or no --horizon",
        ),
        (
            c.direction == "backward" and c.horizon > 0,
            f"--horizon {c.horizon} with --direction backward: what lies ahead in time has been "
            "seen already; give --direction forward, or a --horizon of 0 or less",
        ),
    ]
