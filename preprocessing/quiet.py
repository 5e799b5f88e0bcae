"""TensorFlow without the lines that its libraries print while they load, and with oneDNN."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from preprocessing.terminal import ERR


def import_tensorflow() -> Any:
    """Imports TensorFlow; what it prints is shown only if the import fails.

    With the kernels of oneDNN, which TensorFlow leaves out on some processors, a backbone's
    features are the same bits in any number of threads and at any place in a batch. Of a GPU only
    the memory that is needed is taken.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with silenced():
        import tensorflow
    # It warns of programs compiled again, also where each is of another model in one process.
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ too, unless an error follows."""
    ERR.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            with contextlib.suppress(OSError):  # Nobody may be there to be told.
                os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
