"""One model being trained: epochs, validation, checkpoints."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from preprocessing.console import progress
from preprocessing.errors import InputError, Stopped
from preprocessing.quiet import import_tensorflow
from preprocessing.read_ahead import read_ahead
from trainer.batches import BATCHES_AHEAD, SequenceSet
from trainer.carry import Carry
from trainer.checkpoint import Checkpoint, Progress, all_finite, numbered
from trainer.config import TrainConfig
from trainer.data import Data
from trainer.epochs import evaluation_plan, training_groups, training_plan, updates_an_epoch
from trainer.inference import forward_step
from trainer.interruption import Interruption
from trainer.memories import (
    callback_memories,
    chance_memory,
    changed_memories,
    remind_callbacks,
    remind_chance,
)
from trainer.model import save_model
from trainer.optimizers import (
    is_scheduled,
    learning_rate,
    make_optimizer,
    optimizer_variables,
)
from trainer.run import Run
from trainer.step import TINY, TrainStep, compile_evaluation
from trainer.updates import Totals, Update, full_updates, truncated_updates

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

TO_TRY = (
    "try a lower --learning-rate or --clip-norm, --warmup, another --normalize, or --precision "
    "float32"
)


class Training:
    """One model being trained; ``go`` is the whole story.

    Args:
        config: what was asked for.
        data: what it is trained on.
        run: where everything goes.
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        callbacks: the user's.
        interruption: asked after each update whether a signal came.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Data,
        run: Run,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        interruption: Interruption,
    ):
        self.config, self.data, self.run, self.model = config, data, run, model
        self.lanes = data.lanes
        self.user_callbacks, self.interruption = list(callbacks), interruption
        self.task = data.layout.task
        self.optimizer = make_optimizer(config)
        self.step = TrainStep(model, self.optimizer, self.task)
        self.forward = forward_step(model, config, data.layout.task)
        self.evaluate = compile_evaluation(self.task)
        self.total_updates = 0
        if is_scheduled(config):
            each = updates_an_epoch(config, data.train.lengths, self.lanes)
            self.total_updates = config.epochs * each
        self.state = Progress()
        self.carry: Carry = self.step.initial(self.lanes)
        self.saved_at, self.saved_update = time.monotonic(), 0

    @property
    def variables(self) -> list[Any]:
        """All that a checkpoint must hold of model and optimizer."""
        return [*self.model.variables, *optimizer_variables(self.optimizer)]

    def go(self, checkpoint: Checkpoint | None) -> None:
        """Trains to the end.

        Args:
            checkpoint: where to go on; None for the beginning.

        Raises:
            Stopped: a signal came; a checkpoint is written.
            InputError: the loss is no number any more; the last good checkpoint is kept.
        """
        callbacks = self._callbacks()
        callbacks.on_train_begin()
        self.memories_at_begin = callback_memories(self.user_callbacks)
        if checkpoint:
            self._restore(checkpoint)
        self._heed()
        while self.state.begun or not is_over(
            self.state, self.config, self.data.validation is not None
        ):
            self._epoch(callbacks)
        callbacks.on_train_end()
        if not self.state.best_epoch:
            save_model(self.model, self.run.model_path)
        self.state.finished = True
        self._save()

    def _epoch(self, callbacks: keras.callbacks.CallbackList) -> None:
        epoch, state = self.state.epoch, self.state
        if not state.begun:
            callbacks.on_epoch_begin(epoch)
            state.begun = True
        totals = Totals(np.array(state.sums), state.steps, state.places)
        title = f"epoch {epoch + 1}/{self.config.epochs}"
        with progress(
            total=sum(self.data.train.lengths),
            initial=totals.steps,
            unit="frame",
            unit_scale=True,
            desc=title,
        ) as bar:
            totals = self._train(totals, callbacks, bar)
            row = totals.logs(self.task.score_name)
            rate = totals.steps / max(state.seconds, TINY)
            row |= {"frames_per_second": rate, "seconds": state.seconds}
            if self.data.validation:
                validated = self._validate(self.data.validation).logs(self.task.score_name)
                self._require_finite(bool(np.isfinite(validated["loss"])))
                row |= {f"val_{name}": validated[name] for name in ("loss", self.task.score_name)}
            bar.set_postfix(_shown(row), refresh=False)
        self._end_epoch(row, callbacks)

    def _end_epoch(self, row: dict[str, float], callbacks: keras.callbacks.CallbackList) -> None:
        state = self.state
        state.history.append({"epoch": state.epoch + 1, **row})
        self._keep_best(row)
        callbacks.on_epoch_end(state.epoch, row)
        state.epoch += 1
        state.begun, state.items, state.seconds = False, 0, 0.0
        state.sums, state.steps, state.places = [0.0] * 4, 0, 0
        self.carry = self.step.initial(self.lanes)
        self._save()
        self._heed()

    def _train(self, totals: Totals, callbacks: keras.callbacks.CallbackList, bar: Any) -> Totals:
        state = self.state
        begun = time.perf_counter()
        stopped = state.stopped and state.items
        for update in () if stopped else self._updates(callbacks):
            totals = totals + update.totals
            self.carry = update.carry
            state.items += update.items
            state.updates += 1
            state.sums, state.steps = totals.sums.tolist(), totals.steps
            state.places = totals.places
            state.seconds += time.perf_counter() - begun
            begun = time.perf_counter()
            self._require_finite(bool(np.isfinite(update.totals.sums).all()))
            logs = totals.logs(self.task.score_name)
            callbacks.on_train_batch_end(state.items - update.items, logs)
            bar.set_postfix(_shown(logs), refresh=False)
            bar.update(update.totals.steps)
            if self._due():
                self._save()
            self._heed()
            if self.model.stop_training:
                break
        self._heed()
        return totals

    def _updates(self, callbacks: keras.callbacks.CallbackList) -> Iterator[Update]:
        """The rest of the epoch under way."""
        config, state, data = self.config, self.state, self.data.train

        def begin() -> None:
            callbacks.on_train_batch_begin(state.items)
            if is_scheduled(config):
                rate = learning_rate(config, state.updates, self.total_updates)
                self.optimizer.learning_rate = rate

        if config.gradient == "full":
            groups = training_groups(config, data.lengths, self.lanes, state.epoch, state.items)
            return full_updates(
                self.step, data, groups, config.accumulate, begin, lambda: bool(self.interruption)
            )
        plan = training_plan(config, data.lengths, self.lanes, state.epoch)
        rest = islice(plan, state.items, None)
        return truncated_updates(self.step, data, rest, self.carry, config.accumulate, begin)

    def _validate(self, data: SequenceSet) -> Totals:
        """Validates with a carry of its own."""
        carry = self.forward.initial(self.lanes)
        plan = evaluation_plan(self.config, data.lengths, self.lanes)
        totals = Totals()
        for batch in read_ahead(data.batches(plan), BATCHES_AHEAD):
            outputs, carry = self.forward(batch, carry)
            totals.add(self.evaluate(batch, outputs), batch)
            self._heed()
        return totals

    def _callbacks(self) -> keras.callbacks.CallbackList:
        self.model.compile(optimizer=self.optimizer)
        callbacks = list(self.user_callbacks)
        if self.config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(self.run.logs_path, write_graph=False))
        self.model.stop_training = False
        return keras.callbacks.CallbackList(
            callbacks, model=self.model, epochs=self.config.epochs, verbose=0
        )

    def _keep_best(self, row: dict[str, float]) -> None:
        if "val_loss" in row and row["val_loss"] < self.state.best_loss:
            self.state.best_loss, self.state.best_epoch = row["val_loss"], self.state.epoch + 1
            save_model(self.model, self.run.model_path)

    def _due(self) -> bool:
        every = self.config.checkpoint_updates
        if every is not None and self.state.updates - self.saved_update >= every:
            return True
        return time.monotonic() - self.saved_at >= 60 * self.config.checkpoint_minutes

    def _heed(self) -> None:
        """Ends with a checkpoint if a signal came."""
        if not self.interruption:
            return
        self._save()
        raise Stopped(
            f"{self.interruption.signal}: stopped in epoch {self.state.epoch + 1} after "
            f"{self.state.updates} updates, checkpoint written; start the same command again to "
            "go on"
        )

    def _save(self) -> None:
        """Writes a checkpoint, unless the weights are no numbers any more."""
        arrays = numbered("variables", [variable.numpy() for variable in self.variables])
        arrays |= numbered("carry", self.carry)
        self._require_finite(all_finite(arrays))
        plain, more = changed_memories(self.user_callbacks, self.memories_at_begin)
        self.state.callbacks, self.state.chance = plain, chance_memory()
        self.state.stopped = bool(self.model.stop_training)
        if self.state.history:
            self.run.write_history(self.state.history)
        self.run.checkpoints.save(self.state, arrays | more, self.config.keep_checkpoints)
        self.saved_at, self.saved_update = time.monotonic(), self.state.updates

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Sets everything to what it was when a checkpoint was written."""
        self.state = checkpoint.progress
        checkpoint.restore(self.variables)
        self.carry = tuple(keras.ops.convert_to_tensor(x) for x in checkpoint.group("carry"))
        self.saved_update = self.state.updates
        self.model.stop_training = self.state.stopped
        remind_callbacks(self.user_callbacks, self.state.callbacks, checkpoint.arrays)
        remind_chance(self.state.chance)
        if self.state.history:
            self.run.write_history(self.state.history)

    def _require_finite(self, finite: bool) -> None:
        if finite:
            return
        kept = self.run.checkpoints.paths()
        where = f"the last good checkpoint is {kept[-1]}" if kept else "no checkpoint was due yet"
        raise InputError(
            f"the loss or the weights became NaN or infinite in epoch {self.state.epoch + 1}, "
            f"update {self.state.updates}; {TO_TRY}, with another --run ({where})"
        )


def is_over(state: Progress, config: TrainConfig, validated: bool) -> bool:
    """Whether no epoch is left to train, or none that could still help."""
    patient = not validated or state.epoch - state.best_epoch < config.patience
    return state.stopped or state.epoch >= config.epochs or not patient


def _shown(row: dict[str, float]) -> dict[str, str]:
    names = ("loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae", "utilisation")
    return {name: f"{row[name]:.3f}" for name in names if name in row}
