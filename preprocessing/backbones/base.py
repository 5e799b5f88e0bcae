"""The interface of a backbone: frames in, one feature vector for each out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.jpeg_header import MOST_PIXELS
from preprocessing.videos.clip import Clip

# Height and width of the frames for a network that takes any.
ANY_SIZE = 224


@dataclass(frozen=True)
class InGraph:
    """A backbone as a function of tensors, for a graph of TensorFlow that has it in it.

    Attributes:
        call: from ``<uint8>[N, H, W, 3]``, with clips ``[N, T, H, W, 3]``, to ``<float32>[N, F]``.
        variables: the weights, of Keras; empty where they are not known.
    """

    call: Callable[[Any], Any]
    variables: tuple[Any, ...] = ()


class Backbone(ABC):
    """Turns frames into features; a subclass sets the attributes and implements ``__call__``.

    Attributes:
        name: the name given to ``--backbone``.
        size: (height, width) of the frames it takes.
        dimension: F.
        digest: a digest of its weights; another digest means other features.
        settings: its preprocessing, for the record.
        context: the number of preceding frames it needs, for features of motion.
        encodes: True if it makes no features, but keeps the frames themselves.
        clip: the frames of the video that it sees of each step; None where it sees one.
    """

    name: str
    size: tuple[int, int]
    dimension: int
    digest: str = ""
    settings: Mapping[str, Any] = {}
    context: int = 0
    encodes: bool = False
    clip: Clip | None = None

    @abstractmethod
    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Makes the features of the last N frames.

        Args:
            frames: ``<uint8>[context + N, H, W, 3]``, RGB. Where a video begins, its first frame
                stands for those before it. With clips ``<uint8>[context + N, T, H, W, 3]``.

        Returns:
            ``<float32>[N, F]``.
        """

    def network(self, size: tuple[int, int]) -> Any:
        """Builds the network anew, to be trained further.

        Args:
            size: (height, width) of its frames.

        Returns:
            A ``keras.Model`` from ``<float32>[N, H, W, 3]``, RGB in 0 to 255, to ``[N, F]``.

        Raises:
            InputError: it is no network of Keras, or does not take frames of this size.
        """
        raise InputError(
            f"{self.name} is no network of Keras, which alone can be trained; give "
            "efficientnet-lite0, a network of keras.applications, or a .keras file"
        )

    @property
    def in_graph(self) -> InGraph:
        """The backbone as a function of tensors.

        Raises:
            InputError: TensorFlow does not compute it.
        """
        raise InputError(
            f"{self.name} is computed by code that no file of a model can hold; export without "
            "--with-backbone, and make the features where the model runs"
        )


def require_reasonable(where: object, size: tuple[int, int], batch: int = 1) -> None:
    """Checks that a batch of the frames that a network takes fits in memory.

    Args:
        where: the network's file, for the message.
        size: (height, width) of a frame in pixels.
        batch: the number of frames.

    Raises:
        InputError: the batch has more than ``MOST_PIXELS`` pixels, or none.
    """
    if not 0 < batch * size[0] * size[1] <= MOST_PIXELS or min(size) < 1:
        raise InputError(
            f"{where} takes {batch} frame(s) of {size[0]} x {size[1]} at once, expected 1 to "
            f"{MOST_PIXELS} pixels; save it with another input"
        )


def require_room(where: object, size: tuple[int, int], clip: Clip) -> None:
    """Checks that the frames that clips span fit in memory.

    Args:
        where: the network's file, for the message.
        size: (height, width) of a frame in pixels.
        clip: the frames that the network sees of each step.

    Raises:
        InputError: they have more than ``MOST_PIXELS`` pixels.
    """
    if clip.span * size[0] * size[1] > MOST_PIXELS:
        raise InputError(
            f"{where}: clips of {clip.length} frames of {size[0]} x {size[1]}, every "
            f"{clip.stride}th of the video, would keep {clip.span} frames, expected {MOST_PIXELS} "
            "pixels or fewer; give a smaller --clip-stride or --clip"
        )


class Joined:
    """Backbones side by side: each makes its features as if it were alone, and they are joined.

    Args:
        parts: one backbone or more.

    Attributes:
        sizes: (height, width) of the frames that each part takes.
        context: the largest number of preceding frames that a part needs.
        encodes: True if the frames themselves are kept; then there is one part.
        clips: the clips that each part sees, None where it sees single frames.
    """

    def __init__(self, parts: Sequence[Backbone]):
        self.parts = tuple(parts)
        self.name = "+".join(part.name for part in self.parts)
        self.digest = "+".join(part.digest for part in self.parts)
        self.dimension = sum(part.dimension for part in self.parts)
        self.sizes = tuple(part.size for part in self.parts)
        self.context = max(part.context for part in self.parts)
        self.encodes = any(part.encodes for part in self.parts)
        self.clips = tuple(part.clip for part in self.parts)

    @property
    def settings(self) -> dict[str, Any]:
        """The preprocessing of all parts, for the record."""
        settings = [
            {**part.settings, "size": list(part.size), **_clip_settings(part.clip)}
            for part in self.parts
        ]
        return settings[0] if len(settings) == 1 else {"parts": settings}

    def steps_at_once(self, frames: int) -> int:
        """Returns how many steps a batch of so many frames is, or of clips with as many frames."""
        return max(1, frames // max(clip.length if clip else 1 for clip in self.clips))

    def shapes(self, steps: int) -> list[tuple[int, ...]]:
        """Returns for each part the shape of a batch of so many steps."""
        return [
            (self.context + steps, *((clip.length,) if clip else ()), *size, 3)
            for size, clip in zip(self.sizes, self.clips, strict=True)
        ]

    def __call__(self, frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Makes the features of N frames.

        Args:
            frames: for each part ``<uint8>[self.context + N, H, W, 3]``, RGB, of its size; with
                clips ``[self.context + N, T, H, W, 3]``.

        Returns:
            ``<float32>[N, F]``.
        """
        pieces = [
            part(images[self.context - part.context :])
            for part, images in zip(self.parts, frames, strict=True)
        ]
        return np.concatenate(pieces, axis=1)


def _clip_settings(clip: Clip | None) -> dict[str, int]:
    return {"clip": clip.length, "clip_stride": clip.stride} if clip else {}
