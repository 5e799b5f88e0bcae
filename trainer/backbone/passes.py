"""Passes of the frames of a batch through the backbone, a few at a time.

    first     group ▶ frozen ▶ trained ▶ features    no gradient; what entered is kept if small
              all features ▶ model ▶ loss            and the slope of the loss by each feature
    again     group          ▶ trained ◀ slope       gradients, which are added up

So the gradient is that of one pass with all frames, in the memory of a group, whatever T and B are:
what a frame adds to it depends on the others only through the slope by its features. The network
is a function of single frames for that: in both passes its layers are as in inference, without
dropout and with fixed statistics.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.cores import on_all_cores
from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.frame_stores import FramePlace
from trainer.backbone.trained import TrainedBackbone
from trainer.devices.replicas import Devices
from trainer.model.carry import Tensor

tf = import_tensorflow()

GROUPS_AHEAD = 2
# Of all that enters the trained part; what is more is computed again.
KEPT_BYTES = 1 << 25
FLOAT_BYTES = 4


class Group(NamedTuple):
    """Frames of some consecutive steps of all lanes.

    Attributes:
        number: of the group in its batch, from 0.
        frames: ``<uint8>[B, G, H, W, 3]``, 0 where there are none.
        there: ``<float32>[B, G]``, 1 where there is a frame.
    """

    number: int
    frames: NDArray[np.uint8]
    there: NDArray[np.float32]


@dataclass
class Looked:
    """The frames of a batch after the first pass.

    Attributes:
        places: ``<object>[B, T]`` of ``FramePlace``; 0 on padding.
        features: ``<float32>[B, T, F]``, 0 on padding.
        entered: what entered the trained part and ``there``, by the numbers of groups.
    """

    places: NDArray[Any]
    features: Tensor = None
    entered: dict[int, tuple[Any, Tensor]] = field(default_factory=dict)


class FramePasses:
    """Both passes of a backbone that is trained.

    Args:
        backbone: made in the devices' scope.
        devices: that share each batch.
        at_once: the number of frames that pass at once on each device.

    Attributes:
        variables: that are trained.
        waited: seconds in which no frames were there to pass, until somebody makes it 0 again.
    """

    def __init__(self, backbone: TrainedBackbone, devices: Devices, at_once: int):
        self.backbone, self.devices, self.at_once = backbone, devices, at_once
        self.variables = backbone.parts.variables
        self.waited = 0.0
        self._look = devices.program(self._look_at, plain=True)
        self._join = devices.program(self._joined, plain=True)
        height, width = backbone.size
        each = sum(int(np.prod(shape)) for shape in backbone.parts.entering) * FLOAT_BYTES
        self._entering_bytes = each
        self._keeps = backbone.parts.frozen is not None and each < height * width * 3

    def look(self, places: NDArray[Any]) -> Looked:
        """Makes the features of all frames of a batch.

        Args:
            places: ``<object>[B, T]`` of ``FramePlace``; anything else is padding.

        Raises:
            InputError: a frame cannot be read, or is damaged.
        """
        looked = Looked(places)
        steps = self._steps(places)
        count = -(-places.shape[1] // steps)
        found: dict[int, Tensor] = {}
        room = KEPT_BYTES if self._keeps else 0
        for group in self._groups(places, range(count)):
            frames, there = self.devices.split(group.frames), self.devices.split(group.there)
            found[group.number], entered = self._look(frames, there)
            room -= self._entering_bytes * group.there.size
            if room >= 0:
                looked.entered[group.number] = (entered, there)
        looked.features = self._all_features(places, found, count, steps)
        return looked

    def _all_features(
        self, places: NDArray[Any], found: dict[int, Tensor], count: int, steps: int
    ) -> Tensor:
        """Returns ``<float32>[B, T, F]``; groups without a frame are 0."""
        blank = None
        if len(found) < count:
            shape = (len(places), steps, self.backbone.dimension)
            blank = self.devices.split(np.zeros(shape, "float32"))
        parts = [found.get(number, blank) for number in range(count)]
        return self._join(places.shape[1], *parts)

    def again(self, looked: Looked) -> Iterator[tuple[int, Any, Tensor, bool]]:
        """Yields what passes again: the group, what it enters, ``there``, and whether all of it.

        Args:
            looked: after the first pass.

        Yields:
            The number of a group; what enters the trained part, or its frames, which enter the
            whole network; ``there``; and True for frames.
        """
        for number, (entered, there) in looked.entered.items():
            yield number, entered, there, False
        steps = self._steps(looked.places)
        count = -(-looked.places.shape[1] // steps)
        rest = [number for number in range(count) if number not in looked.entered]
        for group in self._groups(looked.places, rest):
            split = self.devices.split
            yield group.number, split(group.frames), split(group.there), True

    def gradients(
        self, entering: Any, there: Tensor, slope: Tensor, number: Tensor, whole: bool
    ) -> tuple[list[Tensor], tuple[()]]:
        """Returns what a group adds to the gradient on a device; see ``again`` and ``add_up``.

        Args:
            entering: frames, or what enters the trained part.
            there: ``<float32>[B, G]``.
            slope: ``<float32>[B, T, F]``, of the loss by each feature.
            number: ``<int32>[]``, of the group.
            whole: whether these are frames.
        """
        lanes, steps = there.shape
        missing = -slope.shape[1] % steps
        padded = tf.pad(slope, [[0, 0], [0, missing], [0, 0]])
        own = tf.slice(padded, [0, number * steps, 0], [lanes, steps, slope.shape[2]])
        flat = tf.reshape(own * there[..., None], (lanes * steps, -1))
        if whole:
            entering = self._below(entering)
        with tf.GradientTape() as tape:
            features = self._above(entering)
        found: list[Tensor] = tape.gradient(
            features,
            self.variables,
            output_gradients=flat,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return found, ()

    def _groups(self, places: NDArray[Any], numbers: Iterable[int]) -> Iterator[Group]:
        """Reads and decodes groups ahead of the passes; those without a frame are left out."""
        with closing(read_ahead(self._decoded(places, numbers), GROUPS_AHEAD)) as groups:
            begun = time.perf_counter()
            for group in groups:
                self.waited += time.perf_counter() - begun
                yield group
                begun = time.perf_counter()

    def _decoded(self, places: NDArray[Any], numbers: Iterable[int]) -> Iterator[Group]:
        steps = self._steps(places)
        for number in numbers:
            part = places[:, number * steps : (number + 1) * steps]
            where = [at for at, place in np.ndenumerate(part) if isinstance(place, FramePlace)]
            if not where:
                continue
            shape = (len(places), steps)
            frames = np.zeros((*shape, *self.backbone.size, 3), np.uint8)
            there = np.zeros(shape, np.float32)
            read = on_all_cores(FramePlace.read, [part[at] for at in where])
            for at, frame in zip(where, read, strict=True):
                frames[at], there[at] = frame, 1
            yield Group(number, frames, there)

    def _steps(self, places: NDArray[Any]) -> int:
        """Returns G, how many steps of all lanes make a group."""
        own = max(1, len(places) // len(self.devices.own))
        return max(1, self.at_once // own)

    def _look_at(self, frames: Tensor, there: Tensor) -> tuple[Tensor, Any]:
        """Returns the features of a group ``<float32>[B, G, F]``, and what entered for them."""

        def own(frames: Tensor, there: Tensor) -> tuple[Tensor, Any]:
            entering = self._below(frames)
            features = tf.reshape(self._above(entering), (*there.shape, -1))
            kept = entering if self._keeps else ()
            return tf.zeros(()), (features * there[..., None], kept)

        _, kept = self.devices.add_up(own, frames, there)
        features, entered = kept
        return features, entered

    def _joined(self, length: int, *parts: Tensor) -> Tensor:
        def own(some: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            return tf.zeros(()), tf.concat(some, 1)[:, :length]

        _, joined = self.devices.add_up(own, parts)
        return joined

    def _below(self, frames: Tensor) -> Any:
        """Returns what enters the trained part, for ``<uint8>[B, G, H, W, 3]``."""
        flat = tf.cast(tf.reshape(frames, (-1, *self.backbone.size, 3)), tf.float32)
        frozen = self.backbone.parts.frozen
        return flat if frozen is None else frozen(flat, training=False)

    def _above(self, entering: Any) -> Tensor:
        """Returns the features ``<float32>[N, F]`` of what enters the trained part."""
        outputs = self.backbone.parts.trained(entering, training=False)
        (features,) = tf.nest.flatten(outputs)
        return tf.cast(features, tf.float32)
