"""A model's file."""

from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.keras_archive import open_keras
from preprocessing.files.whole_file import whole_file
from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


def load_model(path: Path) -> keras.Model:
    """Opens a saved model, without running code from the file.

    Raises:
        InputError: it cannot be opened.
    """
    if not path.is_file():
        raise InputError(
            f"there is no model {path}: no epoch has ended yet; start the same train command again"
        )
    try:
        model: keras.Model = open_keras(path)
        return model
    except InputError:
        raise
    # What a damaged file raises differs from part to part of Keras.
    except Exception as error:
        reason = str(error)
        if "register_keras_serializable" in reason or "custom_objects" in reason:
            raise InputError(
                f"{path} holds layers that Keras does not have; give --model FILE.py:function, the "
                "file that it was trained with"
            ) from None
        raise InputError(f"{path} cannot be opened as a Keras model: {reason}") from None


def save_model(model: keras.Model, path: Path) -> None:
    """Writes a ``.keras`` file, without an optimizer, that has its name only when it is whole.

    Args:
        model: built.
        path: of the file; one that has the name is replaced.
    """
    bare = keras.Model(model.inputs, model.outputs, name=model.name)
    with whole_file(path) as partial:
        bare.save(partial)
