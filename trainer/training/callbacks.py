"""The callbacks of a training, which Keras calls."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

OF_BATCHES = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def callback_list(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    epochs: int,
    logs: Path | None,
) -> keras.callbacks.CallbackList:
    """Makes callbacks know their model.

    Args:
        model: compiled, since callbacks look for its optimizer.
        callbacks: the user's.
        epochs: how many there will be at most.
        logs: the folder of TensorBoard; None to write none.
    """
    own = [keras.callbacks.TensorBoard(logs, write_graph=False)] if logs else []
    model.stop_training = False
    return keras.callbacks.CallbackList([*callbacks, *own], model=model, epochs=epochs, verbose=0)


def watch_batches(callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Says whether a callback wants to be called for each update."""
    return any(
        getattr(getattr(callback, name), "__func__", None)
        is not getattr(keras.callbacks.Callback, name)
        for callback in callbacks
        for name in OF_BATCHES
    )
