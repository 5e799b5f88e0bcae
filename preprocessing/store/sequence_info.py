"""Facts about a stored sequence without its features, and how its file is opened.

DIR/<sequence_id>.h5
    features    <float16 or float32>[N, F], or in their place the frames; see ``frame_file``
    timestamps  <float64>[N]   seconds, strictly increasing
    frames      <int64>[N]     of videos: number of the frame that a step shows, from 0 on, in the
                               order in which frames are shown; its attribute ``count`` is how many
                               the video has
    attributes  schema_version, source, fingerprint, frames_decoded, damage, decoded_share, fps,
                start_time, backbone, backbone_digest, settings (JSON), complete
"""

import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.hdf5_file import DAMAGE, open_hdf5, own_dataset, require_reachable
from preprocessing.files.jpeg_header import COLOURS, MOST_PIXELS, Size, most_bytes
from preprocessing.terminal.streams import printable

SCHEMA_VERSION = 1
FRAMES, FRAME_ENDS = "jpeg", "jpeg_ends"
SUFFIX = ".h5"
IMPORTED = "import-"  # The beginning of what stands for the backbone of imported features.
FLOATS = ("float16", "float32", "float64")
MEDIAN_STEPS = 1 << 12
TIMES_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Origin:
    """The source and the settings that a sequence's features were made with.

    Attributes:
        source: path of the video or feature file.
        fingerprint: fingerprint of the source's content.
        fps: requested steps per second, or ``native``.
        backbone: name of the network or importer.
        backbone_digest: digest of its weights; empty for imported features.
        settings: everything else that changes the features, as JSON.
    """

    source: str
    fingerprint: str
    fps: str
    backbone: str
    backbone_digest: str
    settings: str

    @property
    def method(self) -> tuple[str, str, str, str]:
        """Everything that must be the same for two sequences to be comparable."""
        return self.fps, self.backbone, self.backbone_digest, self.settings

    @property
    def command(self) -> str:
        """The command that makes such features: ``import``, or ``extract`` of videos."""
        return "import" if self.backbone.startswith(IMPORTED) else "extract"


class Making(NamedTuple):
    """The facts in which sequences for one model must be the same; see ``Origin``."""

    fps: str
    backbone: str
    backbone_digest: str
    settings: str
    dimension: int

    def difference(self, other: "Making") -> tuple[str, object, object] | None:
        """Returns what differs first, in words, and both values of it; None if nothing does."""
        words = ("fps", "backbone", "backbone weights", "settings", "dimension")
        for word, one, another in zip(words, self, other, strict=True):
            if one != another:
                return word, one, another
        return None


@dataclass(frozen=True)
class SequenceInfo:
    """Facts about a stored sequence without its features.

    Attributes:
        sequence_id: its id.
        steps: N.
        dimension: F; of frames, the number of their pixels in three colours.
        dtype: the dtype of the features; uint8 of frames.
        first: timestamp of the first step in seconds.
        last: timestamp of the last step in seconds.
        start_time: the second from which labels are counted; players show it as 0.
        frames_decoded: the number of frames of the source that were decoded.
        damage: the damage of the source, in words; empty if there is none.
        decoded_share: share of the source's time that could be decoded.
        bytes: size of the file.
        origin: source and settings of the features.
        median_step: median time between two steps, of the first ``MEDIAN_STEPS``; 0 if unknown.
        frame_size: (height, width) of its frames, if it holds these and no features.
    """

    sequence_id: str
    steps: int
    dimension: int
    dtype: str
    first: float
    last: float
    start_time: float
    frames_decoded: int
    damage: str
    decoded_share: float
    bytes: int
    origin: Origin
    median_step: float = 0.0
    frame_size: Size | None = None

    @property
    def making(self) -> "Making":
        """The settings that its features were made with, and F."""
        return Making(*self.origin.method, self.dimension)

    @property
    def step_seconds(self) -> float:
        """The usual time between two steps in seconds, which gaps do not lengthen."""
        if self.median_step:
            return self.median_step
        return 0.0 if self.origin.fps == "native" else 1.0 / float(self.origin.fps)

    @property
    def content(self) -> str:
        """Each step's extent in words: ``1,280 features``, or ``224 x 224 pixels``."""
        if self.frame_size:
            return f"{self.frame_size[0]} x {self.frame_size[1]} pixels"
        return f"{self.dimension:,} features"

    @property
    def extent(self) -> str:
        """Its id and how much there is of it, in words."""
        steps = f"{self.steps:,} step{'s' * (self.steps != 1)}"
        name = f"{self.sequence_id!r}: {steps} of {self.content}"
        return f"{name}, {self.first:.1f} to {self.last:.1f} s"

    def __repr__(self) -> str:
        made = f"{self.origin.backbone}, fps {self.origin.fps}"
        return f"<{type(self).__name__} {self.extent}; {printable(made)}>"

    @property
    def end(self) -> float:
        """The second, counted from ``start_time``, at which the last step stops being shown."""
        return self.last + self.step_seconds - self.start_time


