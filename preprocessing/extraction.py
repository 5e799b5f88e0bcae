"""Videos to features: one video, or folders of them.

decode, sample, resize (a thread)  ->  backbone, a batch at a time  ->  SequenceWriter

Several processes, on one machine or many, may fill one store: a lease on each video keeps them
from doing it twice.
"""

import errno
import itertools
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from preprocessing.backbones import Joined, load_backbone
from preprocessing.backbones.efficientnet_lite import EfficientNetLite0
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale
from preprocessing.console import DONE, SOME_FAILED, note, progress
from preprocessing.damage import WHOLE_SHARE, Damage
from preprocessing.engines import Engine, check_engine, run_each
from preprocessing.errors import InputError, VideoError
from preprocessing.failures import FailureLog
from preprocessing.freshness import find_done
from preprocessing.inputs import Source, find_sources, fingerprint
from preprocessing.lease import Busy, lease
from preprocessing.read_ahead import read_ahead
from preprocessing.sequence_file import (
    Origin,
    SequenceWriter,
    sequence_path,
    settings_text,
)
from preprocessing.strays import remove_strays
from preprocessing.video import SUFFIXES, Sample, VideoReader, expected_samples

BATCHES_AHEAD = 3
BUSY = "busy"
BUSY_SECONDS = 2.0
MANY = 50
# What is wrong with the store, not with a video: no space, quota, or rights.
STORE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


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
    """What turns a frame into features: efficientnet-lite0, flow, histogram, hog, pixels; any
    network of keras.applications, such as ResNet50; or a file, PATH.keras, PATH.onnx or
    PATH.py:Class. Several are joined with +, such as efficientnet-lite0+flow."""
    pixels: PixelScale = AS_THEY_ARE
    """The scale of the pixels that a network in a .keras or .onnx file takes; imagenet is 0 to 1
    less the mean, over the deviation of ImageNet's colours. Others scale theirs themselves."""
    batch_size: int = 32
    """Frames that go through the backbone at once."""
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


@dataclass(frozen=True)
class Extracted:
    """What came of one video.

    Attributes:
        outcome: ``extracted``, ``skipped`` or a kind of failure.
        steps: steps in the store.
        message: why it failed.
        damage: what was wrong with the video, if it was stored all the same.
    """

    source: Source
    outcome: str
    steps: int = 0
    message: str = ""
    damage: str = ""


def run(config: ExtractConfig) -> int:
    """The command ``extract``; see ``ExtractConfig``."""
    results = extract(config)
    count = {kind: sum(r.outcome == kind for r in results) for kind in ("extracted", "skipped")}
    failed = len(results) - sum(count.values())
    damaged = sum(bool(result.damage) for result in results)
    print(
        f"{count['extracted']} extracted, {count['skipped']} already done, {failed} failed: "
        f"{sum(result.steps for result in results)} steps in {config.store}"
    )
    if damaged:
        print(f"{damaged} of them damaged: longtake inspect {config.store} says how")
    return SOME_FAILED if failed else DONE


def extract(config: ExtractConfig) -> list[Extracted]:
    """Extracts features from videos into a store.

    Returns:
        What came of each video, in the order of sequence ids.

    Raises:
        InputError: nothing can be extracted at all; a single bad video is a line in
            ``failures.csv`` instead.
    """
    _check(config)
    sources = _shard(find_sources(config.inputs, SUFFIXES, "videos"), config.shard)
    backbone = load_backbone(config.backbone, config.pixels)
    config.store.mkdir(parents=True, exist_ok=True)
    failures = FailureLog(config.store, [source.path for source in sources])
    remove_strays(config.store)
    results = {source: _found(source, config, backbone) for source in sources}
    todo = [source for source, result in results.items() if result is None]
    again = sum(sequence_path(config.store, source.sequence_id).exists() for source in todo)
    if again:
        note(f"{again} of {config.store} were made of other content or with other settings: again")
    for result in _extract_all(todo, config):
        results[result.source] = result
        if result.outcome not in ("extracted", "skipped"):
            failures.add(result.source.path, result.outcome, result.message)
            note(f"failed: {result.message}")
        elif result.damage:
            note(f"kept, though damaged: {result.source.path}: {result.damage}")
    remove_strays(config.store)
    return [result for result in results.values() if result is not None]


