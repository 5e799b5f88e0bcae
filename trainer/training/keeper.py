"""The files of a run while it trains: checkpoints, its history, the best model so far."""

import time
import zlib
from collections.abc import Sequence
from typing import Any

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.trained import TrainedBackbone
from trainer.config import TrainConfig
from trainer.model.carry import Carry
from trainer.model.model_file import save_model
from trainer.run.checkpoint import Checkpoint, Progress, all_finite, numbered
from trainer.run.folder import Run
from trainer.run.memories import (
    callback_memories,
    changed_memories,
    random_state,
    remind_callbacks,
    set_random_state,
)
from trainer.step.optimizers import optimizer_variables

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

TO_TRY = (
    "try a lower --learning-rate or --clip-norm, --warmup, another --normalize, or --precision "
    "float32"
)


class Keeper:
    """Keeps a training in its run folder, and brings it back.

    Args:
        config: of the run; says how often.
        run: where everything goes.
        model: being trained.
        optimizer: of the model.
        callbacks: the user's, whose memories are kept.
        writes: whether this process writes; of several that train together, one does.
        backbone: that is trained with the model, if one is.
    """

    def __init__(
        self,
        config: TrainConfig,
        run: Run,
        model: keras.Model,
        optimizer: Any,
        callbacks: Sequence[keras.callbacks.Callback],
        writes: bool = True,
        backbone: TrainedBackbone | None = None,
    ):
        self.backbone = backbone
        self.writes = writes
        self.config, self.run, self.model = config, run, model
        self.optimizer, self.callbacks = optimizer, callbacks
        self.saved_at, self.saved_update = time.monotonic(), 0

    def begin(self) -> None:
        """Remembers how callbacks were when training began; they have been told that it did."""
        self.memories_at_begin = callback_memories(self.callbacks)

    @property
    def variables(self) -> list[Any]:
        """Returns all that a checkpoint must hold of model, backbone and optimizer."""
        trained = self.backbone.parts.variables if self.backbone else []
        return [*self.model.variables, *trained, *optimizer_variables(self.optimizer)]

    @property
    def digest(self) -> list[int]:
        """Returns a checksum of each variable of a checkpoint, but for random generators."""
        random = "seed_generator"
        return [
            zlib.crc32(variable.numpy().tobytes())
            for variable in self.variables
            if random not in getattr(variable, "path", "")
        ]

    @property
    def is_late(self) -> bool:
        """Says whether it is time for a checkpoint within an epoch."""
        return time.monotonic() - self.saved_at >= 60 * self.config.checkpoint_minutes

    def updates_left(self, progress: Progress) -> int | None:
        """Counts the updates until the next checkpoint is due; None if they do not matter."""
        every = self.config.checkpoint_updates
        return None if every is None else max(0, every - (progress.updates - self.saved_update))

    def save(self, progress: Progress, carry: Carry) -> None:
        """Writes a checkpoint and the history.

        Args:
            progress: how far the run is.
            carry: of all lanes, ``<float32>[B, ...]`` each.

        Raises:
            InputError: the weights are no numbers any more; nothing is written.
        """
        arrays = numbered("variables", [variable.numpy() for variable in self.variables])
        arrays |= numbered("carry", carry)
        self.require_finite(all_finite(arrays), progress)
        plain, more = changed_memories(self.callbacks, self.memories_at_begin)
        progress.callbacks, progress.chance = plain, random_state()
        progress.stopped = bool(self.model.stop_training)
        self._write_history(progress)
        if self.writes:
            self.run.checkpoints.save(progress, arrays | more, self.config.keep_checkpoints)
        self.saved_at, self.saved_update = time.monotonic(), progress.updates

    def restore(self, checkpoint: Checkpoint) -> Carry:
        """Sets everything to what it was when a checkpoint was written; returns its carry."""
        progress = checkpoint.progress
        checkpoint.restore(self.variables)
        carry: Carry = tuple(keras.ops.convert_to_tensor(x) for x in checkpoint.group("carry"))
        self.saved_update = progress.updates
        self.model.stop_training = progress.stopped
        remind_callbacks(self.callbacks, progress.callbacks, checkpoint.arrays)
        set_random_state(progress.chance)
        self._write_history(progress)
        return carry

    def keep_best(self, progress: Progress, row: dict[str, float]) -> None:
        """Writes the model if its validation loss is the lowest so far.

        Args:
            progress: how far the run is; it takes note of the best epoch.
            row: the figures of the epoch that ends.
        """
        if "val_loss" in row and row["val_loss"] < progress.best_loss:
            progress.best_loss, progress.best_epoch = row["val_loss"], progress.epoch + 1
            self._save_model()

    def keep_last(self, progress: Progress) -> None:
        """Writes the model if none was the best, at the end."""
        if not progress.best_epoch:
            self._save_model()

    def require_finite(self, finite: bool, progress: Progress) -> None:
        """Ends a training that has gone wrong.

        Args:
            finite: whether loss and weights are still numbers.
            progress: how far the run is.

        Raises:
            InputError: they are not; it says what to try, and where the last good checkpoint is.
        """
        if finite:
            return
        kept = self.run.checkpoints.paths()
        where = f"the last good checkpoint is {kept[-1]}" if kept else "no checkpoint was due yet"
        raise InputError(
            f"the loss or the weights became NaN or infinite in epoch {progress.epoch + 1}, "
            f"update {progress.updates}; {TO_TRY}, with another --run ({where})"
        )

    def _save_model(self) -> None:
        if self.writes:
            if self.backbone:
                self.backbone.save(self.run.backbone_path)
            save_model(self.model, self.run.model_path)

    def _write_history(self, progress: Progress) -> None:
        if progress.history and self.writes:
            self.run.write_history(progress.history)
