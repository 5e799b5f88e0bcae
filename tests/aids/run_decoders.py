"""Decoders for runs: one that is computed by hand, and real ones that nobody had to choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.decoded import decoding as used
from trainer.decoder.counts import Counts
from trainer.decoder.decoder import Decoder
from trainer.decoder.decoder_file import write_decoder
from trainer.decoder.weights import Choice, Lengths, Weights
from trainer.run.folder import Run


@dataclass(frozen=True)
class Majority:
    """Says at each step what most steps up to then say, and those of the lag."""

    rate: float = 4.0
    won: bool = True
    kind: str = "viterbi"

    def chosen(self, lag: float | None) -> bool:
        return self.won

    def lag_steps(self, lag: float | None) -> int | None:
        return None if lag is None else round(lag * self.rate)

    def facts(self, lag: float | None) -> dict[str, Any]:
        return {"kind": self.kind, "lag": lag, "weights": {"majority": 1.0}}


def majority(probabilities: np.ndarray, lag_steps: int | None, several: bool) -> np.ndarray:
    """Returns what ``Majority`` makes of a whole sequence."""
    steps, size = probabilities.shape
    votes = probabilities >= 0.5 if several else np.eye(size)[probabilities.argmax(1)]
    seen = np.cumsum(votes, 0)
    last = np.full(steps, steps - 1)
    if lag_steps is not None:
        last = np.minimum(np.arange(steps) + lag_steps, steps - 1)
    counts = seen[last]
    if several:
        return (2 * counts > last[:, None] + 1).astype("int8")
    return counts.argmax(1).astype("int32")


class MajorityFollowing:
    def __init__(self, decoder: Majority, lag_steps: int, lag: float):
        self.lag_steps, self.several = lag_steps, decoder.kind == "lengths"
        self.rows: list[np.ndarray] = []
        self.given = 0

    def push(self, probabilities: np.ndarray) -> list[np.ndarray]:
        self.rows.append(probabilities)
        return self._up_to(len(self.rows) - self.lag_steps)

    def finish(self) -> list[np.ndarray]:
        return self._up_to(len(self.rows))

    def _up_to(self, stop: int) -> list[np.ndarray]:
        if stop <= self.given:
            return []
        found = majority(np.stack(self.rows), self.lag_steps, self.several)[self.given : stop]
        self.given = stop
        return list(found)

    def arrays(self) -> Mapping[str, np.ndarray]:
        return {"rows": np.array(self.rows), "given": np.array(self.given)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        if set(arrays) != {"rows", "given"}:
            raise ValueError("no state of this decoder")
        self.rows, self.given = list(arrays["rows"]), int(arrays["given"])


def _decode(
    decoder: Majority, read: Any, steps: int, lag_steps: int | None, lag: float | None
) -> Iterator[np.ndarray]:
    labels = majority(read(0, steps), lag_steps, decoder.kind == "lengths")
    for start in range(0, steps, 7):
        yield labels[start : start + 7]


def use_majority(monkeypatch: pytest.MonkeyPatch, *runs: Path, **facts: Any) -> Majority:
    """Gives runs a decoder, and has it decode."""
    decoder = Majority(**facts)
    for run in runs:
        Run(run).decoder_path.write_text("{}")
    monkeypatch.setattr(used, "read_decoder", lambda path, classes: decoder)
    monkeypatch.setattr(used, "decode", _decode)
    monkeypatch.setattr(used, "Following", MajorityFollowing)
    return decoder


def write_made_decoder(run: Run, won: bool = True) -> Decoder:
    """Gives a run a decoder of its kind, as if it had been chosen."""
    size, rate = len(run.facts.classes), 4.0
    rows = np.full(size, 1.0)
    counts = Counts(
        10 * rows, np.full(size, 2), np.full((size, size), 3) - 3 * np.eye(size, dtype=int),
        np.full(size, 5), 1.5 * rows, 0.3 * rows,
    )  # fmt: skip
    weights: Weights | Lengths = Weights(0.8, 0.0, durations=True)
    if run.facts.task == "multilabel":
        weights = Lengths((0.4,) * size, (0.5,) * size, (0.75,) * size)
    known = counts if isinstance(weights, Weights) else None
    choices = [Choice(lag, won, weights, {}, {}) for lag in (None, 0.0, 2.0)]
    decoder = Decoder(run.facts.classes, rate, known, choices, 1)
    write_decoder(run.decoder_path, decoder)
    return decoder
