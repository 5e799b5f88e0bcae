"""A user's own backbone: a class in a Python file, given as ``FILE.py:Class``."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from preprocessing.backbones.base import Backbone, Joined, require_room
from preprocessing.errors import InputError
from preprocessing.terminal.python_file import SUFFIX, PythonFile
from preprocessing.videos.clip import Clip

__all__ = ["SUFFIX", "load"]

RECORDED = {"clip", "clip_stride", "dtype", "size"}


def load(given: str) -> Backbone:
    """Executes the file and makes a backbone of the class.

    Its name becomes ``FILE.py:Class``, without the folder; its digest is that of the file unless
    the class sets one.

    Raises:
        InputError: file or class is missing, or the class is no backbone or does not work.
    """
    file = PythonFile.read(given)
    try:
        backbone = _class(file.path, file.name, file.executed())()
        backbone.name = f"{file.path.name}:{file.name}"
        backbone.digest = backbone.digest or file.digest
        _require_complete(backbone)
        _require_works(backbone)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{file.where(error)}: {type(error).__name__}: {error}") from error
    return backbone


def _class(path: Path, name: str, module: ModuleType) -> type[Backbone]:
    found: Any = getattr(module, name, None) if name else None
    if isinstance(found, type) and issubclass(found, Backbone):
        return found
    if found is not None:
        raise InputError(
            f"{path}:{name} is no backbone; derive it from preprocessing.backbones.Backbone"
        )
    there = [
        f"{path}:{key}"
        for key, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    asked = f"has no class {name!r}" if name else "needs a class after it"
    raise InputError(f"{path} {asked}; expected {' or '.join(there) or f'{path}:Class'}")


def _require_complete(backbone: Backbone) -> None:
    size = getattr(backbone, "size", None)
    if not (isinstance(size, tuple) and len(size) == 2 and all(_is_count(n, 1) for n in size)):
        raise InputError(f"{backbone.name} has size {size!r}, expected (height, width)")
    for name, least in (("dimension", 1), ("context", 0)):
        if not _is_count(value := getattr(backbone, name, None), least):
            raise InputError(f"{backbone.name} has {name} {value!r}, expected {least} or more")
    clip = backbone.clip
    if clip is not None:
        if not (isinstance(clip, tuple) and len(clip) == 2 and all(_is_count(n, 1) for n in clip)):
            raise InputError(f"{backbone.name} has clip {clip!r}, expected Clip(length, stride)")
        backbone.clip = Clip(*clip)
        require_room(backbone.name, size, backbone.clip)
    if not isinstance(backbone.settings, dict) or RECORDED & set(backbone.settings):
        raise InputError(
            f"{backbone.name} has settings {backbone.settings!r}, expected a dictionary without "
            f"{', '.join(sorted(RECORDED))}, which are recorded anyway"
        )
    json.dumps(backbone.settings)


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and value >= least


def _require_works(backbone: Backbone) -> None:
    """Tries a backbone on frames of noise, before any video is opened."""
    count = 2
    (shape,) = Joined([backbone]).shapes(count)
    features = backbone(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    made = type(features).__name__
    if isinstance(features, np.ndarray):
        if features.shape == (count, backbone.dimension) and features.dtype == np.float32:
            return
        made = f"{features.dtype}{list(features.shape)}"
    raise InputError(
        f"{backbone.name} makes {made} of {count} frames, expected "
        f"float32{[count, backbone.dimension]}"
    )
