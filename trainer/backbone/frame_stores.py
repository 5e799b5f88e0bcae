"""A store of frames as what a ``SequenceSet`` reads from: places of frames, or features of them.

training     FramePlaces   where each frame is; read and decoded group by group, when needed
answers      SeenFrames    features by a backbone, as if they had been extracted
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.pixel_scale import AS_THEY_ARE
from preprocessing.files.jpeg_header import Size
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo, settings_text
from trainer.backbone.views import View, draw_view
from trainer.batches.sequence_set import SequenceSet
from trainer.config import Augmentation

# Makes ``<float32>[N, F]`` of ``<uint8>[N, H, W, 3]``, as ``Joined`` does.
Answering = Callable[[Sequence[NDArray[np.uint8]]], NDArray[Any]]
BACKBONE = "backbone.keras"
# Frames that go through the backbone at once where answers are made, as in extraction.
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class FramePlace:
    """The place of the frame of one step, and how it is shown."""

    store: FeatureStore
    info: SequenceInfo
    step: int
    view: View

    def read(self) -> NDArray[np.uint8]:
        """Returns the frame as it is shown, ``<uint8>[H, W, 3]``, RGB.

        Raises:
            InputError: it cannot be read, or is damaged.
        """
        return self.view(decoded_frames(self.store, self.info, self.step, self.step + 1)[0])


class FramePlaces(FeatureStore):
    """A store in which the places of frames stand for features.

    Args:
        root: the folder.
        infos: the sequences that will be asked for.
        kinds: of augmentation.
        seed: of the training.
        epoch: from 0.
    """

    def __init__(
        self,
        root: Path,
        infos: Iterable[SequenceInfo],
        kinds: Collection[Augmentation] = (),
        seed: int = 0,
        epoch: int = 0,
    ):
        super().__init__(root)
        self._infos = {info.sequence_id: info for info in infos}
        self._chance = (kinds, seed)
        self._epoch = epoch

    def features(self, sequence_id: str, start: int, stop: int) -> NDArray[Any]:
        """Returns the places of the frames of consecutive steps, ``<object>[stop - start, 1]``.

        Args:
            sequence_id: the sequence.
            start: the first step.
            stop: the step behind the last.
        """
        kinds, seed = self._chance
        view = draw_view(kinds, seed, self._epoch, sequence_id) if kinds else View()
        info = self._infos[sequence_id]
        places = np.empty((stop - start, 1), object)
        for number, step in enumerate(range(start, stop)):
            places[number, 0] = FramePlace(self, info, step, view)
        return places

    @property
    def frame_infos(self) -> list[SequenceInfo]:
        """The sequences, as the store describes them."""
        return list(self._infos.values())

    def in_epoch(self, epoch: int) -> "FramePlaces":
        """Returns the same store as it is shown in another epoch."""
        return FramePlaces(self.root, self._infos.values(), *self._chance, epoch)


class SeenFrames(FeatureStore):
    """A store in which the features of frames are made when they are asked for.

    Args:
        root: the folder.
        infos: the sequences that will be asked for.
        backbone: makes ``<float32>[N, F]`` of ``<uint8>[N, H, W, 3]``.
    """

    def __init__(self, root: Path, infos: Iterable[SequenceInfo], backbone: Answering):
        super().__init__(root)
        self._infos = {info.sequence_id: info for info in infos}
        self._backbone = backbone

    def features(self, sequence_id: str, start: int, stop: int) -> NDArray[Any]:
        """Makes features of consecutive steps, ``<float32>[stop - start, F]``.

        Args:
            sequence_id: the sequence.
            start: the first step.
            stop: the step behind the last.

        Raises:
            InputError: a frame cannot be read, or is damaged.
        """
        info = self._infos[sequence_id]
        made = []
        for first in range(start, stop, AT_ONCE):
            frames = decoded_frames(self, info, first, min(first + AT_ONCE, stop))
            # The network always sees the same shape, so that a frame's features are the same.
            batch = np.zeros((AT_ONCE, *frames.shape[1:]), np.uint8)
            batch[: len(frames)] = frames
            made.append(self._backbone([batch])[: len(frames)])
        return np.concatenate(made)


def placed(infos: Iterable[SequenceInfo]) -> list[SequenceInfo]:
    """Describes sequences of frames as what ``FramePlaces`` has: an object a step."""
    return [replace(info, dimension=1, dtype="O") for info in infos]


def seen(infos: Iterable[SequenceInfo], dimension: int, digest: str = "") -> list[SequenceInfo]:
    """Describes sequences of frames as what ``extract`` would make of them by a run's backbone.

    Args:
        infos: of frames.
        dimension: F.
        digest: of the backbone's file; empty while it is being trained.
    """

    def one(info: SequenceInfo) -> SequenceInfo:
        settings = settings_of(info.frame_size or (0, 0))
        origin = replace(info.origin, backbone=BACKBONE, backbone_digest=digest, settings=settings)
        return replace(info, dimension=dimension, dtype="float32", frame_size=None, origin=origin)

    return [one(info) for info in infos]


def settings_of(size: Size) -> str:
    """Returns the settings with which ``extract`` makes features by the file that is left.

    Args:
        size: (height, width) of the frames.
    """
    return settings_text(
        color="rgb", resize="area", pixels=AS_THEY_ARE, size=list(size), dtype="float32"
    )


def of_frames(data: SequenceSet) -> list[SequenceInfo]:
    """Describes the sequences of a training as the frames that they are."""
    store = data.store
    return store.frame_infos if isinstance(store, FramePlaces) else []


def in_epoch(data: SequenceSet, epoch: int) -> SequenceSet:
    """Returns sequences as they are shown in an epoch; those of features are always the same.

    Args:
        data: of a training.
        epoch: from 0.
    """
    if isinstance(data.store, FramePlaces):
        shown = data.only(data.rows)
        shown.store = data.store.in_epoch(epoch)
        return shown
    return data
