"""Training, from a configuration to a run folder."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.console import DONE, progress
from preprocessing.errors import InputError
from preprocessing.label_files import FOLDERS
from preprocessing.quiet import import_tensorflow
from preprocessing.read_ahead import read_ahead
from trainer import checkpoint
from trainer.batches import BATCHES_AHEAD, SequenceSet
from trainer.carry import zero_carry
from trainer.checkpoint import Progress
from trainer.config import TrainConfig
from trainer.data import Data, load_data
from trainer.lanes import Plan, inference_plan, lane_plan, shuffled, window_plan
from trainer.model import build_model, save_model
from trainer.normalization import learn_moments
from trainer.run import Run
from trainer.step import TINY, compile_forward_step, compile_train_step, weighted_sums

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


@dataclass
class Totals:
    """Sums over an epoch; the values reported are means over labelled steps.

    Attributes:
        sums: ``<float64>[3]``: weighted loss, weighted hits, weights.
        steps: real steps, labelled or not.
        places: steps that the batches had room for.
    """

    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    steps: int = 0
    places: int = 0

    @property
    def logs(self) -> dict[str, float]:
        """Mean loss, share of hits, share of the batches that was real steps."""
        weight = max(self.sums[2], TINY)
        return {
            "loss": float(self.sums[0] / weight),
            "accuracy": float(self.sums[1] / weight),
            "utilisation": self.steps / max(self.places, 1),
        }


def run_train(config: TrainConfig) -> int:
    """The command ``train``; see ``TrainConfig``."""
    done = checkpoint.read_progress(Run(config.run).checkpoint_path).finished
    run = train(config)
    state = checkpoint.read_progress(run.checkpoint_path)
    said = "was already finished" if done else "is finished"
    best = f", best in epoch {state.best_epoch}" if state.best_epoch else ""
    print(f"{run.path} {said}: {state.epoch} epochs{best}; next: longtake evaluate {run.path}")
    return DONE


def train(config: TrainConfig, callbacks: Sequence[keras.callbacks.Callback] = ()) -> Run:
    """Trains a model, or goes on after the last whole epoch of an interrupted run.

    Args:
        config: what to train on what.
        callbacks: Keras callbacks; they see ``loss``, ``accuracy``, ``utilisation`` and, where
            there is a validation split, ``val_loss`` and ``val_accuracy``.

    Returns:
        The run, with its model.

    Raises:
        InputError: the data or the options do not fit; nothing was trained.
    """
    config = _resolved(config)
    data = load_data(config)
    run = Run(config.run)
    lanes = config.lanes_for(len(data.train.infos))
    state = checkpoint.read_progress(run.checkpoint_path)
    run.require_same(config, data.splits, data.facts)
    if not state.finished:
        training = _Training(config, data, run, lanes, state)
        run.begin(config, data.splits, data.facts)
        _announce(data, lanes, state)
        training.go(callbacks)
    return run


class _Training:
    """One model being trained; ``go`` is the whole story."""

    def __init__(self, config: TrainConfig, data: Data, run: Run, lanes: int, state: Progress):
        keras.utils.set_random_seed(config.seed)
        moments = None
        if config.normalize == "train":
            moments = learn_moments(data.train.store, data.train.infos)
        self.config, self.data, self.run, self.lanes, self.state = config, data, run, lanes, state
        self.model = build_model(config, data.facts.dimension, len(data.facts.classes), moments)
        self.optimizer = keras.optimizers.Adam(
            config.learning_rate, global_clipnorm=config.clip_norm
        )
        self.loss = keras.losses.SparseCategoricalCrossentropy(reduction=None)
        self.train_step = compile_train_step(self.model, self.optimizer, self.loss)
        self.forward_step = compile_forward_step(self.model)
        if state.epoch:
            checkpoint.restore(run.checkpoint_path, self.variables)

    @property
    def variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]

    def go(self, user_callbacks: Sequence[keras.callbacks.Callback]) -> None:
        callbacks = self._callbacks(user_callbacks)
        callbacks.on_train_begin()
        while self.state.epoch < self.config.epochs and not self._out_of_patience():
            callbacks.on_epoch_begin(self.state.epoch)
            row = self._epoch(callbacks)
            self.state.epoch += 1
            self.state.history.append({"epoch": self.state.epoch, **row})
            self._keep_best(row)
            callbacks.on_epoch_end(self.state.epoch - 1, row)
            self._save()
            if self.model.stop_training:
                break
        callbacks.on_train_end()
        self._finish()

    def _epoch(self, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        title = f"epoch {self.state.epoch + 1}/{self.config.epochs}"
        steps = sum(self.data.train.lengths)
        with progress(total=steps, unit="frame", unit_scale=True, desc=title) as bar:
            begun = time.perf_counter()
            row = self._train_epoch(callbacks, bar).logs
            seconds = time.perf_counter() - begun
            row |= {"frames_per_second": steps / seconds, "seconds": seconds}
            if self.data.validation:
                validated = self._validate(self.data.validation).logs
                row |= {f"val_{name}": validated[name] for name in ("loss", "accuracy")}
            bar.set_postfix(_shown(row), refresh=False)
        return row

    def _train_epoch(self, callbacks: keras.callbacks.CallbackList, bar: Any) -> Totals:
        length = self.config.chunk_length
        carry = zero_carry(self.model, self.lanes)
        totals = Totals()
        batches = self.data.train.batches(self._train_plan(), length)
        for number, batch in enumerate(read_ahead(batches, BATCHES_AHEAD)):
            callbacks.on_train_batch_begin(number)
            if batch.weights.any():
                sums, carry = self.train_step(batch, carry)
                totals.sums += sums.numpy()
            else:
                _, carry = self.forward_step(batch, carry)
            totals.steps += batch.steps
            totals.places += self.lanes * length
            _require_finite_loss(totals, self.state.epoch)
            callbacks.on_train_batch_end(number, totals.logs)
            bar.set_postfix(_shown(totals.logs), refresh=False)
            bar.update(batch.steps)
        return totals

    def _validate(self, data: SequenceSet) -> Totals:
        """Validates with a carry of its own; the training carry does not exist between epochs."""
        carry = zero_carry(self.model, self.lanes)
        length, carried = self.config.chunk_length, self.config.state == "carry"
        plan = inference_plan(data.lengths, self.lanes, length, carried)
        totals = Totals()
        for batch in read_ahead(data.batches(plan, length), BATCHES_AHEAD):
            outputs, carry = self.forward_step(batch, carry)
            totals.sums += weighted_sums(self.loss, batch, outputs).numpy()
        return totals

    def _train_plan(self) -> Plan:
        lengths, length = self.data.train.lengths, self.config.chunk_length
        seed = f"{self.config.seed}/{self.state.epoch}"
        if self.config.state == "reset":
            return window_plan(lengths, self.lanes, length, seed)
        return lane_plan(lengths, shuffled(len(lengths), seed), self.lanes, length)

    def _callbacks(
        self, user_callbacks: Sequence[keras.callbacks.Callback]
    ) -> keras.callbacks.CallbackList:
        self.model.compile(optimizer=self.optimizer)
        callbacks = list(user_callbacks)
        if self.config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(self.run.logs_path, write_graph=False))
        self.model.stop_training = False
        return keras.callbacks.CallbackList(
            callbacks, model=self.model, epochs=self.config.epochs, verbose=0
        )

    def _keep_best(self, row: dict[str, float]) -> None:
        if "val_loss" in row and row["val_loss"] < self.state.best_loss:
            self.state.best_loss, self.state.best_epoch = row["val_loss"], self.state.epoch
            save_model(self.model, self.run.model_path)

    def _out_of_patience(self) -> bool:
        if self.data.validation is None:
            return False
        return self.state.epoch - self.state.best_epoch >= self.config.patience

    def _save(self) -> None:
        self.run.write_history(self.state.history)
        checkpoint.save(self.run.checkpoint_path, self.state, self.variables)

    def _finish(self) -> None:
        if not self.state.best_epoch:
            save_model(self.model, self.run.model_path)
        self.state.finished = True
        self._save()


def _announce(data: Data, lanes: int, state: Progress) -> None:
    """Says what is trained on, so that a stray class or a forgotten video is seen at once."""
    validation = data.validation.infos if data.validation else []
    names = ", ".join(data.facts.classes)
    print(
        f"{len(data.train.infos)} sequences to train on in {lanes} lanes, {len(validation)} to "
        f"validate, {len(data.splits.test)} to test; {len(data.facts.classes)} classes: {names}"
    )
    if state.epoch:
        print(f"going on after epoch {state.epoch}")


def _resolved(config: TrainConfig) -> TrainConfig:
    """Makes paths absolute, so that a run can be evaluated from anywhere."""

    def absolute(path: Path) -> Path:
        return path if str(path) == FOLDERS else path.resolve()

    return replace(
        config,
        store=absolute(config.store),
        labels=absolute(config.labels),
        run=absolute(config.run),
        splits=config.splits and absolute(config.splits),
    )


def _require_finite_loss(totals: Totals, epoch: int) -> None:
    if not np.isfinite(totals.sums).all():
        raise InputError(
            f"the loss became {totals.sums[0]} in epoch {epoch + 1}; try a lower --learning-rate"
        )


def _shown(row: dict[str, float]) -> dict[str, str]:
    names = ("loss", "accuracy", "val_loss", "val_accuracy", "utilisation")
    return {name: f"{row[name]:.3f}" for name in names if name in row}
