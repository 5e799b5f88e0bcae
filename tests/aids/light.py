"""A light backbone that other processes can import, and what the tests of engines let them do."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from preprocessing import backbones
from preprocessing.backbones import Backbone
from preprocessing.cores import share_of_cores
from preprocessing.extraction import command as extraction
from preprocessing.extraction import engines
from preprocessing.extraction.engines import Advance
from preprocessing.extraction.one_video import Extracted
from preprocessing.extraction.options import ExtractConfig
from preprocessing.files.inputs import Source

PIDS = "LIGHT_PIDS"
DEADLY = "deadly"
held: list[np.ndarray] = []


class Light(Backbone):
    """The mean of each channel, made slowly enough for two processes to share the work."""

    name = "light"
    size = (8, 12)
    dimension = 3

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        time.sleep(0.05)
        return frames.mean((1, 2), dtype="float32")


backbones.BACKBONES[Light.name] = Light


def attempt(source: Source, advance: Advance, config: ExtractConfig) -> Extracted:
    """Extracts, after writing down which process did; the deadly video kills its process."""
    (Path(os.environ[PIDS]) / str(os.getpid())).touch()
    if source.sequence_id == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return _attempt(source, advance, config)


_attempt: Callable[..., Extracted] = extraction._attempt_elsewhere


def watch() -> None:
    """Lets this process ask others for ``attempt``."""
    extraction._attempt_elsewhere = attempt


def nap(seconds: float, advance: Advance = engines.silent) -> float:
    time.sleep(seconds)
    return seconds


def count(steps: int, advance: Advance) -> int:
    for _ in range(steps):
        advance(10)
        nap(0.01)
    return 10 * steps


def count_and_die_of(item: str, advance: Advance) -> str:
    advance(7)
    return die_of(item, advance)


def is_deaf(_: object, advance: Advance) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def share(_: object, advance: Advance) -> tuple[int, int]:
    nap(0.2)
    return os.getpid(), share_of_cores()


def die_of(item: str, advance: Advance) -> str:
    time.sleep(0.05)
    if item == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def fail(item: object, advance: Advance) -> None:
    raise ZeroDivisionError(item)


def grow(item: int, advance: Advance) -> int:
    held.append(np.ones(50_000_000))
    nap(1.1)
    return item
