"""One model being trained: epochs and validation."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.console import progress
from preprocessing.errors import Stopped
from preprocessing.quiet import import_tensorflow
from preprocessing.read_ahead import read_ahead
from trainer.batches import READS_AHEAD, SequenceSet
from trainer.carry import Carry
from trainer.checkpoint import Checkpoint, Progress
from trainer.config import TrainConfig
from trainer.data import Data
from trainer.epochs import evaluation_plan, training_groups, training_plan, updates_an_epoch
from trainer.forward import compile_evaluation
from trainer.inference import forward_step
from trainer.interruption import Interruption
from trainer.keeper import Keeper
from trainer.optimizers import is_scheduled, learning_rate, make_optimizer
from trainer.run import Run
from trainer.step import TINY, TrainStep
from trainer.updates import Totals, Updates, accumulated_updates, full_updates, truncated_updates

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

# Signals, and whether a checkpoint is due, are asked for as often as this, or after each update.
HEED_SECONDS = 1.0


class Training:
    """One model being trained; ``go`` is the whole story.

    Args:
        config: what was asked for.
        data: what it is trained on.
        run: where everything goes.
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        callbacks: the user's.
        interruption: asked after each update whether a signal came.
        begun: ``time.perf_counter()`` when training was asked for.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Data,
        run: Run,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        interruption: Interruption,
        begun: float,
    ):
        self.config, self.data, self.run, self.model = config, data, run, model
        self.lanes = data.lanes
        self.user_callbacks, self.interruption = list(callbacks), interruption
        self.asked_for: float | None = begun
        self.update_seconds = HEED_SECONDS
        self.watched = any(map(_watches_batches, callbacks))
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
        self.keeper = Keeper(self.config, self.run, self.model, self.optimizer, self.user_callbacks)
        if checkpoint:
            self.state, self.carry = self.keeper.restore(checkpoint)
        self._heed()
        while self.state.begun or not is_over(
            self.state, self.config, self.data.validation is not None
        ):
            self._epoch(callbacks)
        callbacks.on_train_end()
        self.keeper.keep_last(self.state)
        self.state.finished = True
        self.keeper.save(self.state, self.carry)

    def _epoch(self, callbacks: keras.callbacks.CallbackList) -> None:
        epoch, state = self.state.epoch, self.state
        if not state.begun:
            callbacks.on_epoch_begin(epoch)
            state.begun = True
        totals = Totals(np.array(state.sums), state.steps, state.places, state.waited)
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
            row |= {"waiting_seconds": totals.waited}
            if self.data.validation:
                validated = self._validate(self.data.validation).logs(self.task.score_name)
                self.keeper.require_finite(bool(np.isfinite(validated["loss"])), state)
                row |= {f"val_{name}": validated[name] for name in ("loss", self.task.score_name)}
            bar.set_postfix(_shown(row), refresh=False)
        self._end_epoch(row, callbacks)

    def _end_epoch(self, row: dict[str, float], callbacks: keras.callbacks.CallbackList) -> None:
        state = self.state
        state.history.append({"epoch": state.epoch + 1, **row})
        self.keeper.keep_best(state, row)
        callbacks.on_epoch_end(state.epoch, row)
        state.epoch += 1
        state.begun, state.items, state.seconds = False, 0, 0.0
        state.sums, state.steps, state.places, state.waited = [0.0] * 4, 0, 0, 0.0
        self.carry = self.step.initial(self.lanes)
        self.keeper.save(self.state, self.carry)
        self._heed()

    def _train(self, totals: Totals, callbacks: keras.callbacks.CallbackList, bar: Any) -> Totals:
        state = self.state
        begun = time.perf_counter()
        stopped = state.stopped and state.items
        for updates in () if stopped else self._updates(callbacks):
            self._announce(bar)
            before = totals.steps
            for some in updates.totals:
                totals = totals + some
                state.updates += 1
                self.keeper.require_finite(bool(np.isfinite(totals.sums).all()), state)
            self.carry = updates.carry
            state.items += updates.items
            state.sums, state.steps = totals.sums.tolist(), totals.steps
            state.places, state.waited = totals.places, totals.waited
            spent, begun = time.perf_counter() - begun, time.perf_counter()
            state.seconds += spent
            self.update_seconds = spent / len(updates.totals)
            logs = totals.logs(self.task.score_name)
            callbacks.on_train_batch_end(state.items - updates.items, logs)
            bar.set_postfix(_shown(logs), refresh=False)
            bar.update(totals.steps - before)
            if self.keeper.due(state):
                self.keeper.save(state, self.carry)
            self._heed()
            if self.model.stop_training:
                break
        self._heed()
        return totals

    def _announce(self, bar: Any) -> None:
        """Says once how long it took until the first update, or pass, was made."""
        if self.asked_for is not None:
            seconds = time.perf_counter() - self.asked_for
            bar.write(f"first update after {seconds:.1f} s", file=sys.stdout)
            self.asked_for = None

    def _updates(self, callbacks: keras.callbacks.CallbackList) -> Iterator[Updates]:
        """The rest of the epoch under way."""
        config, state, data = self.config, self.state, self.data.train

        def begin(count: int) -> NDArray[np.float32] | None:
            callbacks.on_train_batch_begin(state.items)
            if not is_scheduled(config):
                return None
            numbers = range(state.updates, state.updates + count)
            rates = [learning_rate(config, number, self.total_updates) for number in numbers]
            return np.array(rates, "float32")

        def allowed() -> int:
            if self.watched or self.model.stop_training:
                return 1
            left = self.keeper.updates_left(state)
            heeded = max(1, int(HEED_SECONDS / self.update_seconds))
            return heeded if left is None else min(heeded, left)

        if config.gradient == "full":
            groups = training_groups(config, data.lengths, self.lanes, state.epoch, state.items)
            return full_updates(
                self.step, data, groups, config.accumulate, begin, lambda: bool(self.interruption)
            )
        plan = training_plan(config, data.lengths, self.lanes, state.epoch)
        rest = islice(plan, state.items, None)
        if config.accumulate > 1:
            return accumulated_updates(self.step, data, rest, self.carry, config.accumulate, begin)
        return truncated_updates(self.step, data, rest, self.carry, allowed, begin)

    def _validate(self, data: SequenceSet) -> Totals:
        """Validates with a carry of its own."""
        carry = self.forward.initial(self.lanes)
        plan = evaluation_plan(self.config, data.lengths, self.lanes)
        totals = Totals()
        for batch in read_ahead(data.batches(plan), READS_AHEAD):
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

    def _heed(self) -> None:
        """Ends with a checkpoint if a signal came."""
        if not self.interruption:
            return
        self.keeper.save(self.state, self.carry)
        raise Stopped(
            f"{self.interruption.signal}: stopped in epoch {self.state.epoch + 1} after "
            f"{self.state.updates} updates, checkpoint written; start the same command again to "
            "go on"
        )


def is_over(state: Progress, config: TrainConfig, validated: bool) -> bool:
    """Whether no epoch is left to train, or none that could still help."""
    patient = not validated or state.epoch - state.best_epoch < config.patience
    return state.stopped or state.epoch >= config.epochs or not patient


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback wants to be called for each update."""
    names = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
    methods = {name: getattr(callback, name) for name in names}
    return any(
        getattr(method, "__func__", None) is not getattr(keras.callbacks.Callback, name)
        for name, method in methods.items()
    )


def _shown(row: dict[str, float]) -> dict[str, str]:
    names = ("loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae", "utilisation")
    return {name: f"{row[name]:.3f}" for name in names if name in row}
