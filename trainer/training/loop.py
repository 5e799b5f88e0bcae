"""One model being trained: epochs and validation."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, Stopped
from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.console import say
from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.config import TrainConfig
from trainer.devices.hardware import threads
from trainer.devices.placement import Placement
from trainer.devices.processes import Processes
from trainer.model.carry import Carry
from trainer.plan.epochs import evaluation_plan, training_groups, training_plan, updates_an_epoch
from trainer.plan.lineup import with_room
from trainer.run.checkpoint import Checkpoint, Progress
from trainer.run.folder import Run
from trainer.run.interruption import HEED_SECONDS, Interruption
from trainer.step.optimizers import is_scheduled, learning_rate
from trainer.step.totals import TINY, Totals
from trainer.training.data import Data
from trainer.training.epoch_line import epoch_bar, show
from trainer.training.keeper import Keeper
from trainer.training.updates import Updates, accumulated_updates, full_updates, truncated_updates

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

import_tensorflow()


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
        lanes: of all devices together.
        processes: that train together.
        placement: on which devices.
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
        lanes: int,
        processes: Processes,
        placement: Placement,
    ):
        self.processes, self.placement = processes, placement
        self.config, self.data, self.run, self.model = config, data, run, model
        self.lanes = lanes
        self.user_callbacks, self.interruption = list(callbacks), interruption
        self.asked_for: float | None = begun
        self.update_seconds, self.signalled = HEED_SECONDS, False
        self.watched = any(map(_watches_batches, callbacks))
        self.task = data.layout.task
        self.step = placement.step
        self.total_updates = 0
        if is_scheduled(config):
            each = updates_an_epoch(config, data.train.lengths, self.lanes)
            self.total_updates = config.epochs * each
        self.state = Progress(lanes=self.lanes, threads=threads())
        self.carry: Carry = self.step.initial(placement.room)

    def _save(self) -> None:
        """Writes a checkpoint of all lanes."""
        carry = self.placement.joined(self.carry)
        try:
            self.keeper.save(self.state, carry)
        except InputError:
            self.processes.leave()
            raise

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
        self.keeper = Keeper(
            self.config,
            self.run,
            self.model,
            self.placement.optimizer,
            self.user_callbacks,
            self.processes.chief,
        )
        if checkpoint:
            self.state, carry = self.keeper.restore(checkpoint)
            self.state.lanes = self.lanes
            self.state.threads = self.state.threads or threads()
            self.carry = self.placement.placed(carry)
        if self.processes.count > 1:
            self.processes.require_same(weights=self.keeper.digest)
        self.step.part_devices()
        self._heed(*self.processes.agree(bool(self.interruption)))
        while self.state.begun or not is_over(
            self.state, self.config, self.data.validation is not None
        ):
            self._epoch(callbacks)
        callbacks.on_train_end()
        self.keeper.keep_last(self.state)
        self.state.finished = True
        self._save()
        self.processes.leave()

    def _epoch(self, callbacks: keras.callbacks.CallbackList) -> None:
        epoch, state = self.state.epoch, self.state
        if not state.begun:
            callbacks.on_epoch_begin(epoch)
            state.begun = True
        totals = Totals(np.array(state.sums), state.steps, state.places, state.waited)
        steps, shown = sum(self.data.train.lengths), self.processes.chief
        with epoch_bar(epoch + 1, self.config.epochs, steps, totals.steps, shown) as bar:
            totals = self._train(totals, callbacks, bar)
            row = totals.logs(self.task.score_name)
            rate = totals.steps / max(state.seconds, TINY)
            row |= {"frames_per_second": rate, "seconds": state.seconds}
            row |= {"waiting_seconds": totals.waited}
            if self.data.validation:
                validated = self._validate(self.data.validation).logs(self.task.score_name)
                self._require_finite(validated["loss"])
                row |= {f"val_{name}": validated[name] for name in ("loss", self.task.score_name)}
            show(bar, row)
        self._end_epoch(row, callbacks)

    def _end_epoch(self, row: dict[str, float], callbacks: keras.callbacks.CallbackList) -> None:
        state = self.state
        state.history.append({"epoch": state.epoch + 1, **row})
        self.keeper.keep_best(state, row)
        callbacks.on_epoch_end(state.epoch, row)
        (self.model.stop_training,) = self.processes.agree(bool(self.model.stop_training))
        state.epoch += 1
        state.begun, state.items, state.seconds = False, 0, 0.0
        state.sums, state.steps, state.places, state.waited = [0.0] * 4, 0, 0, 0.0
        self.carry = self.step.initial(self.placement.room)
        self._save()
        self._heed(*self.processes.agree(bool(self.interruption)))

    def _train(self, totals: Totals, callbacks: keras.callbacks.CallbackList, bar: Any) -> Totals:
        state = self.state
        begun = time.perf_counter()
        stopped = state.stopped and state.items
        for updates in () if stopped else self._updates(callbacks):
            self._announce()
            before = totals.steps
            for some in updates.totals:
                totals = totals + some
                state.updates += 1
                self._require_finite(totals.sums)
            self.carry = updates.carry
            state.items += updates.items
            state.sums, state.steps = totals.sums.tolist(), totals.steps
            state.places, state.waited = totals.places, totals.waited
            spent, begun = time.perf_counter() - begun, time.perf_counter()
            state.seconds += spent
            self.update_seconds = spent / len(updates.totals)
            logs = totals.logs(self.task.score_name)
            callbacks.on_train_batch_end(state.items - updates.items, logs)
            show(bar, logs)
            bar.update(totals.steps - before)
            late, stop, came = self._asked(
                self.keeper.is_late, bool(self.model.stop_training), bool(self.interruption)
            )
            if late or self.keeper.updates_left(state) == 0:
                self._save()
            self._heed(came)
            if stop:
                self.model.stop_training = True
                break
        self._heed(self._signal_came())
        return totals

    def _announce(self) -> None:
        """Says once how long it took until the first update, or pass, was made."""
        if self.asked_for is not None and self.processes.chief:
            seconds = time.perf_counter() - self.asked_for
            say(f"first update after {seconds:.1f} s")
            self.asked_for = None

    def _updates(self, callbacks: keras.callbacks.CallbackList) -> Iterator[Updates]:
        """The rest of the epoch under way."""
        config, state, data = self.config, self.state, self.placement.own(self.data.train)

        def begin(count: int) -> NDArray[np.float32] | None:
            callbacks.on_train_batch_begin(state.items)
            if not is_scheduled(config):
                return None
            numbers = range(state.updates, state.updates + count)
            rates = [learning_rate(config, number, self.total_updates) for number in numbers]
            return np.array(rates, "float32")

        def allowed() -> int:
            if self.watched or self.model.stop_training or self.placement.several:
                return 1
            left = self.keeper.updates_left(state)
            heeded = max(1, int(HEED_SECONDS / self.update_seconds))
            return heeded if left is None else min(heeded, left)

        if config.gradient == "full":
            groups = training_groups(config, data.lengths, self.lanes, state.epoch, state.items)
            roomy = (list(with_room(group, self.placement.room)) for group in groups)
            return full_updates(self.step, data, roomy, config.accumulate, begin, self._signal_came)
        plan = training_plan(config, data.lengths, self.lanes, state.epoch)
        rest = with_room(islice(plan, state.items, None), self.placement.room)
        if config.accumulate > 1:
            return accumulated_updates(self.step, data, rest, self.carry, config.accumulate, begin)
        return truncated_updates(self.step, data, rest, self.carry, allowed, begin)

    def _validate(self, data: SequenceSet) -> Totals:
        """Validates with a carry of its own."""
        carry = self.placement.evaluation.initial(self.placement.room)
        plan = with_room(
            evaluation_plan(self.config, data.lengths, self.lanes), self.placement.room
        )
        totals = Totals()
        for batch in read_ahead(self.placement.own(data).batches(plan), READS_AHEAD):
            sums, carry = self.placement.evaluation(batch, carry)
            totals.add(sums, batch)
            self._heed(self._signal_came())
        return totals

    def _callbacks(self) -> keras.callbacks.CallbackList:
        self.model.compile(optimizer=self.placement.optimizer)
        callbacks = list(self.user_callbacks)
        if self.config.tensorboard and self.processes.chief:
            callbacks.append(keras.callbacks.TensorBoard(self.run.logs_path, write_graph=False))
        self.model.stop_training = False
        return keras.callbacks.CallbackList(
            callbacks, model=self.model, epochs=self.config.epochs, verbose=0
        )

    def _asked(self, *flags: bool) -> list[bool]:
        """Whether some process raises a flag; at once if callbacks may raise one at any update."""
        return (self.processes.agree if self.watched else self.processes.agree_seldom)(*flags)

    def _signal_came(self) -> bool:
        """Whether a signal came, to this process or another; once it is said it stays so."""
        if not self.signalled:
            (self.signalled,) = self.processes.agree_seldom(bool(self.interruption))
        return self.signalled

    def _heed(self, signalled: bool) -> None:
        """Ends with a checkpoint if a signal came."""
        if not signalled:
            return
        self._save()
        self.processes.leave()
        raise Stopped(
            f"{self.interruption.signal or 'another process was stopped'}: stopped in epoch "
            f"{self.state.epoch + 1} after {self.state.updates} updates, checkpoint written; start "
            "the same command again to go on"
        )

    def _require_finite(self, sums: Any) -> None:
        finite = bool(np.isfinite(sums).all())
        if not finite:
            self.processes.leave()
        self.keeper.require_finite(finite, self.state)


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
