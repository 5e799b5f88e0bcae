"""Batches of sampled frames, and their features."""

import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import Joined
from preprocessing.videos.reader import Sample

Sampled = TypeVar("Sampled", bound=Sample)


def frame_batches(
    samples: Iterable[Sampled], size: int, context: int = 0, before: Collection[Sample] = ()
) -> Iterator[tuple[list[Sampled], list[NDArray[np.uint8]]]]:
    """Groups samples into batches of one size, the last padded with zeros.

    A fixed size keeps the features of a frame the same whatever batch it falls into.

    Args:
        samples: in time order.
        size: N.
        context: frames before that a backbone needs.
        before: the last samples before the first, at most ``context`` of them.

    Yields:
        The samples, and for each size of the frames ``<uint8>[context + N, H, W, 3]``, or
        ``[context + N, T, H, W, 3]`` of clips, led by the frames before; the first frame of all
        stands for those before it.
    """
    iterator = iter(samples)
    lead: list[NDArray[np.uint8]] = []
    while batch := list(itertools.islice(iterator, size)):
        images = []
        for part, first in enumerate(batch[0].pixels):
            frames = np.zeros((context + size, *_shape(first)), np.uint8)
            if lead:
                frames[:context] = lead[part]
            elif context:
                known = [sample.pixels[part] for sample in before][-context:] or [first]
                _fill(frames, [known[0]] * (context - len(known)) + known)
            _fill(frames[context:], [item.pixels[part] for item in batch])
            images.append(frames)
        lead = [frames[len(batch) : len(batch) + context] for frames in images]
        yield batch, images


def _shape(pixels: NDArray[np.uint8] | tuple[NDArray[np.uint8], ...]) -> tuple[int, ...]:
    """Returns ``(H, W, 3)`` of a picture, ``(T, H, W, 3)`` of a clip."""
    return (len(pixels), *pixels[0].shape) if isinstance(pixels, tuple) else pixels.shape


def _fill(frames: NDArray[np.uint8], seen: list[Any]) -> None:
    """Copies pictures, or clips of them, into the first places of a batch, each once."""
    for place, pixels in enumerate(seen):
        if isinstance(pixels, tuple):
            _fill(frames[place], list(pixels))
        else:
            frames[place] = pixels


def described(
    batches: Iterable[tuple[list[Sampled], list[NDArray[np.uint8]]]], backbone: Joined, dtype: str
) -> Iterator[tuple[list[Sampled], NDArray[Any]]]:
    """Adds features to batches.

    Args:
        batches: see ``frame_batches``.
        backbone: makes the features.
        dtype: dtype of the store, to which features are rounded.

    Yields:
        The samples and their features ``<dtype>[n, F]``.
    """
    for samples, frames in batches:
        with np.errstate(over="ignore"):
            yield samples, backbone(frames)[: len(samples)].astype(dtype)
