"""Confidence intervals of figures over sequences: the bootstrap.

Steps of a video are anything but independent, so whole sequences are drawn, as many as there are,
with replacement; or whole groups of them, see ``joined_tallies``. What is made of the draws stands
in ``intervals``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trainer.metrics.intervals import Drawn, Interval
from trainer.metrics.tallies import Figures, Floats, Tallies

# Samples at once: few enough that counts of many sequences, or classes, stay small.
BLOCK_WEIGHTS = 1 << 18
BLOCK_SAMPLES = 64
# Of fewer sequences, or groups, there are so few different draws that an interval may be too short.
ENOUGH_UNITS = 5


@dataclass(frozen=True)
class Bootstrap:
    """Draws of sequences.

    Attributes:
        samples: the number of samples; 0 for no intervals.
        level: the share of intervals that are to hold the truth.
        seed: the seed of the draws.
    """

    samples: int = 1000
    level: float = 0.95
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """Returns the settings for metrics.json."""
        return {**asdict(self), "method": "expanded percentiles"}

    def draws(self, units: int) -> Iterator[Floats]:
        """Yields the weights of all samples, ``<float64>[block, units]`` at a time."""
        generator = np.random.default_rng(self.seed)
        block = min(max(1, BLOCK_WEIGHTS // units), BLOCK_SAMPLES)
        shares = np.full(units, 1 / units)
        for first in range(0, self.samples, block):
            size = min(block, self.samples - first)
            yield generator.multinomial(units, shares, size).astype(np.float64)

    def figures(self, sides: Sequence[Tallies]) -> list[dict[str, Drawn]]:
        """Computes figures in all samples, the same for each side; none of a single unit.

        Args:
            sides: tallies of the same sequences, or groups of them, by one model or by several.
        """
        units = len(sides[0])
        if units < 2 or not self.samples:
            return [{} for _ in sides]
        blocks = [[side.figures(weights) for side in sides] for weights in self.draws(units)]
        return [
            {name: Drawn(units, values) for name, values in _joined(parts).items()}
            for parts in zip(*blocks, strict=True)
        ]

    def interval(self, drawn: Drawn | None) -> Interval:
        """Returns the limits of a figure; None if it is not known."""
        return drawn.interval(self.level) if drawn else None

    def intervals(self, tallies: Tallies, names: Iterable[str]) -> dict[str, Interval]:
        """Returns an interval for each figure; None for figures that the tallies lack.

        Args:
            tallies: the counts of each sequence.
            names: the figures.
        """
        (figures,) = self.figures([tallies])
        return {name: self.interval(figures.get(name)) for name in names}


def _joined(parts: Sequence[Figures]) -> Figures:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
