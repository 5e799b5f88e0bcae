"""The tables of the benchmark of answers, of what was made so far."""

import statistics
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from measure import Facts, Table
from quality_making import FIGURES, OFFLINE, RAW
from quality_rows import ROWS, SHOWN, Row


class Answers(NamedTuple):
    """The answers of a row, raw or decoded in one way, over its seeds.

    Attributes:
        row: that they are of.
        decoding: raw, offline, or the decoder's lag in seconds.
        late: seconds that an answer comes after what it is about; None if it needs all.
        seeds: what each result is of.
        figures: of each result.
    """

    row: Row
    decoding: str
    late: float | None
    seeds: tuple[str, ...]
    figures: tuple[Facts, ...]

    @property
    def name(self) -> str:
        """The name of the line."""
        lag = {RAW: "", OFFLINE: "; decoded"}.get(self.decoding)
        return self.row.name + (f"; decoded, lag {self.decoding} s" if lag is None else lag)

    def mean(self, figure: str) -> float:
        """Returns the mean of a figure over seeds, in per cent."""
        return 100 * statistics.mean(facts[figure] for facts in self.figures)

    def spread(self, figure: str) -> str:
        """Returns the least and the greatest of a figure over seeds, in per cent."""
        found = [100 * facts[figure] for facts in self.figures]
        return f"{min(found):.1f} - {max(found):.1f}" if len(found) > 1 else ""

    @property
    def facts(self) -> Facts:
        """All of it, as JSON holds it."""
        means = {figure: self.mean(figure) for figure in FIGURES}
        own = {"row": self.row.name, "decoding": self.decoding, "latency_s": self.late}
        return {**own, **means, "seeds": list(self.seeds)}


def answers(results: Sequence[Facts]) -> list[Answers]:
    """Gathers results by row and decoding.

    Args:
        results: of each row and seed, as they are kept.
    """
    rows = {row.name: row for row in ROWS}
    found = []
    for name in SHOWN:
        own = [result for result in results if result["row"] == name]
        for decoding in _decodings(rows[name]):
            some = [result for result in own if decoding in result["figures"]]
            if some:
                seeds = tuple(result["seed"] for result in some)
                figures = tuple(result["figures"][decoding] for result in some)
                late = _late(rows[name], decoding)
                found.append(Answers(rows[name], decoding, late, seeds, figures))
    return found


def tables(found: Sequence[Answers]) -> dict[str, Table]:
    """Makes the table of means, and that of the spread over seeds."""
    means = [
        [one.name, _latency(one), *(f"{one.mean(figure):.1f}" for figure in FIGURES), _seeds(one)]
        for one in found
    ]
    spreads = [
        [one.name, *(one.spread(figure) for figure in FIGURES)]
        for one in found
        if len(one.figures) > 1
    ]
    made: dict[str, Table] = {"answers": (("", "latency s", *FIGURES, "seeds"), means)}
    if spreads:
        made["spread"] = ("", *FIGURES), spreads
    return made


def _decodings(row: Row) -> Iterator[str]:
    yield RAW
    yield from (f"{lag:g}" for lag in row.lags)
    yield OFFLINE


def _late(row: Row, decoding: str) -> float | None:
    """Returns the latency of answers in seconds: what a decoder waits comes on top."""
    if row.late is None or decoding == OFFLINE:
        return None
    return row.late if decoding == RAW else row.late + float(decoding)


def _latency(one: Answers) -> str:
    return "offline" if one.late is None else f"{one.late:g}"


def _seeds(one: Answers) -> Any:
    """Returns how many trainings the mean is over; of an ensemble, what it joins."""
    return one.seeds[0] if one.row.joins_seeds else len(one.seeds)
