"""The backbone of a run in its graph: frames are inputs, features are what passes between.

frames ─ parts of the backbone ─ side by side ─ rounded as in a store ─ features ─ the model
[B, T, H, W, 3]     each [B * T, H, W, 3] to [B * T, F]                 [B, T, F]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.backbones import Backbone, Clip, Joined, load_backbone
from preprocessing.backbones.onnx_file import OnnxFile
from preprocessing.errors import InputError
from preprocessing.extraction.options import ExtractConfig
from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.options import FormatName, Shape
from trainer.run.folder import Run
from trainer.run.members import is_ensemble
from trainer.same_features import extraction_like

tf = import_tensorflow()

FRAMES = "frames"


@dataclass(frozen=True)
class FrameInput:
    """An input of frames, for all parts of a backbone that see the same.

    Attributes:
        name: of the input.
        size: (height, width) of a frame in pixels.
        clip: the frames that a step has; None for one.
    """

    name: str
    size: tuple[int, int]
    clip: Clip | None

    @property
    def one(self) -> tuple[int, ...]:
        """The shape of one step: ``(H, W, 3)``, or ``(L, H, W, 3)`` of a clip of L frames."""
        return (*((self.clip.length,) if self.clip else ()), *self.size, 3)


@dataclass(frozen=True)
class GraphBackbone:
    """A backbone in a graph.

    Attributes:
        joined: the backbone.
        extraction: the options that make such features.
    """

    joined: Joined
    extraction: ExtractConfig

    @cached_property
    def inputs(self) -> list[FrameInput]:
        """The inputs: one where all parts see the same, else one for each size and clip."""
        seen = list(dict.fromkeys(zip(self.joined.sizes, self.joined.clips, strict=True)))
        names = [FRAMES] if len(seen) == 1 else [f"{FRAMES}_{n}" for n in range(len(seen))]
        return [FrameInput(name, *one) for name, one in zip(names, seen, strict=True)]

    def input_of(self, part: Backbone) -> FrameInput:
        """Returns the input that a part sees."""
        return next(one for one in self.inputs if (one.size, one.clip) == (part.size, part.clip))

    def specs(self, shape: Shape) -> list[Any]:
        """Returns the names and shapes of all inputs of frames, ``<uint8>[B, T, ...]``."""
        return [
            tf.TensorSpec((shape.batch, shape.steps, *one.one), tf.uint8, one.name)
            for one in self.inputs
        ]

    def features(self, frames: Sequence[Any], shape: Shape) -> Any:
        """Returns features ``<float32>[B, T, F]``, as a store has them.

        Args:
            frames: for each input ``<uint8>[B, T, ...]``.
            shape: B and T.
        """
        seen = dict(zip(self.inputs, frames, strict=True))
        made = []
        for part in self.joined.parts:
            one = self.input_of(part)
            made.append(part.in_graph.call(tf.reshape(seen[one], (-1, *one.one))))
        rounded = tf.cast(tf.cast(tf.concat(made, -1), self.dtype), tf.float32)
        return tf.reshape(rounded, (*_sizes(frames[0], shape), self.joined.dimension))

    @property
    def dtype(self) -> str:
        """The dtype to which a store rounds features."""
        return self.extraction.dtype

    @property
    def rounding(self) -> float:
        """By how much two libraries may differ in features that are the same to the last bits.

        One may round a number to its neighbour in the dtype of the store: that is its ``eps``.
        """
        return float(np.finfo(self.dtype).eps)


def _sizes(frames: Any, shape: Shape) -> tuple[Any, Any]:
    """Returns B and T for ``tf.reshape``; where one of them is known, as a number."""
    if shape.batch is None and shape.steps is None:
        return tf.shape(frames)[0], tf.shape(frames)[1]
    return shape.batch or -1, shape.steps or -1


def backbone_of(
    run: Run, given: str | None, format_name: FormatName, shape: Shape
) -> GraphBackbone:
    """Opens the backbone of a run for a graph.

    Args:
        run: the run.
        given: the path of its backbone, if that is a file.
        format_name: of the file that is to be written.
        shape: the B and T of a call.

    Raises:
        InputError: the backbone is not the one of the run, or no graph can have it; or the model
            does not answer by features alone.
    """
    _require_frames(run)
    extraction = extraction_like(run, (), Path(), given)
    joined = load_backbone(extraction.backbone, extraction.pixels, clip=extraction.asked_clip)
    for part in joined.parts:
        _require_exportable(part, format_name, shape)
    return GraphBackbone(joined, extraction)


def _require_frames(run: Run) -> None:
    facts, inputs = run.facts, run.config.inputs
    if inputs != "features":
        raise InputError(
            f"--with-backbone: the model of {run.path} sees past labels (--inputs {inputs}), which "
            "no frame shows; export it without --with-backbone"
        )
    if facts.frames and is_ensemble(run.path):
        raise InputError(
            f"--with-backbone: {run.path} joins runs that have a backbone each; export its "
            "members, each by itself"
        )
    if not facts.backbone_digest and not facts.frames:
        raise InputError(
            f"--with-backbone: {run.path} was trained on imported features ({facts.backbone}), and "
            "what made them is not known here; export it without --with-backbone"
        )


def _require_exportable(part: Backbone, format_name: FormatName, shape: Shape) -> None:
    """Checks that a file of a format can have a part of a backbone in it."""
    if part.context:
        raise InputError(
            f"--with-backbone: {part.name} compares a frame with the step before, which is not in "
            "the carry; export it without --with-backbone, and make the features where it runs"
        )
    if not isinstance(part, OnnxFile):
        _ = part.in_graph
        return
    if format_name != "onnx":
        raise InputError(
            f"--format {format_name} --with-backbone: {part.name} is an ONNX network, which only "
            "--format onnx can hold; give that"
        )
    at_once = (shape.batch or 0) * (shape.steps or 0)
    if part.at_once not in (None, at_once):
        raise InputError(
            f"--with-backbone: {part.name} takes {part.at_once} at once, so B x T must be as many; "
            f"give --batch 1 --steps {part.at_once}, or save it with an open first axis"
        )
