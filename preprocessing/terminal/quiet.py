"""Importing TensorFlow and Keras silently, with the settings that features and models rely on."""

import contextlib
import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from preprocessing.errors import InputError
from preprocessing.terminal.streams import ERR

BACKEND = "tensorflow"
FLOAT = "float32"
LAYOUT = "channels_last"
EPSILON = 1e-7


def import_tensorflow() -> Any:
    """Imports TensorFlow and Keras; what they print is shown only if the import fails.

    With the kernels of oneDNN, which TensorFlow leaves out on some processors, a backbone's
    features are the same bits in any number of threads and at any place in a batch. Of a GPU only
    the memory that is needed is taken. Keras computes as features and models rely on, whatever the
    user's keras.json and KERAS_BACKEND say; all processes that use it call this first.

    Raises:
        InputError: Keras cannot be imported, or runs on something else already.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    _settle_keras()
    return sys.modules["tensorflow"]


@functools.lru_cache(None)
def _settle_keras() -> None:
    """Sets Keras options that features and models rely on, for this process only."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = BACKEND
    try:
        # Either reads the user's file.
        with silenced():
            import keras
            import tensorflow
    except (ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"Keras cannot be imported ({reason}); mend or remove its file ~/.keras/keras.json, or "
            "that of $KERAS_HOME"
        ) from None
    if (found := keras.config.backend()) != BACKEND:
        raise InputError(
            f"Keras runs on {found} in this process, expected {BACKEND}; set "
            f"KERAS_BACKEND={BACKEND} before anything imports it"
        )
    # It warns of programs compiled again, also where each is of another model in one process.
    tensorflow.get_logger().setLevel("ERROR")
    keras.config.set_floatx(FLOAT)
    keras.config.set_dtype_policy(FLOAT)
    keras.config.set_image_data_format(LAYOUT)
    keras.config.set_epsilon(EPSILON)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ too; shows it if the block fails."""
    ERR.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            with contextlib.suppress(OSError):  # Nobody may be there to be told.
                os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
