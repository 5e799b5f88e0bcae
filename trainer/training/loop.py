"""One model being trained, epoch by epoch, to the end.

a chunk comes from       ``SequenceSet.read``, by the plan of the epoch (``_updates``)
state lives in           ``Training.carry`` between updates, a row for each lane and for idle ones;
                         full gradients and validation have carries of their own, from zeros
it is reset by           ``reset_rows``, where a ``Chunk`` says ``reset``; all rows after an epoch
an update happens in     ``TrainStep``, called by ``truncated_updates``, ``accumulated_updates`` or
                         ``full_updates``
a checkpoint is written  by ``Keeper.save``: between updates if one is due, after each epoch, when a
                         signal came, and at the end (``_save``)
"""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.frame_stores import in_epoch
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.config import TrainConfig
from trainer.model.carry import Carry
from trainer.plan.epochs import evaluation_plan, training_groups, training_plan, updates_an_epoch
from trainer.plan.lineup import with_room
from trainer.run.checkpoint import Checkpoint, Progress
from trainer.run.folder import Run
from trainer.run.interruption import HEED_SECONDS
from trainer.step.optimizers import is_scheduled, learning_rates
from trainer.step.totals import TINY, Totals
from trainer.training.advance import Advance
from trainer.training.announcer import Announcer
from trainer.training.callbacks import callback_list
from trainer.training.data import Data
from trainer.training.epoch_line import epoch_bar, show
from trainer.training.full import full_updates
from trainer.training.keeper import Keeper
from trainer.training.steps import Steps
from trainer.training.stops import Stops
from trainer.training.truncated import accumulated_updates, truncated_updates

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


