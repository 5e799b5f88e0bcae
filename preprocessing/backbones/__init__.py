"""Backbones, which turn frames into feature vectors: chosen by name or by file."""

import difflib
import functools
import importlib
from collections.abc import Callable
from pathlib import Path

from preprocessing.backbones.base import Backbone, Joined
from preprocessing.backbones.kept_frames import QUALITY, KeptFrames, keeps_frames
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale
from preprocessing.errors import InputError

__all__ = [
    "Backbone",
    "Joined",
    "load_backbone",
    "names_file",
    "takes_pixels",
    "with_absolute_paths",
]


def _lazily(module: str, name: str) -> Callable[[], Backbone]:
    """Imports a backbone only when it is made, since ``--help`` needs none of its libraries."""

    def make() -> Backbone:
        made = getattr(importlib.import_module(f"preprocessing.backbones.{module}"), name)
        backbone: Backbone = made()
        return backbone

    return make


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "efficientnet-lite0": _lazily("efficientnet_lite", "EfficientNetLite0"),
    "efficientnet-lite1": _lazily("efficientnet_lite", "EfficientNetLite1"),
    "efficientnet-lite2": _lazily("efficientnet_lite", "EfficientNetLite2"),
    "flow": _lazily("flow", "Flow"),
    "histogram": _lazily("descriptors", "Histogram"),
    "hog": _lazily("descriptors", "Hog"),
    "pixels": _lazily("descriptors", "Pixels"),
}


@functools.lru_cache
def load_backbone(
    name: str, pixels: PixelScale = AS_THEY_ARE, quality: int | None = None
) -> Joined:
    """Makes the backbone of that name, or of several names joined by ``+``, once in a process.

    Args:
        name: built in, of ``keras.applications``, or a path: ``.keras``, ``.onnx``, ``.py:Class``.
        pixels: the scale that a network in a ``.keras`` or ``.onnx`` file wants.
        quality: of JPEG, where the frames themselves are kept; None takes the default.

    Raises:
        InputError: no backbone has this name; the message lists them.
    """
    if pixels != AS_THEY_ARE and not takes_pixels(name):
        raise InputError(
            f"--pixels {pixels} is for .keras and .onnx files; {name} scales its pixels itself"
        )
    if keeps_frames(name) and "+" not in name:
        return Joined([KeptFrames(name, quality or QUALITY)])
    if quality is not None:
        raise InputError(
            f"--quality {quality} is for --backbone frames:SIZE; {name} makes features of frames"
        )
    return Joined([_load_one(part, pixels) for part in name.split("+")])


def names_file(name: str) -> bool:
    """Returns True if some part of a name is a file, which somebody has to point at."""
    return any(_suffix(part) for part in name.split("+"))


def with_absolute_paths(name: str) -> str:
    """Makes the files in a name absolute, for a process with another working directory."""
    parts = name.split("+")
    return "+".join(str(Path(part).absolute()) if _suffix(part) else part for part in parts)


def takes_pixels(name: str) -> bool:
    """Returns True if ``--pixels`` applies to some part of a name."""
    return any(_suffix(part) in (".keras", ".onnx") for part in name.split("+"))


def _suffix(part: str) -> str:
    """Returns the kind of file that a part of a name is; empty if it is no file."""
    if part.endswith(".py") or ".py:" in part:
        return ".py"
    suffix = Path(part).suffix
    return suffix if suffix in (".keras", ".onnx") else ""


def _load_one(part: str, pixels: PixelScale) -> Backbone:
    if part.lower() in BACKBONES:
        return BACKBONES[part.lower()]()
    if keeps_frames(part):
        raise InputError(
            f"--backbone {part} cannot be joined with others by +: a sequence holds frames or "
            "features; extract them into two stores"
        )
    suffix = _suffix(part)
    if suffix == ".py":
        from preprocessing.backbones import user_file

        return user_file.load(part)
    if suffix == ".keras":
        from preprocessing.backbones.keras_file import KerasFile

        return KerasFile(Path(part), pixels)
    if suffix == ".onnx":
        from preprocessing.backbones.onnx_file import OnnxFile

        return OnnxFile(Path(part), pixels)
    return _load_application(part)


def _load_application(name: str) -> Backbone:
    from preprocessing.backbones import keras_applications

    if spelled := keras_applications.spelled(name):
        return keras_applications.KerasApplication(spelled)
    known = {name.lower(): name for name in (*BACKBONES, *keras_applications.applications())}
    close = [known[match] for match in difflib.get_close_matches(name.lower(), known)]
    meant = f" (did you mean {' or '.join(close)}?)" if close else ""
    raise InputError(
        f"unknown backbone {name!r}{meant}: expected one of {', '.join(BACKBONES)}; frames:SIZE; a "
        "network of keras.applications such as ResNet50; or a .keras, .onnx or FILE.py:Class path, "
        "without +"
    )
