"""Frames as JPEG, made and read by OpenCV; see ``jpeg_header`` for what is read at all."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.cores import on_all_cores
from preprocessing.files.jpeg_header import Size, require_sound

# OpenCV shrinks a JPEG by this factor while it decodes it.
SHRINKING = 8
Frame = NDArray[np.uint8]


def encoded(frame: Frame, quality: int) -> bytes:
    """Returns a frame as a baseline JPEG.

    Args:
        frame: ``<uint8>[H, W, 3]``, RGB.
        quality: 1 to 100.
    """
    done, content = cv2.imencode(
        ".jpg",
        cv2.cvtColor(frame, cv2.COLOR_RGB2BGR),
        (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, 0),
    )
    if not done:
        raise ValueError(f"Expected a frame [H, W, 3]. Received: {frame.shape}")
    return content.tobytes()


def decoded(content: bytes, size: Size) -> Frame:
    """Returns the frame in a JPEG, ``<uint8>[H, W, 3]``, RGB.

    Args:
        content: of a file.
        size: (height, width) that it must have.

    Raises:
        ValueError: it is no baseline JPEG of this size, or is damaged.
    """
    return _opened(content, size, cv2.IMREAD_COLOR)


def shrunken(content: bytes, size: Size) -> Frame:
    """Returns the frame in a JPEG at an eighth of its size, in a fraction of the time.

    Args:
        content: of a file.
        size: (height, width) that it must have.

    Raises:
        ValueError: it is no baseline JPEG of this size, or is damaged.
    """
    return _opened(content, size, cv2.IMREAD_REDUCED_COLOR_8)


def decoded_all(contents: Sequence[bytes], size: Size) -> list[Frame]:
    """Decodes frames on as many cores as there are.

    Args:
        contents: of files.
        size: (height, width) that each must have.

    Returns:
        ``<uint8>[H, W, 3]``, RGB, for each.

    Raises:
        ValueError: one of them is damaged; see ``decoded``.
    """
    return on_all_cores(partial(decoded, size=size), contents)


def _opened(content: bytes, size: Size, mode: int) -> Frame:
    require_sound(content, size)
    bytes_of = np.frombuffer(content, np.uint8)
    pixels = cv2.imdecode(bytes_of, mode | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise ValueError("a JPEG that does not decode")
    frame: Frame = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    return frame
