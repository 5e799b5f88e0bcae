"""Sequences of frames in a store, made without a video."""

from pathlib import Path

import cv2
import numpy as np

from preprocessing.files.jpeg import encoded
from preprocessing.store.frame_file import FrameWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text

SIZE = (16, 24)
FPS = 4.0


def frames_of(
    steps: int, seed: int = 0, size: tuple[int, int] = SIZE, shown: np.ndarray | None = None
) -> np.ndarray:
    """Smooth frames ``<uint8>[steps, H, W, 3]``, each of which differs from the others.

    Args:
        steps: N.
        seed: of what they show.
        size: (height, width).
        shown: a number for each step, of 0 to 2: the colour that is strongest in it.
    """
    small = np.random.default_rng(seed).integers(40, 120, (steps, 3, 4, 3), np.uint8)
    if shown is not None:
        small[np.arange(steps), ..., shown] += 100
    return np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_LINEAR) for one in small])


def write_frames(
    root: Path, sequence_id: str, frames: np.ndarray, fps: float = FPS, batch: int = 100
) -> Path:
    """Writes a sequence of frames, as ``extract --backbone frames:SIZE`` does.

    Args:
        root: the store.
        sequence_id: its id.
        frames: ``<uint8>[N, H, W, 3]``, RGB.
        fps: steps a second.
        batch: steps that are written at once.
    """
    height, width = size = frames.shape[1:3]
    settings = settings_text(color="rgb", resize="area", quality=90, size=[height, width])
    source = f"/videos/{sequence_id}.mp4"
    name = f"frames:{height}x{width}"
    origin = Origin(source, f"made-{sequence_id}", str(fps), name, "", settings)
    path = sequence_path(root, sequence_id)
    with FrameWriter(path, size, origin) as writer:
        for start in range(0, len(frames), batch):
            some = frames[start : start + batch]
            contents = np.empty((len(some), 1), object)
            contents[:, 0] = [encoded(frame, 90) for frame in some]
            writer.append(np.arange(start, start + len(some)) / fps, contents)
    return path
