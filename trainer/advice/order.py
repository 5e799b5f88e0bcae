"""The order of remarks: the three that come first are said, and no more.

after train       1  not finished learning, or learned by heart: all other figures hang on it
                  2  events shorter than steps: what no step shows is not learned
                  3  flicker, where no decoder was chosen: mended without a new training
                  4  a carry that is no help
                  5  idle lanes, which cost time only
after evaluate    1  the same
                  2  decoded answers that are worse, or flicker: mended without a new training
                  3  events shorter than steps, which may be why a class is never named
                  4  classes that are never named
                  5  changes that are found late
                  6  a carry that is no help
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trainer.advice.answers import on_classes, on_decoding, on_delay, on_validated_flicker
from trainer.advice.carry import on_carry
from trainer.advice.events import on_events
from trainer.advice.lanes import on_lanes
from trainer.advice.learning import on_learning
from trainer.advice.remark import Remark, first_lines
from trainer.run.folder import Run


def after_training(runs: Sequence[Run]) -> Iterator[str]:
    """Yields at most three lines on runs that were trained to their end.

    Args:
        runs: one, or those of all seeds.
    """

    def remarks() -> Iterator[Remark]:
        yield from on_learning(runs)
        yield from on_events(runs)
        yield from on_validated_flicker(runs)
        yield from on_carry(runs)
        yield from on_lanes(runs)

    return first_lines(remarks())


def after_evaluation(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[str]:
    """Yields at most three lines on answers that were measured.

    Args:
        metrics: the content of metrics.json.
        runs: the trained runs that it is about: one, or those of all seeds or folds.
    """

    def remarks() -> Iterator[Remark]:
        yield from on_learning(runs)
        yield from on_decoding(metrics, runs)
        yield from on_events(runs)
        yield from on_classes(metrics, runs)
        yield from on_delay(metrics, runs)
        yield from on_carry(runs)

    return first_lines(remarks())