class Training:
    """One model being trained; ``go`` is the whole story.

    Args:
        config: what was asked for.
        run: where everything goes.
        data: what is trained on.
        progress: how far the run is; it is kept up to date, and is what checkpoints hold.
        steps: what computes.
        stops: what may end it early.
        announcer: says what is seen beside the line of each epoch.
        callbacks: the user's.
    """

    def __init__(
        self,
        config: TrainConfig,
        run: Run,
        data: Data,
        progress: Progress,
        steps: Steps,
        stops: Stops,
        announcer: Announcer,
        callbacks: Sequence[keras.callbacks.Callback],
    ):
        self.config, self.data, self.progress = config, data, progress
        self.stops, self.announcer = stops, announcer
        self.learning, self.validating, self.devices = steps
        self.rows = self.devices.rows_for(progress.lanes)
        self.own_rows = self.devices.own_rows(self.rows)
        self.model, self.processes = self.learning.model, stops.processes
        self.model.compile(optimizer=self.learning.optimizer)
        logs = run.logs_path if config.tensorboard and self.processes.chief else None
        self.callbacks = callback_list(self.model, callbacks, config.epochs, logs)
        self.keeper = Keeper(
            config,
            run,
            self.model,
            self.learning.optimizer,
            callbacks,
            self.processes.chief,
            data.backbone,
        )
        self.score_name = data.layout.task.score_name
        self.update_seconds, self.all_updates = HEED_SECONDS, 0
        if is_scheduled(config):
            each = updates_an_epoch(config, data.train.lengths, progress.lanes)
            self.all_updates = config.epochs * each
        self.carry: Carry = self.learning.initial_carry(self.rows)

    def go(self, checkpoint: Checkpoint | None) -> None:
        """Trains to the end.

        Args:
            checkpoint: where to go on; None for the beginning.

        Raises:
            Stopped: a signal came; a checkpoint is written.
            InputError: the loss is no number any more; the last good checkpoint is kept.
        """
        self.callbacks.on_train_begin()
        self.keeper.begin()
        if checkpoint:
            self.carry = self.devices.place(self.keeper.restore(checkpoint))
        if self.processes.count > 1:
            self.processes.require_same(weights=self.keeper.digest)
        self.learning.seed_devices_apart()
        self._stop_if(self.stops.agree(self.stops.signal_here))
        config, validated = self.config, self.data.validation is not None
        while self.progress.begun or not self.progress.is_over(
            config.epochs, config.patience, validated
        ):
            self._epoch()
        self.callbacks.on_train_end()
        self.keeper.keep_last(self.progress)
        self.progress.finished = True
        self._save()
        self.processes.wait_for_all()

    def _epoch(self) -> None:
        number, steps = self.progress.epoch + 1, sum(self.data.train.lengths)
        if not self.progress.begun:
            self.callbacks.on_epoch_begin(self.progress.epoch)
            self.progress.begun = True
        shown = self.processes.chief
        with epoch_bar(number, self.config.epochs, steps, self.progress.steps, shown) as bar:
            row = self._learn(bar)
            if self.data.validation:
                row |= self._validate(self.data.validation)
            show(bar, row)
        self._end_epoch(row)

    def _learn(self, bar: Any) -> dict[str, float]:
        """Makes the updates that an epoch has left, and returns its figures."""
        progress, totals = self.progress, Totals.of(self.progress)
        begun = time.perf_counter()
        for advance in self._updates():
            self.announcer.first_update()
            before = totals.steps
            for some in advance.totals:
                totals = totals + some
                progress.updates += 1
                self._require_finite(totals.sums)
            totals.note(progress)
            self.carry = advance.carry
            progress.items += advance.items
            spent = time.perf_counter() - begun
            begun += spent
            progress.seconds += spent
            self.update_seconds = spent / len(advance.totals)
            logs = totals.logs(self.score_name)
            self.callbacks.on_train_batch_end(progress.items - advance.items, logs)
            show(bar, logs)
            bar.update(totals.steps - before)
            if self._pause():
                break
        self._stop_if(self.stops.signal_came())
        return totals.logs(self.score_name) | {
            "frames_per_second": totals.steps / max(progress.seconds, TINY),
            "seconds": progress.seconds,
            "waiting_seconds": totals.waited,
        }

    def _updates(self) -> Iterator[Advance]:
        """Makes the updates that an epoch has left, as they are asked for."""
        config, progress, rows = self.config, self.progress, self.rows
        if progress.stopped and progress.items:  # A callback asked for the end within this epoch.
            return iter(())
        data = in_epoch(self.data.train.only(self.own_rows), progress.epoch)
        if config.gradient == "full":
            groups = training_groups(
                config, data.lengths, progress.lanes, progress.epoch, progress.items
            )
            padded = (list(with_room(group, rows)) for group in groups)
            stop = self.stops.signal_came
            return full_updates(self.learning, data, padded, config.accumulate, self._begin, stop)
        plan = training_plan(config, data.lengths, progress.lanes, progress.epoch)
        rest = with_room(islice(plan, progress.items, None), rows)
        if config.accumulate > 1:
            return accumulated_updates(
                self.learning, data, rest, self.carry, config.accumulate, self._begin
            )
        return truncated_updates(self.learning, data, rest, self.carry, self._allowed, self._begin)

    def _begin(self, count: int) -> NDArray[np.float32] | None:
        """Tells callbacks that updates begin, and returns the learning rate of each."""
        self.callbacks.on_train_batch_begin(self.progress.items)
        return learning_rates(self.config, self.progress.updates, count, self.all_updates)

    def _allowed(self) -> int:
        """Returns how many updates may come before the next pause."""
        if self.stops.at_once or self.model.stop_training or self.devices.replicated:
            return 1
        heeded = max(1, int(HEED_SECONDS / self.update_seconds))
        left = self.keeper.updates_left(self.progress)
        return heeded if left is None else min(heeded, left)

    def _pause(self) -> bool:
        """Writes a checkpoint between updates if it is time, and says whether the epoch ends."""
        late, stop, signalled = self.stops.after_update(
            self.keeper.is_late, bool(self.model.stop_training)
        )
        if late or self.keeper.updates_left(self.progress) == 0:
            self._save()
        self._stop_if(signalled)
        if stop:
            self.model.stop_training = True
        return stop

    def _validate(self, data: SequenceSet) -> dict[str, float]:
        """Returns the figures of validation, which has a carry of its own."""
        carry = self.validating.initial_carry(self.rows)
        plan = with_room(evaluation_plan(self.config, data.lengths, self.progress.lanes), self.rows)
        totals = Totals()
        for batch in read_ahead(data.only(self.own_rows).batches(plan), READS_AHEAD):
            sums, carry = self.validating(batch, carry)
            totals.add(sums, batch)
            self._stop_if(self.stops.signal_came())
        logs = totals.logs(self.score_name)
        self._require_finite(logs["loss"])
        return {f"val_{name}": logs[name] for name in ("loss", self.score_name)}

    def _end_epoch(self, row: dict[str, float]) -> None:
        progress = self.progress
        progress.history.append({"epoch": progress.epoch + 1, **row})
        self.keeper.keep_best(progress, row)
        self.callbacks.on_epoch_end(progress.epoch, row)
        self.model.stop_training = self.stops.agree(bool(self.model.stop_training))
        progress.epoch += 1
        progress.begun, progress.items, progress.seconds = False, 0, 0.0
        Totals().note(progress)
        self.carry = self.learning.initial_carry(self.rows)
        self._save()
        self._stop_if(self.stops.agree(self.stops.signal_here))

    def _save(self) -> None:
        """Writes a checkpoint of all lanes."""
        carry = self.devices.join(self.carry, self.progress.lanes)
        try:
            self.keeper.save(self.progress, carry)
        except InputError:
            self.processes.wait_for_all()
            raise

    def _stop_if(self, signalled: bool) -> None:
        """Ends with a checkpoint if a signal came."""
        if signalled:
            self._save()
            self.processes.wait_for_all()
            raise self.stops.stopped(self.progress)

    def _require_finite(self, sums: Any) -> None:
        finite = bool(np.isfinite(sums).all())
        if not finite:
            self.processes.wait_for_all()
        self.keeper.require_finite(finite, self.progress)
