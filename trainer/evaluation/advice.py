"""What to try next, where an evaluation shows what is amiss: a line each, with the flags."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from preprocessing.errors import InputError, some
from trainer.metrics.spread import mean
from trainer.run.folder import Run

# From here on a difference between training and validation, or a delay, is worth a line.
GAP, LATE = 0.1, 0.25


def advice(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line for each thing that is amiss and that a flag may mend.

    Args:
        metrics: the content of metrics.json.
        runs: the trained runs that it is about: one, or those of all seeds or folds.
    """
    yield from _by_heart(runs)
    yield from _never_named(metrics)
    yield from _late(metrics)


def _by_heart(runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line if training went much better than validation."""
    pairs = [pair for pair in map(_kept_scores, runs) if pair is not None]
    if not pairs:
        return
    trained, held_out = (mean(scores) or 0.0 for scores in zip(*pairs, strict=True))
    if trained - held_out >= GAP:
        yield (
            f"  training {trained:.2f} right, validation {held_out:.2f}: it knows its own "
            "sequences by heart; more of them help most, then --dropout 0.5 or --weight-decay 0.01"
        )


def _kept_scores(run: Run) -> tuple[float, float] | None:
    """Returns the accuracy of the epoch whose weights were kept, in training and validation."""
    try:
        rows, best = run.history, run.progress.best_epoch
    except InputError:
        return None
    kept = next((row for row in rows if row.get("epoch") == str(best)), {})
    found = kept.get("accuracy"), kept.get("val_accuracy")
    return (float(found[0]), float(found[1])) if found[0] and found[1] else None


def _never_named(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line if classes are shown and never predicted."""
    rows: Mapping[str, Mapping[str, Any]] = metrics.get("per_class") or {}
    if missed := [name for name, row in rows.items() if row["steps"] and not row["predicted"]]:
        yield (
            f"  never predicted: {some(missed)}; --class-weights balanced makes rare classes weigh "
            "as much as others"
        )


def _late(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line if much of each new segment passes before it is noticed."""
    delay = metrics.get("delay") or {}
    if (late := delay.get("late")) is not None and late >= LATE:
        yield (
            f"  {100 * late:.0f} % of each new segment pass before it is noticed; a longer "
            "--chunk-length, or --gradient full, teaches what comes before a change"
        )