def extract_video(
    source: Source,
    config: ExtractConfig,
    backbone: Joined,
    advance: Callable[[int], object] = lambda steps: None,
) -> tuple[int, str]:
    """Extracts one video; its file appears in the store when it is whole.

    Args:
        advance: told the number of steps each time some were written.

    Returns:
        Steps written, and what was wrong with the video, empty if nothing was.

    Raises:
        VideoError: the video cannot be used, or is damaged and not to be kept.
    """
    path = sequence_path(config.store, source.sequence_id)
    with VideoReader(source.path, _rate(config), backbone.sizes) as video:
        origin = _origin(source, config, backbone)
        with SequenceWriter(
            path, backbone.dimension, origin, config.dtype, video.start_time
        ) as writer:
            batches = _batches(video, config.batch_size, backbone.context)
            for times, frames in read_ahead(batches, BATCHES_AHEAD):
                writer.append(times, backbone(frames)[: len(times)])
                advance(len(times))
            _require_acceptable(source, video.damage, config)
            writer.frames_decoded = video.frames_decoded
            writer.damage, writer.decoded_share = str(video.damage), video.damage.share
    return writer.steps, writer.damage


def _extract_all(todo: list[Source], config: ExtractConfig) -> Iterator[Extracted]:
    """Extracts, and comes back to videos that another process works on until they are done."""
    lengths = [expected_samples(source.path, _rate(config)) for source in _looking(todo)]
    waiting = False
    with progress(total=sum(lengths), unit="frame", desc="extract", disable=not todo) as bar:
        while todo:
            busy = []
            for done, result in enumerate(_extract_each(todo, config, bar.update), start=1):
                if result.outcome == BUSY:
                    busy.append(result.source)
                    continue
                bar.set_postfix_str(f"{done} of {len(todo)} videos", refresh=False)
                yield result
            if busy and not waiting:
                waiting = True
                note(f"another process is extracting {len(busy)} of these videos; waiting for it")
            time.sleep(BUSY_SECONDS if busy else 0)
            todo = busy


def _looking(sources: list[Source]) -> Iterable[Source]:
    looking: Iterable[Source] = progress(iterable=sources, unit="video", desc="look", leave=False)
    return looking if len(sources) >= MANY else sources


def _extract_each(
    todo: list[Source], config: ExtractConfig, advance: Callable[[int], object]
) -> Iterator[Extracted]:
    check_engine(config.engine, config.address, config.jobs)
    if config.engine == "local" and config.jobs == 1:
        for source in todo:
            yield _attempt(source, config, advance)
        return
    # Workers may stand in another folder.
    work = partial(_attempt_elsewhere, config=replace(config, store=config.store.absolute()))
    sources = [replace(source, path=source.path.absolute()) for source in todo]
    for result in run_each(work, sources, _lost, config.engine, config.address, config.jobs):
        advance(result.steps)
        yield result


def _attempt_elsewhere(source: Source, config: ExtractConfig) -> Extracted:
    if not config.store.is_dir():
        raise InputError(
            f"{socket.gethostname()} does not see the store {config.store}; it must lie in a "
            "folder that all machines share"
        )
    return _attempt(source, config)


def _lost(source: Source, message: str) -> Extracted:
    return Extracted(source, "worker", message=f"{source.path}: {message}")


