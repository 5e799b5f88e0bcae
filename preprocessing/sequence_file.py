"""One stored sequence: an HDF5 file, whole if it has its final name.

DIR/<sequence_id>.h5
    features    <float16 or float32>[N, F]
    timestamps  <float64>[N]   seconds, strictly increasing
    attributes  schema_version, source, fingerprint, frames_decoded, damage, decoded_share, fps,
                start_time, backbone, backbone_digest, settings (JSON), complete
"""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.guarded_file import GuardedFile
from preprocessing.hdf5_file import DAMAGE, open_hdf5, own_dataset
from preprocessing.whole_file import partial_path

SCHEMA_VERSION = 1
SUFFIX = ".h5"
BLOCK_BYTES = 1 << 17
HALF_EXPONENT = np.uint16(0x7C00)
FLOATS = ("float16", "float32", "float64")
TIMES_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Origin:
    """What a sequence's features were made from, and how.

    Attributes:
        source: path of the video or feature file.
        fingerprint: of the source's content.
        fps: steps per second asked for, or ``native``.
        backbone: name of the network or importer.
        backbone_digest: of its weights; empty for imported features.
        settings: everything else that changes the features, as JSON.
    """

    source: str
    fingerprint: str
    fps: str
    backbone: str
    backbone_digest: str
    settings: str

    @property
    def recipe(self) -> tuple[str, str, str, str]:
        """All that must be the same for two sequences to be comparable."""
        return self.fps, self.backbone, self.backbone_digest, self.settings


