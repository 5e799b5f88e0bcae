"""The command ``stream``: answers while a video happens.

    source ─▶ samples ─▶ features ─▶ follower ─▶ a JSON line a step ─▶ state
    (thread)             (batches)   (the carry)  (flushed)             (if --state)

A line is out before the state is written, so a stream that is killed repeats at most the lines of
one batch, and leaves out none.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import Joined, load_backbone
from preprocessing.backbones.frame_batches import described, frame_batches
from preprocessing.errors import InputError, VideoError
from preprocessing.files.outputs import require_file
from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.console import note
from preprocessing.terminal.exit_codes import DONE, INTERRUPTED, STOPPED
from preprocessing.videos.stream_samples import FileSamples, LiveSamples, StreamSample, as_file
from trainer.decoded.decoding import asked_decoding
from trainer.model.own_model import OwnModel
from trainer.run.folder import load_run
from trainer.run.interruption import Interruption, ending_at_once
from trainer.run.lock import heed, locked
from trainer.run.overdue import ended_when_overdue
from trainer.same_features import extraction_like
from trainer.streaming.deciding import DecidingFollower
from trainer.streaming.follower import require_forward
from trainer.streaming.followers import follow
from trainer.streaming.options import StreamConfig
from trainer.streaming.speaker import Speaker
from trainer.streaming.state import StreamState

BATCHES_AHEAD = 2

Samples = FileSamples | LiveSamples
Described = tuple[list[StreamSample], NDArray[Any]]


def run_stream(config: StreamConfig) -> int:
    """Runs the command ``stream``; see ``StreamConfig``."""
    _check(config)
    run = load_run(config.run)
    for member in run.answering:
        require_forward(member)
    decoding, _ = asked_decoding(run, config.decode, config.lag)
    extraction = extraction_like(run, (), Path(), config.backbone)
    if config.model:
        OwnModel.read(config.model)
    backbone = load_backbone(extraction.backbone, extraction.pixels, clip=extraction.asked_clip)
    follower = DecidingFollower(follow(run), decoding)
    code = STOPPED if config.state else INTERRUPTED
    with (
        Interruption() as interruption,
        ended_when_overdue(interruption, code),
        _alone(config, interruption),
    ):
        state = StreamState(config.state, run)
        with ending_at_once():
            samples = _open(config, extraction.rate, backbone, state, interruption)
        state.begin(samples.source)
        speaker = Speaker(follower, state, samples.start_time)
        frames = config.batch_size or (1 if samples.live else extraction.batch_size)
        size = backbone.steps_at_once(frames)
        if samples.live:
            # The first frame should not wait while the network is compiled.
            _warm_up(backbone, size)
        new = _described(samples, state, backbone, size, extraction.dtype)
        _follow(samples, new, speaker, interruption)
        if interruption and not config.state:
            return INTERRUPTED
        heed(interruption)
    _say_how_it_ended(config, samples, speaker.lines.written, state.timestamp)
    return DONE


def _follow(
    samples: Samples, new: Iterable[Described], speaker: Speaker, interruption: Interruption
) -> None:
    """Answers samples until the source ends or a signal comes.

    Args:
        samples: the source.
        new: its samples that were not answered before, with their features.
        speaker: what says the answers.
        interruption: the signal.

    Raises:
        VideoError: a live source sends nothing any more.
    """
    try:
        for some, rows in new:
            speaker.hear(some, rows, samples.origin)
            if interruption:
                return
    except VideoError:
        speaker.finish(samples.origin)
        raise
    # What broke off may go on, and so may what was stopped.
    if not interruption and not samples.broke_off:
        speaker.finish(samples.origin)


def _say_how_it_ended(config: StreamConfig, samples: Samples, lines: int, timestamp: float) -> None:
    if samples.broke_off:
        raise InputError(
            f"{samples.name} broke off before its end ({samples.trouble}); start the same command "
            "again, with --state to go on where it was"
        )
    if samples.trouble:
        note(f"{samples.name} is damaged: {samples.trouble}")
    if not lines:
        anew = f"; to begin anew, delete {config.state}" if config.state else ""
        note(f"{samples.name} has no step after {_clock_time(timestamp)}{anew}")


def _alone(config: StreamConfig, interruption: Interruption) -> AbstractContextManager[object]:
    """Keeps another stream from writing the same state."""
    if config.state is None:
        return nullcontext()

    def waiting() -> None:
        note(f"another stream keeps its state in {config.state}; waiting until it has ended")

    return locked(config.state.with_name(f"{config.state.name}.lock"), interruption, waiting)


def _check(config: StreamConfig) -> None:
    if config.state:
        require_file("--state", config.state, "state")
    if config.backlog < 1 or (config.batch_size is not None and config.batch_size < 1):
        raise InputError(
            f"--backlog {config.backlog} --batch-size {config.batch_size}: both must be at least 1"
        )
    if config.give_up is not None and config.give_up <= 0:
        raise InputError(f"--give-up {config.give_up:g}: expected a number of seconds above 0")


def _open(
    config: StreamConfig,
    fps: float | None,
    backbone: Joined,
    state: StreamState,
    interruption: Interruption,
) -> Samples:
    file = as_file(config.source)
    if file is not None:
        return FileSamples(file, fps, backbone.sizes, backbone.clips)
    return LiveSamples(
        config.source,
        fps,
        backbone.sizes,
        config.backlog,
        state.origin,
        state.timestamp,
        config.give_up,
        lambda: bool(interruption),
        backbone.clips,
    )


def _described(
    samples: Samples, state: StreamState, backbone: Joined, size: int, dtype: str
) -> Iterator[Described]:
    """Yields the samples that were not answered before, with their features."""
    if isinstance(samples, LiveSamples):
        yield from described(frame_batches(samples, size, backbone.context), backbone, dtype)
        return
    before: deque[StreamSample] = deque(maxlen=backbone.context)
    new = _after(samples, state.timestamp, before)
    batches = frame_batches(new, size, backbone.context, before)
    yield from described(read_ahead(batches, BATCHES_AHEAD), backbone, dtype)


def _after(
    samples: Iterable[StreamSample], timestamp: float, before: deque[StreamSample]
) -> Iterator[StreamSample]:
    """Leaves out samples that were answered before, but remembers the last of them."""
    for sample in samples:
        if sample.timestamp > timestamp:
            yield sample
        else:
            before.append(sample)


def _warm_up(backbone: Joined, size: int) -> None:
    backbone([np.zeros(shape, np.uint8) for shape in backbone.shapes(size)])


def _clock_time(seconds: float) -> str:
    return str(timedelta(seconds=max(0, round(seconds)))) if np.isfinite(seconds) else "its start"
