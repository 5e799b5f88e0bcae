"""The options of ``export``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from preprocessing.errors import InputError
from preprocessing.terminal.python_values import accept_values

FormatName = Literal["keras", "saved_model", "onnx", "tflite"]
SUFFIXES: dict[FormatName, str] = {
    "keras": ".keras",
    "saved_model": "",
    "onnx": ".onnx",
    "tflite": ".tflite",
}
WITH_BACKBONE: tuple[FormatName, ...] = ("onnx", "saved_model")
CHUNK = "chunk"


@dataclass(frozen=True)
class Shape:
    """The size of a call's inputs; None for any number.

    Attributes:
        batch: B.
        steps: T.
    """

    batch: int | None
    steps: int | None


@dataclass(frozen=True)
class ExportConfig:
    """A trained model as a file for programs that have no Longtake.

    Its carry is explicit: it goes in beside the features and comes out beside the outputs, and the
    program hands it on. Names, shapes and clients: docs/export.md.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    format: FormatName
    """keras (one Keras file), saved_model (a folder, for TensorFlow Serving), onnx (for ONNX
    Runtime), or tflite (for LiteRT on phones and small computers)."""
    steps: str | None = None
    """Steps of a call: a number, or chunk for the --chunk-length of the run; by default 1 with
    tflite, any number with the others."""
    batch: int | None = None
    """Sequences of a call, side by side; by default 1 with tflite, any number with the others."""
    out: Path | None = None
    """What to write; by default RUN/export/model.keras, .onnx or .tflite, or
    RUN/export/saved_model; with the backbone, with_backbone.onnx and saved_model_with_backbone."""
    with_backbone: bool = False
    """Put the backbone of the run into the file too, which then takes frames and no features; with
    onnx and saved_model."""
    backbone: str | None = None
    """With --with-backbone: what made the features of the run, where that is a file; see
    predict."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""

    def __post_init__(self) -> None:
        accept_values(self)
        if self.with_backbone and self.format not in WITH_BACKBONE:
            raise InputError(
                f"--format {self.format} --with-backbone: expected --format "
                f"{' or '.join(WITH_BACKBONE)}; or leave --with-backbone out"
            )
        if self.backbone and not self.with_backbone:
            raise InputError(
                f"--backbone {self.backbone} is what --with-backbone puts into the file; give both"
            )

    @property
    def path(self) -> Path:
        """The path of the exported model.

        Raises:
            InputError: the name has another format's suffix.
        """
        suffix = SUFFIXES[self.format]
        name = f"model{suffix}" if suffix else self.format
        if self.with_backbone:
            name = f"with_backbone{suffix}" if suffix else f"{self.format}_with_backbone"
        path = self.out or self.run / "export" / name
        if suffix and path.suffix != suffix:
            raise InputError(
                f"--out {path} with --format {self.format}: expected a name in {suffix}"
            )
        return path

    def shape(self, chunk_length: int) -> Shape:
        """Returns the size of a call's inputs.

        Args:
            chunk_length: the chunk length of the run.

        Raises:
            InputError: this number of steps, or sequences, cannot be exported.
        """
        if self.format == "keras" and (self.steps or self.batch is not None):
            given = f"--steps {self.steps}" if self.steps else f"--batch {self.batch}"
            raise InputError(f"{given} with --format keras: that model takes any number; leave it")
        if self.batch is not None and self.batch < 1:
            raise InputError(f"--batch {self.batch}: expected at least 1")
        otherwise = 1 if self.format == "tflite" else None
        batch = otherwise if self.batch is None else self.batch
        if self.steps is None:
            return Shape(batch, otherwise)
        steps = str(chunk_length) if self.steps == CHUNK else self.steps
        if not (steps.isascii() and steps.isdecimal() and int(steps)):
            raise InputError(
                f"--steps {self.steps}: expected a number from 1 on, or chunk (that of the run is "
                f"{chunk_length})"
            )
        return Shape(batch, int(steps))
