"""Confidence intervals of figures over sequences: the percentile bootstrap.

Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13. Steps of a video are
anything but independent, so whole sequences are drawn, as many as there are, with replacement.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.tallies import Figures, Floats, Tallies

# Samples at once: few enough that counts of many sequences, or classes, stay small.
BLOCK_WEIGHTS = 1 << 18
BLOCK_SAMPLES = 64
Interval = list[float] | None


@dataclass(frozen=True)
class Bootstrap:
    """Draws of sequences.

    Attributes:
        samples: the number of samples; 0 for no intervals.
        level: the share of the samples that lies in an interval.
        seed: the seed of the draws.
    """

    samples: int = 1000
    level: float = 0.95
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """Returns the settings for metrics.json."""
        return asdict(self)

    def draws(self, sequences: int) -> Iterator[Floats]:
        """Yields the weights of all samples, ``<float64>[block, sequences]`` at a time."""
        generator = np.random.default_rng(self.seed)
        block = min(max(1, BLOCK_WEIGHTS // sequences), BLOCK_SAMPLES)
        shares = np.full(sequences, 1 / sequences)
        for first in range(0, self.samples, block):
            size = min(block, self.samples - first)
            yield generator.multinomial(sequences, shares, size).astype(np.float64)

    def figures(self, sides: Sequence[Tallies]) -> list[Figures]:
        """Computes figures in all samples, the same for each side; none of a single sequence.

        Args:
            sides: tallies of the same sequences, by one model or by several.
        """
        sequences = len(sides[0])
        if sequences < 2 or not self.samples:
            return [{} for _ in sides]
        blocks = [[side.figures(weights) for side in sides] for weights in self.draws(sequences)]
        return [_joined(parts) for parts in zip(*blocks, strict=True)]

    def interval(self, values: NDArray[np.float64] | None) -> Interval:
        """Returns the limits of the middle samples; samples without a value do not count."""
        known = values[~np.isnan(values)] if values is not None else np.empty(0)
        if not len(known):
            return None
        edges = np.percentile(known, [50 * (1 - self.level), 50 * (1 + self.level)])
        return [float(edge) for edge in edges]

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
