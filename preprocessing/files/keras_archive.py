"""Opening a ``.keras`` file only if it holds the weights that it makes Keras allocate."""

import json
import math
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow

CONFIG = "config.json"
MOST_CONFIG = 1 << 26  # Bytes.
# Weights hardly shrink when they are packed.
PACKED, SLACK = 10, 1 << 24


def open_keras(path: Path) -> Any:
    """Opens a model in safe mode, so that nothing in it is executed.

    Args:
        path: an existing file.

    Returns:
        A ``keras.Model``.

    Raises:
        InputError: the weights that it declares are larger than those in it.
        Exception: any error of Keras or zipfile for a damaged or unsafe file.
    """
    import_tensorflow()
    import keras

    size, config = _unpacked(path)
    # In a thread of its own, Keras forgets all about the model that has no weights.
    with ThreadPoolExecutor(1) as thread:
        declared = thread.submit(_declared, config).result()
    if declared > size + SLACK:
        raise InputError(
            f"{path} declares weights of {declared:,} bytes and holds {size:,}; it is damaged, or "
            "made to fill the memory"
        )
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _unpacked(path: Path) -> tuple[int, Any]:
    """Returns the unpacked bytes of all members, and the configuration."""
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member.file_size for member in archive.infolist()}
        size = sum(members.values())
        if size > PACKED * path.stat().st_size + SLACK or members.get(CONFIG, 0) > MOST_CONFIG:
            raise InputError(f"{path} unpacks into {size:,} bytes; expected a model as Keras saves")
        return size, json.loads(archive.read(CONFIG))


def _declared(config: Any) -> int:
    """Returns the bytes of a model's weights without allocating them; 0 if it cannot be told."""
    import keras

    tensorflow = import_tensorflow()
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
            return sum(
                math.prod(variable.shape) * tensorflow.as_dtype(variable.dtype).size
                for variable in model.variables
            )
    except Exception:
        # Layers of one's own, which somebody has pointed at, may need values in their weights.
        told = json.dumps(config)
        if any(json.dumps(name) in told for name in keras.saving.get_custom_objects()):
            return 0
        raise
