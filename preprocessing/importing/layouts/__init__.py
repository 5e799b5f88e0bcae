"""Layouts of folders of feature files: which files make which sequence."""

from collections.abc import Collection
from pathlib import Path

from preprocessing.importing.layouts import files, ms_tcn, video_features
from preprocessing.importing.layouts.base import Recording

__all__ = [
    "FILES",
    "MS_TCN",
    "VIDEO_FEATURES",
    "Recording",
    "files",
    "ms_tcn",
    "recognize",
    "video_features",
]

FILES, MS_TCN, VIDEO_FEATURES = "files", "ms-tcn", "video-features"


def recognize(inputs: Collection[Path]) -> str:
    """Returns the layout that names in the input folders suggest; ``files`` by default."""
    if len(inputs) == 1 and all(map(ms_tcn.is_layout, inputs)):
        return MS_TCN
    if any(map(video_features.is_layout, inputs)):
        return VIDEO_FEATURES
    return FILES
