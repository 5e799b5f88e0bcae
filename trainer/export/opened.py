"""The model of a run, opened for export; that of an ensemble is one graph of all its members."""

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import flag
from trainer.export.graph import in_float32
from trainer.model.model_file import load_model
from trainer.model.together import joined_model
from trainer.run.folder import Run

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

# What one call with one B and T asks of all models in the same way.
SAME = ("direction", "horizon", "inputs", "state")
IN_WINDOWS = ("chunk_length", "burn_in")


def require_one_graph(run: Run) -> None:
    """Checks that all members of an ensemble can be called at once; any other run can.

    Raises:
        InputError: they see or answer other steps at a time.
    """
    first, *others = (one.config for one in run.answering)
    names = (*SAME, *(IN_WINDOWS if first.state == "reset" else ()))
    for name in names:
        for other in others:
            was, now = getattr(first, name), getattr(other, name)
            if was != now:
                raise InputError(
                    f"{run.path} has models of --{flag(name)} {was} and {now}, which no single "
                    "call can answer; export its members, each by itself, or make an ensemble of "
                    "those that are alike"
                )


def opened(run: Run, float32: bool) -> keras.Model:
    """Opens the model of a run anew.

    Args:
        run: the run, whose models fit into one graph.
        float32: True to have all layers compute in float32.

    Raises:
        InputError: a model is missing or cannot be opened.
    """
    models = [load_model(one.model_path) for one in run.answering]
    if float32:
        models = list(map(in_float32, models))
    return joined_model(models, run.layout.task)
