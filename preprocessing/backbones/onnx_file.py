"""A backbone that is a network in a ``.onnx`` file, run by ONNX Runtime (the extra ``onnx``)."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import Backbone
from preprocessing.backbones.layout import CLIPS, Layout, layout_of, told
from preprocessing.backbones.onnx_graph import Scale, from_frames
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale, affine
from preprocessing.cores import share_of_cores
from preprocessing.errors import InputError
from preprocessing.videos.clip import NOT_ASKED, AskedClip

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
# How the entry of a tensor begins that says which other file its numbers are in.
ELSEWHERE = b"\n\x08location"
# Where ONNX Runtime looks for other files all the same: nothing can lie there.
NOWHERE = os.devnull


class OnnxFile(Backbone):
    """The first output of an ONNX model of pictures, or of clips; a map of features is averaged.

    Args:
        path: the file, which holds all weights.
        pixels: the scale of the pixels that the model was trained with.
        asked: the clips that it is to see, if it takes clips.

    Raises:
        InputError: ONNX Runtime is missing, the file cannot be opened, or the model takes neither
            pictures nor clips; the message has the shapes.
    """

    def __init__(self, path: Path, pixels: PixelScale, asked: AskedClip = NOT_ASKED):
        content = _read(path)
        self._session = _session(path, content)
        taken = self._session.get_inputs()
        self._layout = _taken(path, taken)
        self._input, self._dtype = taken[0].name, DTYPES[taken[0].type]
        if self._dtype == np.uint8 and pixels != AS_THEY_ARE:
            raise InputError(
                f"{path} takes uint8, which --pixels {pixels} does not give; leave --pixels out"
            )
        self._factor, self._offset = affine(pixels)
        self.name = path.name
        self.size = self._layout.size
        self.clip = self._layout.clip(path, asked)
        self.digest = digests.of_bytes(content)
        self.settings = {"color": "rgb", "resize": "area", "pixels": pixels}
        self._path, self._is_map = path, False
        self.dimension = self._try(path)

    @property
    def at_once(self) -> int | None:
        """The number of frames, or clips, that it takes at once; None for any."""
        return self._layout.batch

    def model(self) -> Any:
        """Returns the network from frames as they are; see ``onnx_graph``.

        Raises:
            InputError: the file is gone or has changed, or the package onnx is not installed.
        """
        content = _read(self._path)
        if digests.of_bytes(content) != self.digest:
            raise InputError(f"{self._path} has changed in the meantime; start the command again")
        scale = Scale(self._factor, self._offset)
        return from_frames(content, self._layout, scale, self._dtype, self._is_map)

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        batch = self._layout.batch or len(frames)
        pieces = [self._run(frames[at : at + batch]) for at in range(0, len(frames), batch)]
        return np.concatenate(pieces)

    def _run(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Runs a batch, padded with zeros where the model wants a fixed number of frames."""
        count = len(frames)
        pixels = np.zeros((self._layout.batch or count, *frames.shape[1:]), self._dtype)
        pixels[:count] = frames * self._factor + self._offset
        given = {self._input: self._layout.laid_out(pixels)}
        outputs = self._session.run(self._output, given)[0][:count].astype(np.float32)
        self._is_map = outputs.ndim == self._layout.axes
        averaged: NDArray[np.float32] = (
            outputs.mean(self._layout.places) if self._is_map else outputs
        )
        return averaged

    @property
    def _output(self) -> list[str]:
        return [self._session.get_outputs()[0].name]

    def _try(self, path: Path) -> int:
        """Runs two black frames, or clips of them, to learn F."""
        length = (self.clip.length,) if self.clip else ()
        black = np.zeros((2, *length, *self.size, 3), np.uint8)
        try:
            features = self(black)
        # ONNX Runtime's errors have no class in common.
        except Exception as error:
            raise InputError(f"{path} cannot take {told(self.size, self.clip)}: {error}") from None
        if features.ndim != 2 or len(features) != len(black):
            raise InputError(
                f"{path} makes {list(features.shape)} of two "
                f"{'clips' if self.clip else 'frames'}, expected [2, F] or a map of features; its "
                "first output must be such"
            )
        return int(features.shape[1])


def _taken(path: Path, inputs: list[Any]) -> Layout:
    """Returns the layout of the pictures, or clips, that a model takes."""
    shape = inputs[0].shape if len(inputs) == 1 else []
    layout = layout_of([length if isinstance(length, int) else None for length in shape])
    if layout is None or inputs[0].type not in DTYPES:
        found = " and ".join(f"{one.type} {one.shape}" for one in inputs) or "nothing"
        raise InputError(
            f"{path} takes {found}, expected one of pictures, [N, 3, H, W] or [N, H, W, 3], or of "
            f"clips, {CLIPS}"
        )
    return layout


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None


def _session(path: Path, content: bytes) -> Any:
    """Opens a model from its bytes, so that the digest covers all weights that are used."""
    if ELSEWHERE in content:
        raise InputError(
            f"{path} has weights in other files; put all into one: "
            "onnx.save(onnx.load(PATH), NEW_PATH)"
        )
    try:
        import onnxruntime
    except ImportError:
        raise InputError(
            f'{path} needs ONNX Runtime, which is not installed: pip install "longtake[onnx]"'
        ) from None
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = share_of_cores()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", NOWHERE
    )
    available = onnxruntime.get_available_providers()
    providers = [provider for provider in PROVIDERS if provider in available]
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    # ONNX Runtime's errors have no class in common.
    except Exception as error:
        raise InputError(f"{path} cannot be opened as an ONNX model: {error}") from None