@dataclass(frozen=True)
class SequenceInfo:
    """What is known of a stored sequence without reading its features.

    Attributes:
        steps: N.
        dimension: F.
        first, last: timestamps in seconds of the first and the last step.
        start_time: the second from which labels are counted; players show it as 0.
        frames_decoded: frames of the source that were decoded to make it.
        damage: what was wrong with the source, in words; empty if nothing was.
        decoded_share: share of the source's time that could be decoded.
        bytes: size of the file.
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

    @property
    def step_seconds(self) -> float:
        """Mean time between two steps."""
        if self.steps > 1:
            return (self.last - self.first) / (self.steps - 1)
        return 0.0 if self.origin.fps == "native" else 1.0 / float(self.origin.fps)

    @property
    def end(self) -> float:
        """Second, counted from ``start_time``, at which the last step stops being shown."""
        return self.last + self.step_seconds - self.start_time


class SequenceWriter:
    """Writes one sequence, a batch of steps at a time, under a temporary name until it is whole.

    Use as a context manager; leaving it normally verifies the file and gives it its final name,
    leaving it by an exception removes it.

    Args:
        path: the final name.
        dimension: F.
        origin: what the features are made from.
        dtype: ``float16`` or ``float32``.
        start_time: the second from which labels are counted.

    Attributes:
        steps: written so far.
        frames_decoded, damage, decoded_share: of the source, for the record; see ``SequenceInfo``.
    """

    def __init__(
        self,
        path: Path,
        dimension: int,
        origin: Origin,
        dtype: str = "float16",
        start_time: float = 0.0,
    ):
        self.path = path
        self.partial = partial_path(path)
        self.frames_decoded = 0
        self.damage = ""
        self.decoded_share = 1.0
        self.steps = 0
        self._last = -np.inf
        self._source = origin.source
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial_file = GuardedFile(self.partial)
        self._file = h5py.File(self._partial_file, "w")
        block = _block_steps(dimension * np.dtype(dtype).itemsize)
        self._features = self._file.create_dataset(
            "features", (0, dimension), dtype, maxshape=(None, dimension), chunks=(block, dimension)
        )
        self._timestamps = self._file.create_dataset(
            "timestamps", (0,), "float64", maxshape=(None,), chunks=(4096,)
        )
        self._file.attrs.update(
            schema_version=SCHEMA_VERSION, start_time=start_time, **vars(origin)
        )

    def append(self, timestamps: NDArray[Any], features: NDArray[Any]) -> None:
        """Adds steps.

        Args:
            timestamps: ``<float64>[n]`` in seconds, later than all before.
            features: ``<float>[n, F]``.

        Raises:
            InputError: a feature is not finite, or too large for the store's dtype.
            OSError: the disk is full or cannot be written.
            ValueError: timestamps that do not increase, or shapes that do not fit.
        """
        if features.shape != (len(timestamps), self._features.shape[1]):
            raise ValueError(
                f"Expected a row of {self._features.shape[1]} features for each timestamp. "
                f"Received: {features.shape} and {len(timestamps)}"
            )
        require_finite(features, self._source, self.steps)
        with np.errstate(over="ignore"):
            stored = features.astype(self._features.dtype)
        if not np.isfinite(stored).all():
            raise InputError(
                f"{self._source}: features up to {np.abs(features).max():.6g} do not fit "
                f"{stored.dtype}; leave such columns out or give --dtype float32"
            )
        if not (np.diff(timestamps, prepend=self._last) > 0).all():
            raise ValueError(f"Timestamps must increase. Received: {timestamps} after {self._last}")
        stop = self.steps + len(features)
        self._features.resize(stop, axis=0)
        self._timestamps.resize(stop, axis=0)
        self._features[self.steps :] = stored
        self._timestamps[self.steps :] = timestamps
        self._partial_file.require_success()
        self.steps = stop
        self._last = timestamps[-1] if len(timestamps) else self._last

    def __enter__(self) -> "SequenceWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._file.close()
            self._partial_file.close()
            self.partial.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._file.attrs.update(
            frames_decoded=self.frames_decoded,
            damage=self.damage,
            decoded_share=self.decoded_share,
            complete=True,
        )
        self._file.close()
        self._partial_file.require_success()
        os.fsync(self._partial_file.fileno())
        if read_info(self.partial, self.path.stem).steps != self.steps:
            raise OSError(f"{self.partial} does not read back as it was written")
        self.partial.replace(self.path)


def sequence_path(root: Path, sequence_id: str) -> Path:
    """The file that holds a sequence.

    Raises:
        InputError: the id would lead out of the folder.
    """
    parts = PurePosixPath(sequence_id).parts
    if not parts or sequence_id.startswith("/") or ".." in parts or "\0" in sequence_id:
        raise InputError(f"{sequence_id!r} is no sequence id: a relative path without .. is")
    return root.joinpath(*parts[:-1], parts[-1] + SUFFIX)


def read_info(path: Path, sequence_id: str) -> SequenceInfo:
    """Describes the sequence in a file, and looks whether it is a whole one; of the features it
    reads nothing. See ``FeatureStore.info``.
    """
    with open_file(path) as file:
        try:
            return _described(file, path, sequence_id)
        except DAMAGE as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{path} is not a whole feature file of schema {SCHEMA_VERSION} ({reason}); "
                "delete it and extract or import it again"
            ) from None


def _described(file: h5py.File, path: Path, sequence_id: str) -> SequenceInfo:
    features, timestamps = own_dataset(file, "features"), own_dataset(file, "timestamps")
    attributes = file.attrs
    if not attributes["complete"] or attributes["schema_version"] != SCHEMA_VERSION:
        raise ValueError("not complete, or of another schema")
    for data, axes in ((features, 2), (timestamps, 1)):
        if data.dtype not in FLOATS or len(data.shape) != axes:
            raise ValueError(f"{data.name} is {data.dtype} {data.shape}")
    if not len(features) == len(timestamps) > 0 or not features.shape[1]:
        raise ValueError(f"features {features.shape} for {len(timestamps)} timestamps")
    _require_increasing(timestamps)
    origin = Origin(**{name: _text(attributes[name]) for name in Origin.__annotations__})
    if origin.fps != "native" and not 0 < float(origin.fps) < math.inf:
        raise ValueError(f"fps is {origin.fps!r}")
    start_time, share = float(attributes["start_time"]), float(attributes["decoded_share"])
    if not (math.isfinite(start_time) and math.isfinite(share)):
        raise ValueError(f"start_time is {start_time}, decoded_share {share}")
    return SequenceInfo(
        sequence_id=sequence_id,
        steps=len(features),
        dimension=features.shape[1],
        dtype=str(features.dtype),
        first=float(timestamps[0]),
        last=float(timestamps[-1]),
        start_time=start_time,
        frames_decoded=int(attributes["frames_decoded"]),
        damage=_text(attributes["damage"]),
        decoded_share=share,
        bytes=path.stat().st_size,
        origin=origin,
    )


def _require_increasing(timestamps: h5py.Dataset) -> None:
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


def require_finite(block: NDArray[Any], where: str, start: int) -> None:
    """Refuses NaN and infinity in ``<float>[n, F]``; ``start`` is the number of its first step."""
    if not _all_finite(block):
        step, column = np.argwhere(~np.isfinite(block))[0]
        value = block[step, column]
        raise InputError(
            f"{where}: feature {column} of step {start + step} is {value}; every feature must be a "
            "finite number, mend or remove this input"
        )


def _all_finite(block: NDArray[Any]) -> bool:
    """Whether no value is NaN or infinite: one whose exponent is all ones.

    NumPy converts float16, value by value, to ask; as whole numbers they take a twentieth.
    """
    if block.dtype != np.float16:
        return bool(np.isfinite(block).all())
    bits = block.view(np.uint16) & HALF_EXPONENT
    return not (bits == HALF_EXPONENT).any()


def settings_text(**settings: Any) -> str:
    """Preprocessing settings as an attribute of a feature file."""
    return json.dumps(settings, sort_keys=True)


def open_file(path: Path) -> h5py.File:
    """Opens a feature file to read.

    Raises:
        InputError: it is missing, or not HDF5.
    """
    try:
        # Without HDF5's cache of blocks, a megabyte or more for each dataset that is kept open:
        # stretches are read once, and blocks are not compressed.
        return open_hdf5(path, rdcc_nbytes=0)
    except FileNotFoundError:
        raise InputError(f"there is no {path}: extract or import that sequence first") from None
    except DAMAGE as error:
        raise InputError(f"{path} cannot be read as HDF5 ({error}); make it again") from None


def _block_steps(step_bytes: int) -> int:
    """Steps in a storage block: a power of two, about ``BLOCK_BYTES`` in all."""
    return int(2 ** np.clip(round(np.log2(BLOCK_BYTES / step_bytes)), 4, 12))