def sequence_path(root: Path | str, sequence_id: str) -> Path:
    """Returns the file that holds a sequence.

    Args:
        root: the folder of the store.
        sequence_id: the sequence.

    Raises:
        InputError: the id would lead out of the folder.
    """
    parts = PurePosixPath(sequence_id).parts
    if not parts or sequence_id.startswith("/") or ".." in parts or "\0" in sequence_id:
        raise InputError(f"{sequence_id!r} is no sequence id: a relative path without .. is")
    return Path(root).joinpath(*parts[:-1], parts[-1] + SUFFIX)


def read_info(path: Path, sequence_id: str) -> SequenceInfo:
    """Describes the sequence in a file and checks that the file is whole; reads no features.

    Args:
        path: the file.
        sequence_id: the sequence's id.

    Raises:
        InputError: the file is missing, damaged or unfinished.
    """
    with open_file(path) as file:
        try:
            return _described(file, path, sequence_id)
        except DAMAGE as error:
            require_reachable(path, error)
            reason = " ".join(str(error).split())
            raise InputError(
                f"{path} is not a whole feature file of schema {SCHEMA_VERSION} ({reason}); "
                "delete it and extract or import it again"
            ) from None


def _described(file: h5py.File, path: Path, sequence_id: str) -> SequenceInfo:
    timestamps = own_dataset(file, "timestamps")
    attributes = file.attrs
    if not attributes["complete"] or attributes["schema_version"] != SCHEMA_VERSION:
        raise ValueError("not complete, or of another schema")
    _require_floats(timestamps, 1)
    frame_size = _frame_size(file) if FRAMES in file else None
    dimension, dtype = _held(file, len(timestamps)) if not frame_size else _pixels(frame_size)
    require_increasing(timestamps)
    origin = Origin(**{name: _text(attributes[name]) for name in Origin.__annotations__})
    if origin.fps != "native" and not 0 < float(origin.fps) < math.inf:
        raise ValueError(f"fps is {origin.fps!r}")
    start_time, share = float(attributes["start_time"]), float(attributes["decoded_share"])
    if not (math.isfinite(start_time) and math.isfinite(share)):
        raise ValueError(f"start_time is {start_time}, decoded_share {share}")
    return SequenceInfo(
        sequence_id=sequence_id,
        steps=len(timestamps),
        dimension=dimension,
        dtype=dtype,
        first=float(timestamps[0]),
        last=float(timestamps[-1]),
        start_time=start_time,
        frames_decoded=int(attributes["frames_decoded"]),
        damage=_text(attributes["damage"]),
        decoded_share=share,
        bytes=path.stat().st_size,
        origin=origin,
        median_step=median_step(timestamps[:MEDIAN_STEPS]),
        frame_size=frame_size,
    )


def _require_floats(data: h5py.Dataset, axes: int) -> None:
    if data.dtype not in FLOATS or len(data.shape) != axes:
        raise ValueError(f"{data.name} is {data.dtype} {data.shape}")


def _held(file: h5py.File, steps: int) -> tuple[int, str]:
    """Returns F and the dtype of features.

    Raises:
        ValueError: they are no numbers, or not so many.
    """
    features = own_dataset(file, "features")
    _require_floats(features, 2)
    if not len(features) == steps > 0 or not features.shape[1]:
        raise ValueError(f"features {features.shape} for {steps} timestamps")
    return features.shape[1], str(features.dtype)


