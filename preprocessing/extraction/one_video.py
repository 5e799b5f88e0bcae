"""One video to one file of the store.

decode, sample, resize (a thread)  ->  backbone, a batch at a time  ->  SequenceWriter
                                       (or Begun, what it made before an interruption)
"""

import errno
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from preprocessing.backbones import Joined, load_backbone
from preprocessing.backbones.frame_batches import frame_batches
from preprocessing.errors import InputError, OtherSettings, Unreachable, VideoError
from preprocessing.extraction.begun import Begun
from preprocessing.extraction.options import ExtractConfig
from preprocessing.files.fingerprint import fingerprint
from preprocessing.files.inputs import Source
from preprocessing.files.lease import Busy, lease
from preprocessing.files.watched_file import WatchedFile
from preprocessing.read_ahead import read_ahead
from preprocessing.store.frame_file import FrameWriter
from preprocessing.store.freshness import find_done, put_aside
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text
from preprocessing.terminal.console import note
from preprocessing.videos.damage import Damage
from preprocessing.videos.reader import VideoReader

BATCHES_AHEAD = 3
BUSY = "busy"
# What is wrong with the store, not with a video: no space, quota, or rights.
STORE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Extracted:
    """The result for one video.

    Attributes:
        source: the video.
        outcome: ``extracted``, ``skipped``, ``busy`` (another process works on it) or a kind of
            failure.
        steps: the number of steps in the store.
        message: why it failed.
        damage: the damage of the video, if it was stored all the same.
        frames: the number of frames that went through the backbone, also if it failed afterwards.
    """

    source: Source
    outcome: str
    steps: int = 0
    message: str = ""
    damage: str = ""
    frames: int = 0


def attempt(
    source: Source, config: ExtractConfig, advance: Callable[[int], object] = lambda steps: None
) -> Extracted:
    """Extracts one video and turns a failure of the video into a result.

    Args:
        source: the video.
        config: the options of ``extract``.
        advance: called with the number of steps each time some were written.
    """
    done = 0

    def count(steps: int) -> None:
        nonlocal done
        done += steps
        advance(steps)

    return replace(_attempt(source, config, count), frames=done)


def _attempt(source: Source, config: ExtractConfig, advance: Callable[[int], object]) -> Extracted:
    path = sequence_path(config.store, source.sequence_id)
    # What is wrong with it is not the video's fault.
    backbone = load_backbone(config.backbone, config.pixels, config.quality, clip=config.asked_clip)
    try:
        with lease(path):
            if found := find(source, config, backbone):
                return found
            steps, damage = extract_video(source, config, backbone, advance)
            return Extracted(source, "extracted", steps, damage=damage)
    except Busy:
        return Extracted(source, BUSY)
    except VideoError as error:
        aside = "" if error.kind == "unreadable" else put_aside(path)
        return Extracted(source, error.kind, message=f"{error}{aside}")
    except OtherSettings:
        raise
    except Unreachable as error:
        return Extracted(source, "unreadable", message=str(error))
    except InputError as error:
        return Extracted(source, "features", message=f"{error}{put_aside(path)}")
    except OSError as error:
        if error.errno in STORE_ERRORS:
            raise InputError(
                f"{config.store} cannot be written: {error.strerror}; what is finished is kept, "
                "mend that and start the same command again"
            ) from None
        return Extracted(source, "file", message=str(error))


def find(source: Source, config: ExtractConfig, backbone: Joined) -> Extracted | None:
    """Returns the result for a video that the store already has, made in the same way.

    Args:
        source: the video.
        config: the options of ``extract``.
        backbone: the network that would make the features.

    Raises:
        MustStay: it was made with other settings, and is not to be overwritten, or it cannot be
            read now.
    """
    path = sequence_path(config.store, source.sequence_id)
    if not path.exists():
        return None
    try:
        content = fingerprint(source.path)
    except OSError:
        return None
    wanted = _origin(source, config, backbone, content)
    info = find_done(path, source.sequence_id, wanted, config.overwrite)
    if info is None or (info.damage and not config.accepts(info.decoded_share)):
        return None
    return Extracted(source, "skipped", info.steps, damage=info.damage)


def extract_video(
    source: Source,
    config: ExtractConfig,
    backbone: Joined,
    advance: Callable[[int], object] = lambda steps: None,
) -> tuple[int, str]:
    """Extracts one video; its file appears in the store when it is whole.

    Args:
        source: the video.
        config: the options of ``extract``.
        backbone: the network that makes the features.
        advance: called with the number of steps each time some were written.

    Returns:
        The number of steps written, and the damage of the video, empty if there is none.

    Raises:
        VideoError: the video cannot be used, is damaged and not to be kept, or was replaced or
            written to meanwhile.
    """
    path = sequence_path(config.store, source.sequence_id)
    with (
        WatchedFile(source.path) as file,
        VideoReader(source.path, config.rate, backbone.sizes, backbone.clips) as video,
    ):
        origin = _origin(source, config, backbone, file.fingerprint)
        size = backbone.steps_at_once(config.batch_size)
        with (
            _begun(path, origin, file.state, backbone, config) as begun,
            _writer(path, origin, backbone, config, video.start_time) as writer,
        ):
            batches = frame_batches(video, size, backbone.context)
            for samples, frames in read_ahead(batches, BATCHES_AHEAD):
                times = np.array([sample.timestamp for sample in samples])
                numbers = np.array([sample.frame for sample in samples])
                features = begun.take(times) if begun else None
                made = backbone(frames)[: len(times)] if features is None else features
                writer.append(times, made, numbers)
                if begun and features is None:
                    begun.add(times, made)
                advance(len(times))
            if begun and begun.taken:
                note(f"{source.path}: {begun.taken} steps made before an interruption are used")
            file.require_unchanged()
            for remark in video.damage.remarks:
                note(f"{source.path}: {remark}")
            _require_acceptable(source, video.damage, config)
            writer.frames_decoded = video.frames_decoded
            writer.source_frames = video.numbers.count
            writer.damage, writer.decoded_share = str(video.damage), video.damage.share
    return writer.steps, writer.damage


def _begun(
    path: Path, origin: Origin, state: tuple[int, ...], backbone: Joined, config: ExtractConfig
) -> Begun | AbstractContextManager[None]:
    """Returns what an interrupted extraction has made; nothing of frames, which cost little."""
    if backbone.encodes:
        return nullcontext()
    size = backbone.steps_at_once(config.batch_size)
    return Begun(path, origin, state, backbone.dimension, config.dtype, size)


def _writer(
    path: Path, origin: Origin, backbone: Joined, config: ExtractConfig, start_time: float
) -> SequenceWriter:
    if backbone.encodes:
        return FrameWriter(path, backbone.sizes[0], origin, start_time)
    return SequenceWriter(path, backbone.dimension, origin, config.dtype, start_time)


def _require_acceptable(source: Source, damage: Damage, config: ExtractConfig) -> None:
    if damage.found and not config.accepts(damage.share):
        raise VideoError(
            "damaged", f"{source.path}: {damage}; --on-damage keep takes it all the same"
        )


def _origin(source: Source, config: ExtractConfig, backbone: Joined, content: str) -> Origin:
    return Origin(
        source=str(source.path.resolve()),
        fingerprint=content,
        fps=str(config.rate or "native"),
        backbone=backbone.name,
        backbone_digest=backbone.digest,
        settings=settings_text(**backbone.settings, **_dtype(backbone, config)),
    )


def _dtype(backbone: Joined, config: ExtractConfig) -> dict[str, str]:
    """Returns the setting that features have, and frames have not."""
    return {} if backbone.encodes else {"dtype": config.dtype}
