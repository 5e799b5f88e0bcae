"""Backbones, which turn frames into feature vectors: chosen by name or by file."""

import difflib
import functools
import importlib
from collections.abc import Callable
from pathlib import Path

from preprocessing.backbones.base import Backbone, Joined
from preprocessing.backbones.kept_frames import QUALITY, KeptFrames, keeps_frames
from preprocessing.backbones.names import (
    names_file,
    preset_of,
    suffix_of,
    takes_clips,
    takes_pixels,
    with_absolute_paths,
)
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale
from preprocessing.errors import InputError
from preprocessing.videos.clip import NOT_ASKED, AskedClip, Clip

__all__ = [
    "NOT_ASKED",
    "AskedClip",
    "Backbone",
    "Clip",
    "Joined",
    "load_backbone",
    "names_file",
    "takes_clips",
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
    name: str,
    pixels: PixelScale = AS_THEY_ARE,
    quality: int | None = None,
    *,
    clip: AskedClip = NOT_ASKED,
) -> Joined:
    """Makes the backbone of that name, or of several names joined by ``+``, once in a process.

    Args:
        name: built in, of ``keras.applications``, ``keras-hub:PRESET``, or a path: ``.keras``,
            ``.onnx``, ``.py:Class``.
        pixels: the scale that a network in a ``.keras`` or ``.onnx`` file wants.
        quality: of JPEG, where the frames themselves are kept; None takes the default.
        clip: the clips that such a network is to see.

    Raises:
        InputError: no backbone has this name; the message lists them. Or what is asked for does
            not go with it.
    """
    if pixels != AS_THEY_ARE and not takes_pixels(name):
        raise InputError(
            f"--pixels {pixels} is for .keras and .onnx files; {name} scales its pixels itself"
        )
    frames = keeps_frames(name) and "+" not in name
    kept = KeptFrames(name, quality or QUALITY) if frames else None
    if quality is not None and not kept:
        raise InputError(
            f"--quality {quality} is for --backbone frames:SIZE; {name} makes features of frames"
        )
    joined = Joined([kept] if kept else [_load_one(part, pixels, clip) for part in name.split("+")])
    if clip != NOT_ASKED and not any(joined.clips):
        raise InputError(_no_clips(joined, clip))
    return joined


def _no_clips(joined: Joined, clip: AskedClip) -> str:
    given = f"--clip {clip.length}" if clip.length else f"--clip-stride {clip.stride}"
    seen = " and ".join(f"{height} x {width}" for height, width in joined.sizes)
    return (
        f"{given}: {joined.name} takes single frames of {seen}, expected a .keras or .onnx "
        "file that takes clips, such as [N, T, H, W, 3] or [N, 3, T, H, W]; leave it out"
    )


def _load_one(part: str, pixels: PixelScale, clip: AskedClip) -> Backbone:
    if part.lower() in BACKBONES:
        return BACKBONES[part.lower()]()
    if keeps_frames(part):
        raise InputError(
            f"--backbone {part} cannot be joined with others by +: a sequence holds frames or "
            "features; extract them into two stores"
        )
    if (preset := preset_of(part)) is not None:
        from preprocessing.backbones.hub_preset import HubPreset

        return HubPreset(preset, clip)
    suffix = suffix_of(part)
    if suffix == ".py":
        from preprocessing.backbones import user_file

        return user_file.load(part)
    if suffix == ".keras":
        from preprocessing.backbones.keras_file import KerasFile

        return KerasFile(Path(part), pixels, clip)
    if suffix == ".onnx":
        from preprocessing.backbones.onnx_file import OnnxFile

        return OnnxFile(Path(part), pixels, clip)
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
        "network of keras.applications such as ResNet50; keras-hub:PRESET; or a .keras, .onnx or "
        "FILE.py:Class path, without +"
    )
