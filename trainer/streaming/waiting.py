"""The steps of a stream whose lines are not out yet, without their pictures.

step        0  1  2  3  4  5
came                      x        the newest
line is out x  x  x
waiting              x  x  x
"""

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.videos.stream_samples import StreamSample
from trainer.run.checkpoint import Checkpoint

GROUP = "waiting/"
LATEST_CLOCK = 2.5e11  # In the year 9892; after 9999 there is no date.
KINDS = {"dropped": "int64", "times": "float64", "clocks": "float64"}


@dataclass(frozen=True)
class Moment:
    """The moment that a step shows.

    Attributes:
        timestamp: seconds of the source.
        clock: seconds since 1970, of what is live.
        dropped: the samples before it that nobody took in time.
        arrived: when it came, by ``time.monotonic()``.
    """

    timestamp: float
    clock: float | None
    dropped: int
    arrived: float = field(default_factory=time.monotonic)


class Waiting:
    """The moments of steps, from when they come until they are taken, in their order."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque()

    def add(self, sample: StreamSample) -> None:
        """Lets the next step wait."""
        moment = Moment(sample.timestamp, sample.clock, sample.dropped, sample.arrived)
        self._moments.append(moment)

    def take(self) -> tuple[Moment, Moment]:
        """Returns the moment of the step that waits longest, and that of the one that came last.

        The first of them waits no more.
        """
        newest = self._moments[-1]
        return self._moments.popleft(), newest

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the moments for a later ``restore``, by name; nothing if no step waits."""
        if not self._moments:
            return {}
        columns = {
            "dropped": [moment.dropped for moment in self._moments],
            "times": [moment.timestamp for moment in self._moments],
            "clocks": [math.nan if m.clock is None else m.clock for m in self._moments],
        }
        return {f"{GROUP}{name}": np.array(columns[name], kind) for name, kind in KINDS.items()}

    def restore(self, saved: Checkpoint, count: int) -> None:
        """Restores the moments that ``arrays`` returned.

        Args:
            saved: the file that they were kept in.
            count: how many steps wait.

        Raises:
            InputError: the file holds others.
        """
        empty = {name: np.zeros(0, kind) for name, kind in KINDS.items()}
        columns = {n: saved.arrays.get(f"{GROUP}{n}", none) for n, none in empty.items()}
        fits = all(
            column.shape == (count,) and column.dtype == KINDS[name]
            for name, column in columns.items()
        )
        if not fits or not _are_moments(columns["times"], columns["clocks"]):
            raise InputError(
                f"{saved.path} does not hold the {count} steps that wait for their answer; delete "
                "it to begin anew"
            )
        rows = (columns[name].tolist() for name in ("times", "clocks", "dropped"))
        for timestamp, clock, dropped in zip(*rows, strict=True):
            known = clock if math.isfinite(clock) else None
            self._moments.append(Moment(timestamp, known, dropped))


def _are_moments(times: NDArray[np.float64], clocks: NDArray[np.float64]) -> bool:
    """Returns True if times, and clocks that are not NaN, can be those of steps.

    Args:
        times: ``<float64>[n]``, seconds of the source.
        clocks: ``<float64>[n]``, seconds since 1970.
    """
    known = clocks[~np.isnan(clocks)]
    return bool(np.isfinite(times).all() and ((known >= 0) & (known < LATEST_CLOCK)).all())
