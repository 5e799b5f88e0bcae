"""What ``scale.py`` computes from what it measured: plain arithmetic, in seconds and bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

FPS = 4.0
SPREAD = 0.6


def lengths(hours: float, median_hours: float) -> list[int]:
    """Steps of videos that come to so many hours in all.

    Log-normal, with a standard deviation of ``SPREAD`` of the logarithm; always the same ones.
    """
    chance, total, drawn = np.random.default_rng(0), round(hours * 3600 * FPS), []
    while total > 0:
        steps = int(chance.lognormal(np.log(median_hours), SPREAD) * 3600 * FPS)
        drawn.append(min(max(steps, 1), total))
        total -= drawn[-1]
    return drawn


@dataclass(frozen=True)
class Network:
    """How gradients are added up, in a ring.

    Attributes:
        bandwidth: bytes a second that one replica sends.
        latency: seconds of a message that has nothing in it.
    """

    bandwidth: float
    latency: float

    @classmethod
    def of_two(cls, size: float, whole: float, empty: float) -> "Network":
        """The network between two replicas.

        Args:
            size: bytes that were added up.
            whole: seconds that it took.
            empty: seconds that adding up a single number took.
        """
        return cls(size / max(whole - empty, 1e-9), empty / 2)

    def seconds(self, replicas: int, size: float) -> float:
        """Time in which N replicas add up ``size`` bytes.

        2 (N - 1) messages of a share of 1 / N, one after the other: Patarasuk and Yuan 2009,
        "Bandwidth optimal all-reduce algorithms for clusters of workstations".
        """
        messages = 2 * (replicas - 1)
        return messages * (size / replicas / self.bandwidth + self.latency)


def between(measured: Mapping[int, float], place: float) -> float:
    """A line through what was measured, going on behind it as it was going."""
    places = sorted(measured)
    if place <= places[-1]:
        return float(np.interp(place, places, [measured[key] for key in places]))
    last, before = places[-1], places[-2]
    slope = (measured[last] - measured[before]) / (last - before)
    return measured[last] + slope * (place - last)


@dataclass(frozen=True)
class Replica:
    """What was measured of replicas with B lanes each.

    Attributes:
        lanes: B.
        alone: seconds of a step of one that is alone.
        shared: seconds of a step of one of several, without adding up.
        reading: seconds in which one fills a batch, by the lanes of all of them.
    """

    lanes: int
    alone: float
    shared: float
    reading: Mapping[int, float]


@dataclass(frozen=True)
class Epoch:
    """An epoch with N replicas, each of which computes and reads at the same time.

    Attributes:
        adding: seconds of a step in which gradients are added up.
        computing: seconds of a step, adding up included.
        reading: seconds in which a batch is filled.
        updates: of the epoch.
    """

    adding: float
    computing: float
    reading: float
    updates: int

    @classmethod
    def of(
        cls, replica: Replica, replicas: int, network: Network, size: float, updates: int
    ) -> "Epoch":
        """An epoch of so many updates, of ``size`` bytes of gradients each."""
        adding = network.seconds(replicas, size)
        own = replica.shared if replicas > 1 else replica.alone
        reading = between(replica.reading, replicas * replica.lanes)
        return cls(adding, own + adding, reading, updates)

    @property
    def step(self) -> float:
        """Seconds of a step: what takes longer, computing or reading."""
        return max(self.computing, self.reading)

    @property
    def seconds(self) -> float:
        """Seconds of the epoch."""
        return self.updates * self.step


def widest(steps: Sequence[int]) -> int:
    """Lanes beyond which the longest sequence alone makes an epoch longer than its share."""
    return sum(steps) // max(steps)
