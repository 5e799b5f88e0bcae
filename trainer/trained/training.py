"""Training from Python, whose run answers, draws and shows itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainer.config import TrainConfig
from trainer.model.own_model import Build
from trainer.trained.run import TrainedRun
from trainer.training.command import train as train_run

if TYPE_CHECKING:
    import keras


def train(
    config: TrainConfig,
    callbacks: "Sequence[keras.callbacks.Callback]" = (),
    build: Build | None = None,
) -> TrainedRun:
    """Trains a model, or goes on exactly where an interrupted run was.

    With ``decoder="folds"`` the command ``train`` has the decoder chosen by three more trainings
    after that: ``trainer.choose_by_folds(run.path)``.

    Args:
        config: what to train on what.
        callbacks: Keras callbacks; they see ``loss``, ``accuracy`` (``mae`` for a regression),
            ``utilisation`` and, where there is a validation split, ``val_loss`` and the like. What
            they remember in attributes is part of checkpoints.
        build: a model of your own, instead of ``config.model``: a function of F, C and the
            configuration; see docs/models.md.

    Returns:
        The run, with its model.

    Raises:
        InputError: the data or the options do not fit and nothing was trained, or the loss became
            NaN.
        Stopped: a signal came; a checkpoint is written, the same call goes on.
    """
    return TrainedRun(train_run(config, callbacks, build).path)
