"""A network cut in two: below, what stays as it is; above, what is trained.

frames ─▶ frozen ─▶ what enters ─▶ trained ─▶ features
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from preprocessing.errors import InputError, some
from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.layers import all_layers

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


@dataclass(frozen=True)
class Parts:
    """The two parts of a network, which share its layers.

    Attributes:
        frozen: from frames to what enters the trained part; None if all is trained.
        trained: from what enters it to features ``[N, F]``.
        entering: the shapes of what enters it, of one frame.
        begins: the name of the first layer that is trained.
    """

    frozen: keras.Model | None
    trained: keras.Model
    entering: tuple[tuple[int, ...], ...]
    begins: str

    @property
    def variables(self) -> list[Any]:
        """The variables that are trained."""
        return list(self.trained.trainable_variables)


def cut(network: keras.Model, begin: str, freeze_norms: bool) -> Parts:
    """Cuts a network; what lies below is not trained any more.

    Args:
        network: a functional model from ``[N, H, W, 3]`` to ``[N, F]``.
        begin: the beginning of the name of the first layer that is trained; or the share of the
            layers with weights that stay as they are, such as 0.67.
        freeze_norms: whether batch normalisation above is frozen too, or refused.

    Raises:
        InputError: no layer is called so, nothing would be trained, or what lies above has batch
            normalisation that would be trained.
    """
    operations = network.operations
    place = _place(network, begin)
    for operation in operations[:place]:
        if isinstance(operation, keras.Layer):
            operation.trainable = False
    above = [one for one in operations[place:] if isinstance(one, keras.Layer)]
    _settle_norms(above, freeze_norms)
    frozen, trained, shapes = _cut_at(network, place)
    if not trained.trainable_variables:
        raise InputError(
            f"--trainable-from {begin}: nothing from {operations[place].name} on can be trained; "
            "give an earlier layer"
        )
    return Parts(frozen, trained, shapes, operations[place].name)


def _place(network: keras.Model, begin: str) -> int:
    """Returns the number of the operation with which the trained part begins."""
    operations = network.operations
    weighted = [
        place
        for place, one in enumerate(operations)
        if isinstance(one, keras.Layer) and one.weights
    ]
    try:
        share = float(begin)
    except ValueError:
        named = [at for at, one in enumerate(operations) if one.name.startswith(begin)]
        if not named:
            names = [operations[at].name for at in weighted]
            beginnings = [name.partition("_")[0] for name in names]
            near = get_close_matches(begin, [*beginnings, *names], 1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise InputError(
                f"--trainable-from {begin}: {network.name} has no layer whose name begins so{meant}"
                f"; it has {', '.join(names[:: max(1, len(names) // 8)])}, ..."
            ) from None
        return max(1, named[0])
    if not (0 <= share < 1 and weighted):
        raise InputError(
            f"--trainable-from {begin}: expected the name of a layer, or a share from 0 up to 1"
        )
    # All of it is trained from its input on, behind which something may stand that has no weights.
    return weighted[int(share * len(weighted))] if share else 1


def _settle_norms(layers: Sequence[keras.Layer], freeze: bool) -> None:
    """Freezes batch normalisation, or refuses it where it would be trained.

    Raises:
        InputError: a layer would be trained by the statistics of its batch.
    """
    norms = [
        layer
        for top in layers
        for layer in all_layers(top)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    if freeze:
        for layer in norms:
            layer.trainable = False
    elif norms:
        raise InputError(
            f"batch normalisation ({some([layer.name for layer in norms])}) would be trained by "
            "the statistics of a few frames that follow one another; set trainable = False in it, "
            "or fold it into the layer before, and save the backbone again"
        )


def _cut_at(
    network: keras.Model, place: int
) -> tuple[keras.Model | None, keras.Model, tuple[tuple[int, ...], ...]]:
    """Cuts before the operation of that number; branches may pass the cut beside it."""
    operations = network.operations
    inputs = network.inputs
    if place <= len(inputs):
        return None, network, (tuple(inputs[0].shape[1:]),)
    below = {id(it) for one in operations[:place] for it in keras.tree.flatten(one.output)}
    crossing = {
        id(it): it
        for one in operations[place:]
        for it in keras.tree.flatten(one.input)
        if id(it) in below
    }
    tensors = list(crossing.values())
    shapes = tuple(tuple(it.shape[1:]) for it in tensors)
    return keras.Model(inputs[0], tensors), keras.Model(tensors, network.outputs), shapes
