"""The options of ``extract``, and checks of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import tyro

from preprocessing.backbones.efficientnet_lite import EfficientNetLite0
from preprocessing.backbones.kept_frames import keeps_frames
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale
from preprocessing.errors import InputError
from preprocessing.extraction.engines import Engine, check_engine
from preprocessing.files.outputs import require_folder
from preprocessing.terminal.python_values import accept_values
from preprocessing.videos.clip import AskedClip
from preprocessing.videos.damage import WHOLE_SHARE

Item = TypeVar("Item")


@dataclass(frozen=True)
class ExtractConfig:
    """Videos, or folders walked recursively, to one HDF5 file of features per video.

    What is finished with the same settings is skipped, so the same command again goes on.
    """

    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Video files, or folders of them."""
    store: Path
    """Folder that gets DIR/<sequence_id>.h5."""
    fps: float | Literal["native"] = 4.0
    """Steps per second, or native for every frame."""
    backbone: str = EfficientNetLite0.name
    """What turns a frame into features: efficientnet-lite0, -lite1 or -lite2, flow, histogram,
    hog, pixels; any network of keras.applications, such as ResNet50; keras-hub:PRESET; or a file,
    PATH.keras, PATH.onnx or PATH.py:Class. Several are joined with +, such as
    efficientnet-lite0+flow. Or frames:SIZE, such as frames:224, which keeps the frames, for
    train --finetune."""
    pixels: PixelScale = AS_THEY_ARE
    """The scale of the pixels that a network in a .keras or .onnx file takes; imagenet is 0 to 1
    less the mean, over the deviation of ImageNet's colours. Others scale theirs themselves."""
    clip: int | None = None
    """With a network in a file, or of keras-hub, that takes clips: how many frames of the video it
    sees of each step, up to the step's own; by default what the network itself says."""
    clip_stride: int = 1
    """From each frame of a clip to the next, in frames of the video."""
    quality: int | None = None
    """With --backbone frames:SIZE: how good the JPEG of each frame is, from 1 to 100; by default
    90."""
    batch_size: int = 32
    """Frames that go through the backbone at once, as single pictures or in clips."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of the features on disk."""
    on_damage: Literal["auto", "fail", "keep"] = "auto"
    """What to do with a video that does not decode from end to end: fail refuses it, keep stores
    what there is with the damage on record, auto keeps it if at least 95 % of its time decoded."""
    jobs: int = 1
    """Videos worked on at once, each in a process of its own."""
    engine: Engine = "local"
    """Whose processes: this machine's, those of a Dask scheduler, or those of a Ray cluster."""
    address: str | None = None
    """Of the cluster, such as tcp://HOST:8786 for dask, or ray://HOST:10001 or auto for ray."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Take only the I-th of N parts of the videos (I from 1), for arrays of jobs."""
    prefer: Annotated[str | None, tyro.conf.arg(metavar=".SUFFIX")] = None
    """Which to take of videos that differ in their suffix only, such as .mp4."""
    overwrite: bool = False
    """Make again what the store has with other settings; runs trained on it cannot go on then."""

    def __post_init__(self) -> None:
        accept_values(self)

    @property
    def rate(self) -> float | None:
        """Steps per second; None for every frame."""
        return None if self.fps == "native" else float(self.fps)

    @property
    def asked_clip(self) -> AskedClip:
        """The clips that are asked for."""
        return AskedClip(self.clip, self.clip_stride)

    def accepts(self, decoded_share: float) -> bool:
        """Returns True if a damaged video is wanted of which this share of the time decoded."""
        if self.on_damage == "auto":
            return decoded_share >= WHOLE_SHARE
        return self.on_damage == "keep"


def check(config: ExtractConfig) -> None:
    """Checks the options.

    Raises:
        InputError: an option is out of range, or two do not go together.
    """
    require_folder("--store", config.store)
    if config.fps != "native" and not 0 < float(config.fps) < 1000:
        raise InputError(f"--fps {config.fps}: expected a number of steps per second, or native")
    if config.batch_size < 1 or config.jobs < 1:
        raise InputError(
            f"--batch-size {config.batch_size} --jobs {config.jobs}: both must be at least 1"
        )
    if config.quality is not None and not 1 <= config.quality <= 100:
        raise InputError(f"--quality {config.quality}: expected 1 to 100")
    if keeps_frames(config.backbone) and config.dtype != ExtractConfig.dtype:
        raise InputError(
            f"--dtype {config.dtype} is of features; --backbone {config.backbone} keeps JPEG"
        )
    if config.clip_stride < 1 or (config.clip is not None and config.clip < 1):
        raise InputError(
            f"--clip {config.clip} --clip-stride {config.clip_stride}: expected 1 frame or more"
        )
    check_engine(config.engine, config.address, config.jobs)


def take_shard(items: Sequence[Item], shard: str | None) -> Sequence[Item]:
    """Takes one of N parts of the videos, or of other things.

    Args:
        items: all of them.
        shard: ``I/N``, I from 1; None takes all.

    Raises:
        InputError: ``shard`` has another form.
    """
    if shard is None:
        return items
    number, count = shard_numbers(shard)
    return items[number - 1 :: count]


def shard_numbers(shard: str) -> tuple[int, int]:
    """Returns I and N of ``I/N``.

    Args:
        shard: the option ``--shard``.

    Raises:
        InputError: it has another form.
    """
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f"--shard {shard}: expected I/N with I from 1 to N, such as 2/8")
    return int(match[1]), int(match[2])
