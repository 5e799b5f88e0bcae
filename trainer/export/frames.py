"""The frames that an export with its backbone is tried on: real ones, as long as they are there.

the run's store holds frames        those
its videos are where they were      the beginning of one, as extraction samples it
else                                pictures that are made up
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from math import prod
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.frame_batches import described, frame_batches
from preprocessing.errors import InputError, VideoError
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.videos.pictures import source_video
from preprocessing.videos.reader import Sample, VideoReader
from trainer.export.backbone import GraphBackbone
from trainer.export.tried import SEED, Tried, sequences
from trainer.run.folder import Run

MOST_STEPS, MOST_BYTES, FEWEST_STEPS = 64, 1 << 26, 2
AT_ONCE = 8  # Frames that go through the backbone at once, in little memory.
COARSE = 8  # Made-up pictures are smooth: so many colours high and wide.


def tried_frames(run: Run, backbone: GraphBackbone, steps: int) -> Tried:
    """Returns frames, and the features that Longtake makes of them.

    Args:
        run: the run.
        backbone: of its graph.
        steps: n, of which there may be fewer: as many as fit in ``MOST_BYTES``.
    """
    bytes_each = sum(prod(one.one) for one in backbone.inputs)
    count = max(FEWEST_STEPS, min(steps, MOST_STEPS, MOST_BYTES // bytes_each))
    samples, origin = _found(run, backbone, count) or (
        _made_up(backbone, count),
        "made-up pictures, since no video of the store is where it was",
    )
    batches = frame_batches(samples, backbone.joined.steps_at_once(AT_ONCE))
    made = described(batches, backbone.joined, backbone.extraction.dtype)
    features = np.concatenate([rows for _, rows in made]).astype("float32")
    given = {
        one.name: np.stack([np.asarray(sample.pixels[part]) for sample in samples])
        for part, one in _seen(backbone)
    }
    return Tried(features, given, origin)


def _seen(backbone: GraphBackbone) -> Iterator[tuple[int, Any]]:
    """Yields each input of frames, and the number of a part that sees it."""
    parts = list(map(backbone.input_of, backbone.joined.parts))
    for one in backbone.inputs:
        yield parts.index(one), one


def _found(run: Run, backbone: GraphBackbone, count: int) -> tuple[list[Sample], str] | None:
    """Returns frames of the first sequence that still has some."""
    with suppress(InputError, OSError):
        for store, info in sequences(run):
            if info.frame_size:
                frames = decoded_frames(store, info, 0, min(count, info.steps))
                stored = [Sample(float(at), (frame,)) for at, frame in enumerate(frames)]
                return stored, f"frames of sequence {info.sequence_id}"
            with suppress(VideoError):
                path = source_video(info.origin)
                joined, rate = backbone.joined, backbone.extraction.rate
                with VideoReader(path, rate, joined.sizes, joined.clips) as video:
                    return list(islice(video, count)), f"frames of {path.name}"
    return None


def _made_up(backbone: GraphBackbone, count: int) -> list[Sample]:
    """Returns smooth pictures of random colours."""
    chance, shapes = np.random.default_rng(SEED), backbone.joined.shapes(1)
    return [
        Sample(float(step), tuple(_picture(chance, *shape[1:]) for shape in shapes))
        for step in range(count)
    ]


def _picture(chance: np.random.Generator, *shape: int) -> NDArray[np.uint8]:
    """Returns a picture ``<uint8>[H, W, 3]``, or a clip of such."""
    *clip, height, width, _ = shape
    if clip:
        return np.stack([_picture(chance, *shape[1:]) for _ in range(clip[0])])
    colours = chance.integers(0, 256, (COARSE, COARSE, 3), np.uint8)
    return np.asarray(cv2.resize(colours, (width, height)), np.uint8)