def _attempt(
    source: Source, config: ExtractConfig, advance: Callable[[int], object] = lambda steps: None
) -> Extracted:
    """Extracts one video and turns a failure that is the video's into a result."""
    path = sequence_path(config.store, source.sequence_id)
    try:
        with lease(path):
            backbone = load_backbone(config.backbone, config.pixels)
            if found := _found(source, config, backbone):
                return found
            steps, damage = extract_video(source, config, backbone, advance)
            return Extracted(source, "extracted", steps, damage=damage)
    except Busy:
        return Extracted(source, BUSY)
    except VideoError as error:
        return Extracted(source, error.kind, message=f"{error}{_older(path)}")
    except InputError as error:
        return Extracted(source, "features", message=f"{error}{_older(path)}")
    except OSError as error:
        if error.errno in STORE_ERRORS:
            raise InputError(
                f"{config.store} cannot be written: {error.strerror}; what is finished is kept, "
                "mend that and start the same command again"
            ) from None
        return Extracted(source, "file", message=str(error))


def _older(path: Path) -> str:
    """What to say of features that were made before."""
    return f"; {path} still holds features of other content or settings" if path.exists() else ""


def _require_acceptable(source: Source, damage: Damage, config: ExtractConfig) -> None:
    if damage.found and not _is_acceptable(damage.share, config):
        raise VideoError(
            "damaged", f"{source.path}: {damage}; --on-damage keep takes it all the same"
        )


def _is_acceptable(share: float, config: ExtractConfig) -> bool:
    """Whether a damaged video of which this share decoded is wanted."""
    return config.on_damage == "keep" or (config.on_damage == "auto" and share >= WHOLE_SHARE)


def _batches(
    samples: Iterable[Sample], size: int, context: int = 0
) -> Iterator[tuple[NDArray[np.float64], list[NDArray[np.uint8]]]]:
    """Groups samples into batches of one size, the last padded with zeros.

    A fixed size keeps the features of a frame the same whatever batch it falls into.

    Yields:
        Times ``[n]``, and for each size of the frames ``[context + size, H, W, 3]``, led by the
        frames before; the first frame stands for those before it.
    """
    iterator = iter(samples)
    before: list[NDArray[np.uint8]] = []
    while batch := list(itertools.islice(iterator, size)):
        images = []
        for part, first in enumerate(batch[0].pixels):
            frames = np.zeros((context + size, *first.shape), np.uint8)
            frames[:context] = before[part] if before else first
            frames[context : context + len(batch)] = [item.pixels[part] for item in batch]
            images.append(frames)
        before = [frames[len(batch) : len(batch) + context] for frames in images]
        yield np.array([item.timestamp for item in batch]), images


def _origin(source: Source, config: ExtractConfig, backbone: Joined) -> Origin:
    try:
        content = fingerprint(source.path)
    except OSError as error:
        raise VideoError("unreadable", f"{source.path} cannot be read: {error.strerror}") from None
    return Origin(
        source=str(source.path.resolve()),
        fingerprint=content,
        fps=str(_rate(config) or "native"),
        backbone=backbone.name,
        backbone_digest=backbone.digest,
        settings=settings_text(**backbone.settings, dtype=config.dtype),
    )


def _found(source: Source, config: ExtractConfig, backbone: Joined) -> Extracted | None:
    """What the store has of a video, if that was made from the same content in the same way."""
    path = sequence_path(config.store, source.sequence_id)
    if not path.exists():
        return None
    try:
        info = find_done(path, source.sequence_id, _origin(source, config, backbone))
    except VideoError:
        return None
    if info is None or (info.damage and not _is_acceptable(info.decoded_share, config)):
        return None
    return Extracted(source, "skipped", info.steps, damage=info.damage)


def _rate(config: ExtractConfig) -> float | None:
    return None if config.fps == "native" else float(config.fps)


def _shard(sources: list[Source], shard: str | None) -> list[Source]:
    if shard is None:
        return sources
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f"--shard {shard}: expected I/N with I from 1 to N, such as 2/8")
    return sources[int(match[1]) - 1 :: int(match[2])]


def _check(config: ExtractConfig) -> None:
    if config.fps != "native" and not 0 < float(config.fps) < 1000:
        raise InputError(f"--fps {config.fps}: expected a number of steps per second, or native")
    if config.batch_size < 1 or config.jobs < 1:
        raise InputError(
            f"--batch-size {config.batch_size} --jobs {config.jobs}: both must be at least 1"
        )
