"""Learning and answering while the data arrive, piece by piece.

    predict(piece 0)   partial_fit(piece 0)   predict(piece 1)   partial_fit(piece 1)   ...
       carry of answers ──────────────────────────▶
                          carry of learning ──────────────────────────▶

Answering and learning each have a carry of their own, so that both see every piece once and in
order, whatever comes between them: answers first and labels later is the usual case.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.options import to_yaml
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.devices.one_device import OneDevice
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.model_file import load_model, save_model
from trainer.model.own_model import OwnModel
from trainer.run.archive import DAMAGE, read_archive, write_archive
from trainer.run.checkpoint import Checkpoint, numbered
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run, load_run
from trainer.run.members import require_trainable
from trainer.step.forward import forward_step
from trainer.step.optimizers import make_optimizer, optimizer_variables
from trainer.step.totals import Totals
from trainer.step.train_step import TrainStep
from trainer.streaming.arriving import Arriving
from trainer.task import make_task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

STATE = "online.npz"
# Steps, where nobody knows how long one lasts.
SHRINKAGE = 64
# Options of training runs that a stream has no use for.
NOT_ONLINE = {"gradient", "accumulate", "burn_in", "class_weights", "schedule", "warmup", "stride"}
NOT_ONLINE |= {"random_phase", "lanes", "epochs", "patience", "splits", "continue_from", "outputs"}
NOT_ONLINE |= {"fractions", "group_by", "split_seed", "unlabelled"}


class OnlineTrainer:
    """A model that learns from one stream of steps, in pieces of any length.

    Learning is by plain truncated updates: of the options of ``TrainConfig``, those that shape the
    model, its optimizer, ``chunk_length``, ``inputs``, ``task`` and ``horizon`` count; those about
    epochs, weights and longer gradients do not.

    Make one with ``OnlineTrainer.from_run``, ``create`` or ``load``.

    Examples:
        >>> online = OnlineTrainer.create(4, ["idle", "busy"], units=8)
        >>> online.predict(np.zeros((10, 4))).shape
        (10, 2)
        >>> sorted(online.partial_fit(np.zeros((10, 4)), np.ones(10, int)))
        ['accuracy', 'loss']
    """

    def __init__(self, config: TrainConfig, facts: ModelFacts, model: keras.Model):
        if config.inputs != "features" and config.horizon:
            raise InputError(
                f"--inputs {config.inputs} with --horizon {config.horizon}: labels of steps that "
                "have not come are unknown here; use a run without a horizon"
            )
        if config.direction == "backward":
            raise InputError(
                "--direction backward: a stream comes forward in time, and its end is not known; "
                "use a run with --direction forward"
            )
        if config.state == "reset":
            raise InputError(
                "--state reset: a stream has no windows, and its model was not taught to carry; "
                "use a run with --state carry"
            )
        self.config, self.facts, self.model = config, facts, model
        unknown = facts.feature_moments[0] if facts.feature_moments else ()
        self.layout = Layout.of(config, facts.learned_task, unknown)
        self.optimizer = make_optimizer(config)
        task, device = self.layout.task, OneDevice(any_length=True)
        self.step = TrainStep(model, self.optimizer, task, device, config.smooth)
        answering = replace(config, feed="predictions")
        self.forward = forward_step(model, answering, task, device)
        self.reset()

    @classmethod
    def from_run(cls, run: Run | Path | str) -> "OnlineTrainer":
        """Continues with the model of a trained run, with a new optimizer.

        Raises:
            InputError: there is no such run, or it has no model.
        """
        run = run if isinstance(run, Run) else load_run(run)
        require_trainable("the run", run.path)
        return cls(run.config, run.facts, load_model(run.model_path))

    @classmethod
    def create(
        cls,
        dimension: int,
        classes: Sequence[str],
        target_moments: tuple[Sequence[float], Sequence[float]] | None = None,
        **options: Any,
    ) -> "OnlineTrainer":
        """Begins with a new model, before any data are there.

        Args:
            dimension: F.
            classes: names of the classes, or of the columns of a regression.
            target_moments: mean and variance of each column of a regression, as far as they are
                known; 0 and 1 without.
            **options: options of ``TrainConfig``; ``normalize`` is ``running`` by default.

        Raises:
            InputError: options that contradict each other, or mean nothing before the data are
                there or to a stream.
        """
        for name in NOT_ONLINE & options.keys():
            raise InputError(
                f"{name}={options[name]!r} means nothing to an OnlineTrainer; leave it out"
            )
        if isinstance(classes, int | str):
            raise InputError(f"classes={classes!r}: expected their names, as ['idle', 'busy']")
        options = {"normalize": "running", "shrinkage": SHRINKAGE, **options}
        if options["normalize"] == "train":
            raise InputError(
                "normalize='train': nothing is known of the data yet; give 'running' or 'none'"
            )
        config = TrainConfig(Path(), (Path(),), Path(), **options)
        keras.utils.set_random_seed(config.seed)
        task = make_task(config.task, classes, target_moments or ())
        moments = tuple(tuple(map(float, part)) for part in target_moments or ())
        facts = ModelFacts(
            task.classes, dimension, "", "", "", "", task=task.name, target_moments=moments
        )
        own = OwnModel.read(config.model) if config.model else None
        facts = replace(facts, model_digest=own.digest if own else "")
        return cls(config, facts, build_model(config, Layout.of(config, task), dimension, (), own))

    @classmethod
    def load(cls, folder: Path | str) -> "OnlineTrainer":
        """Restores the trainer that ``save`` wrote.

        Raises:
            InputError: the folder holds no such state, or it is damaged.
        """
        run, path = load_run(folder), Path(folder) / STATE
        online = cls(run.config, run.facts, load_model(run.model_path))
        try:
            _, arrays = read_archive(path)
        except DAMAGE as error:
            raise InputError(
                f"{path} cannot be read ({error}); load what was saved before"
            ) from None
        saved = Checkpoint(path, arrays)
        saved.restore(online._variables)
        for name, stream in online._streams.items():
            stream.restore(saved, name)
        return online

    def save(self, folder: Path | str) -> None:
        """Writes model, optimizer and both carries.

        If it began as a run, ``longtake predict`` takes the folder too.
        """
        run = Run(folder)
        write_whole(run.path / "run.json", self.facts.to_json())
        save_model(self.model, run.model_path)
        arrays = numbered("variables", [variable.numpy() for variable in self._variables])
        for name, stream in self._streams.items():
            arrays |= stream.arrays(name)
        write_archive(run.path / STATE, {}, arrays)
        write_whole(run.config_path, to_yaml(self.config))

    def reset(self) -> None:
        """Begins a new sequence, for answers and for learning."""
        answering, learning = self.forward.initial_carry(1), self.step.initial_carry(1)
        carries = {"answering": answering, "learning": learning}
        self._streams = {
            name: Arriving(self.layout, self.facts.dimension, carry)
            for name, carry in carries.items()
        }

    def partial_fit(self, features: ArrayLike, targets: ArrayLike) -> dict[str, float]:
        """Learns from the next steps, one update for each chunk of at most T.

        Args:
            features: ``<float>[n, F]``, any n.
            targets: the target of each step: ``<int>[n]``, numbers in the list of the run's
                classes with -1 for no label, or ``<float>[n, C]`` with rows of NaN; with a
                horizon, the labels so many steps later, or earlier if it is below 0.

        Returns:
            Mean ``loss`` and ``accuracy`` (``mae`` for a regression) before the updates.

        Raises:
            InputError: shapes that do not fit, or numbers that are not finite.
        """
        task = self.layout.task
        steps = self._checked(features)
        known = self._known(targets)
        if known.shape != task.no_targets((len(steps),)).shape:
            raise InputError(
                f"targets have the shape {list(known.shape)} for {len(steps)} steps; expected "
                f"{list(task.no_targets((len(steps),)).shape)}"
            )
        totals = Totals()
        for start in range(0, len(steps), self.config.chunk_length):
            part = slice(start, start + self.config.chunk_length)
            stream = self._streams["learning"]
            batch = stream.batch(steps[part], known[part])
            take = self.step.update if batch.weights.any() else self.step.forward_only
            sums, stream.carry = take(batch, stream.carry)
            totals.add(sums, batch)
        logs = totals.logs(task.score_name)
        if not np.isfinite(logs["loss"]):
            raise InputError("the loss became NaN; load what was saved, try a lower learning_rate")
        return {name: logs[name] for name in ("loss", task.score_name)}

    def predict(self, features: ArrayLike) -> NDArray[np.float32]:
        """Answers for the next steps, with all before them in mind.

        Args:
            features: ``<float>[n, F]``, any n.

        Returns:
            Outputs ``<float32>[n, C]``; see ``trainer.task``. With a horizon they are about the
            steps so many later, or earlier if it is below 0: the first ones then about none, and
            the last steps of a sequence are answered when its last one is given again as often.

        Raises:
            InputError: shapes that do not fit, or numbers that are not finite.
        """
        steps = self._checked(features)
        stream = self._streams["answering"]
        outputs, stream.carry = self.forward(stream.batch(steps), stream.carry)
        answers: NDArray[np.float32] = outputs.numpy()[0]
        return answers

    @property
    def _variables(self) -> list[Any]:
        return [*self.model.variables, *optimizer_variables(self.optimizer)]

    def _known(self, targets: ArrayLike) -> NDArray[Any]:
        """Converts targets to those of the task."""
        task = self.layout.task
        known = np.asarray(targets).astype(task.no_targets((1,)).dtype)
        if known.dtype.kind == "f" and np.isinf(known).any():
            raise InputError("targets hold infinity; give NaN where there is no label")
        if (
            known.dtype.kind == "i"
            and known.size
            and not -1 <= known.min() <= known.max() < task.size
        ):
            raise InputError(
                f"targets go from {known.min()} to {known.max()}; expected -1 for no label, or the "
                f"number of a class, up to {task.size - 1}"
            )
        return known

    def _checked(self, features: ArrayLike) -> NDArray[np.float32]:
        steps = np.asarray(features, "float32")
        if steps.ndim != 2 or steps.shape[1] != self.facts.dimension or not len(steps):
            raise InputError(
                f"features have the shape {list(steps.shape)}; expected [n, "
                f"{self.facts.dimension}] with n at least 1"
            )
        if not np.isfinite(steps).all():
            raise InputError("features hold NaN or infinity; leave such steps out")
        return steps
