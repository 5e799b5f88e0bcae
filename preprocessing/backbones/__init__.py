"""Backbones: what turns frames into feature vectors, by name."""

import functools

from preprocessing.backbones.base import Backbone, Joined
from preprocessing.backbones.efficientnet_lite import EfficientNetLite0
from preprocessing.errors import InputError

__all__ = ["Backbone", "Joined", "load_backbone"]

BACKBONES: dict[str, type[Backbone]] = {EfficientNetLite0.name: EfficientNetLite0}


@functools.lru_cache
def load_backbone(name: str) -> Joined:
    """Makes the backbone of that name, or of several names joined by ``+``, once in a process.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    return Joined([_load_one(part) for part in name.split("+")])


def _load_one(name: str) -> Backbone:
    if name not in BACKBONES:
        raise InputError(f"unknown backbone {name!r}: expected one of {', '.join(BACKBONES)}")
    return BACKBONES[name]()
