"""Videos to features: one video, or folders of them.

decode, sample, resize (a thread)  ->  backbone, a batch at a time  ->  SequenceWriter
"""

import errno
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from preprocessing.backbones import Joined, load_backbone
from preprocessing.backbones.efficientnet_lite import EfficientNetLite0
from preprocessing.console import DONE, SOME_FAILED, note, progress
from preprocessing.errors import InputError, VideoError
from preprocessing.failures import FailureLog
from preprocessing.inputs import Source, find_sources, fingerprint
from preprocessing.read_ahead import read_ahead
from preprocessing.sequence_file import (
    Origin,
    SequenceWriter,
    read_info,
    sequence_path,
    settings_text,
)
from preprocessing.video import SUFFIXES, Sample, VideoReader, expected_samples

BATCHES_AHEAD = 3


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
    """What turns a frame into features."""
    batch_size: int = 32
    """Frames that go through the backbone at once."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of the features on disk."""
    jobs: int = 1
    """Videos worked on at once, each in a process of its own."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Take only the I-th of N parts of the videos (I from 1), for arrays of jobs."""


@dataclass(frozen=True)
class Extracted:
    """What came of one video.

    Attributes:
        outcome: ``extracted``, ``skipped`` or a kind of failure.
        steps: steps in the store.
    """

    source: Source
    outcome: str
    steps: int = 0
    message: str = ""


def run(config: ExtractConfig) -> int:
    """The command ``extract``; see ``ExtractConfig``."""
    results = extract(config)
    count = {kind: sum(r.outcome == kind for r in results) for kind in ("extracted", "skipped")}
    failed = len(results) - sum(count.values())
    steps = sum(result.steps for result in results)
    print(
        f"{count['extracted']} extracted, {count['skipped']} already done, {failed} failed: "
        f"{steps} steps in {config.store}"
    )
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
    backbone = load_backbone(config.backbone)
    config.store.mkdir(parents=True, exist_ok=True)
    failures = FailureLog(config.store, [source.path for source in sources])
    rate = _rate(config)
    done = {source for source in sources if _is_done(source, config, backbone)}
    todo = [source for source in sources if source not in done]
    results = {
        source.sequence_id: Extracted(source, "skipped", _steps(source, config)) for source in done
    }
    again = sum(sequence_path(config.store, source.sequence_id).exists() for source in todo)
    if again:
        note(f"{again} of {config.store} were made of other content or with other settings: again")
    total = sum(expected_samples(source.path, rate) for source in todo)
    with progress(total=total, unit="frame", desc="extract", disable=not todo) as bar:
        for result in _extract_each(todo, config, bar.update):
            results[result.source.sequence_id] = result
            if result.outcome != "extracted":
                failures.add(result.source.path, result.outcome, result.message)
                note(f"failed: {result.message}")
    return [results[sequence_id] for sequence_id in sorted(results)]


def extract_video(
    source: Source,
    config: ExtractConfig,
    backbone: Joined,
    advance: Callable[[int], object] = lambda steps: None,
) -> int:
    """Extracts one video; its file appears in the store when it is whole.

    Args:
        advance: told the number of steps each time some were written.

    Returns:
        Steps written.

    Raises:
        VideoError: the video cannot be used.
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
            writer.frames_decoded = video.frames_decoded
    return writer.steps


def _extract_each(
    todo: list[Source], config: ExtractConfig, advance: Callable[[int], object]
) -> Iterator[Extracted]:
    if config.jobs == 1:
        for source in todo:
            yield _attempt(source, config, advance)
        return
    import joblib

    tasks = (joblib.delayed(_attempt)(source, config) for source in todo)
    for result in joblib.Parallel(config.jobs, return_as="generator_unordered")(tasks):
        advance(result.steps)
        yield result


def _attempt(
    source: Source, config: ExtractConfig, advance: Callable[[int], object] = lambda steps: None
) -> Extracted:
    """Extracts one video and turns a failure that is the video's into a result."""
    try:
        backbone = load_backbone(config.backbone)
        return Extracted(source, "extracted", extract_video(source, config, backbone, advance))
    except VideoError as error:
        return Extracted(source, error.kind, message=str(error))
    except InputError as error:
        return Extracted(source, "features", message=str(error))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        return Extracted(source, "file", message=str(error))


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
    return Origin(
        source=str(source.path.resolve()),
        fingerprint=fingerprint(source.path),
        fps=str(_rate(config) or "native"),
        backbone=backbone.name,
        backbone_digest=backbone.digest,
        settings=settings_text(**backbone.settings, dtype=config.dtype),
    )


def _is_done(source: Source, config: ExtractConfig, backbone: Joined) -> bool:
    """Whether there is a whole file made from the same content in the same way."""
    path = sequence_path(config.store, source.sequence_id)
    if not path.exists():
        return False
    try:
        stored = read_info(path, source.sequence_id).origin
        wanted = _origin(source, config, backbone)
    except (InputError, OSError):
        return False
    return (stored.fingerprint, stored.recipe) == (wanted.fingerprint, wanted.recipe)


def _steps(source: Source, config: ExtractConfig) -> int:
    return read_info(sequence_path(config.store, source.sequence_id), source.sequence_id).steps


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