def _pixels(size: Size) -> tuple[int, str]:
    """Returns what stands for F and the dtype of features where there are frames."""
    return size[0] * size[1] * COLOURS, "uint8"


def _frame_size(file: h5py.File) -> Size:
    """Returns the (height, width) of frames, and checks where each of them lies.

    Raises:
        ValueError: it is not said, or frames lie outside of the file, overlap, or are too long.
    """
    jpeg, ends = own_dataset(file, FRAMES), own_dataset(file, FRAME_ENDS)
    height, width = (int(side) for side in jpeg.attrs["size"])
    if not (0 < height * width <= MOST_PIXELS and min(height, width) > 0):
        raise ValueError(f"frames of {height} x {width} pixels")
    if (jpeg.dtype, ends.dtype, len(jpeg.shape)) != (np.uint8, np.int64, 1):
        raise ValueError(f"frames are {jpeg.dtype} {jpeg.shape}, their ends {ends.dtype}")
    if ends.shape != file["timestamps"].shape or not len(ends):
        raise ValueError(f"{ends.shape} frames for {len(file['timestamps'])} timestamps")
    last = 0
    for start in range(0, len(ends), TIMES_AT_ONCE):
        block = ends[start : start + TIMES_AT_ONCE]
        lengths = np.diff(block, prepend=last)
        if not ((lengths > 0) & (lengths <= most_bytes((height, width)))).all():
            raise ValueError("frames that overlap, or are longer than any of their size")
        last = int(block[-1])
    if last != len(jpeg):
        raise ValueError(f"frames end at {last} of {len(jpeg)} bytes")
    return height, width


def require_increasing(timestamps: h5py.Dataset) -> None:
    """Checks that times, ``<float64>[N]``, are finite and increase, a block at a time.

    Raises:
        ValueError: a time is not finite, or not later than the one before.
    """
    last = -np.inf
    for start in range(0, len(timestamps), TIMES_AT_ONCE):
        block = timestamps[start : start + TIMES_AT_ONCE]
        if not (np.isfinite(block).all() and (np.diff(block, prepend=last) > 0).all()):
            raise ValueError("timestamps that are no numbers, or do not increase")
        last = block[-1]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def median_step(times: NDArray[np.float64]) -> float:
    """Returns the median distance of times, ``<float64>[n]``; 0 for fewer than two.

    The mean would grow with every gap in a recording.
    """
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def shown_apart(name: str, one: object, other: object) -> tuple[object, object]:
    """Returns what a message shows of two values that differ; of settings only those that do.

    Args:
        name: what differs; see ``Making.difference``.
        one: its value in one sequence or model.
        other: its value in the other.
    """
    try:
        both = [json.loads(str(value)) for value in (one, other) if name == "settings"]
        names = sorted(both[0].keys() | both[1].keys())
    except (ValueError, LookupError, AttributeError):
        return one, other
    apart = [key for key in names if both[0].get(key) != both[1].get(key)]
    first, second = (", ".join(f"{key} {of.get(key)}" for key in apart) for of in both)
    return first, second


def settings_text(**settings: Any) -> str:
    """Returns preprocessing settings as JSON, for an attribute of a feature file."""
    return json.dumps(settings, sort_keys=True)


def open_file(path: Path) -> h5py.File:
    """Opens a feature file to read.

    Raises:
        InputError: the file is missing, or not HDF5.
    """
    try:
        # Without HDF5's cache of blocks, a megabyte or more for each dataset that is kept open:
        # stretches are read once, and blocks are not compressed.
        return open_hdf5(path, rdcc_nbytes=0)
    except FileNotFoundError:
        raise InputError(f"there is no {path}: extract or import that sequence first") from None
    except DAMAGE as error:
        require_reachable(path, error)
        raise InputError(f"{path} cannot be read as HDF5 ({error}); make it again") from None


def rate_of(infos: Iterable[SequenceInfo]) -> float:
    """Returns the usual steps a second of sequences; 1 if nobody knows."""
    known = [info.step_seconds for info in infos if info.step_seconds > 0]
    return 1.0 / statistics.median(known) if known else 1.0
