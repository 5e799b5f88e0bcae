"""Advice on what to try next, where an evaluation shows what is amiss: a line each, with flags."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from preprocessing.errors import InputError, some
from trainer.metrics.spread import mean
from trainer.run.folder import Run

# From here on a difference between training and validation, or a delay, is worth a line.
GAP, LATE = 0.1, 0.25
# What helped on recordings of people who were not trained on; see docs/benchmarks.md.
SHORT, FEW, HIGH = 16, 2, 0.5
# By which decoded answers are compared with raw ones, where a task has them.
DECODED = ("accuracy", "edit", "f1@10", "f1@50")


def advice(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line for each thing that is amiss and that a flag may mend.

    Args:
        metrics: the content of metrics.json.
        runs: the trained runs that it is about: one, or those of all seeds or folds.
    """
    yield from _unfinished(runs) or _by_heart(runs)
    yield from _decoded_worse(metrics)
    yield from _never_named(metrics)
    yield from _late(metrics, runs)


def _unfinished(runs: Sequence[Run]) -> list[str]:
    """Returns a line if the last epoch that was asked for was the best, in half of runs or more.

    Without a validation split there is no best one, and no line.
    """
    kept = [(_kept_row(run), run.config.epochs) for run in runs]
    judged = [(row, epochs) for row, epochs in kept if row.get("val_loss") is not None]
    last = [epochs for row, epochs in judged if row["epoch"] == epochs]
    if not last or 2 * len(last) < len(runs):
        return []
    epochs = last[0]
    return [
        f"  best in the last of {epochs} epochs: it had not finished learning; the same training "
        f"with --epochs {3 * epochs} goes on"
    ]


def _decoded_worse(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line if what was decoded is worse than raw answers by each of the figures."""
    decoded = metrics.get("decoded") or {}
    names = [name for name in DECODED if name in decoded and name in metrics]
    pairs = {name: (metrics[name], decoded[name]) for name in names}
    if pairs and all(None not in pair and pair[1] < pair[0] for pair in pairs.values()):
        figures = ", ".join(f"{name} {raw:.3f} -> {now:.3f}" for name, (raw, now) in pairs.items())
        yield (
            f"  decoded answers are worse here than raw ones ({figures}), other than where the "
            "decoder was chosen; --decode none leaves it out"
        )


def _by_heart(runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line if training went much better than validation."""
    pairs = [pair for pair in map(_kept_scores, runs) if pair is not None]
    if not pairs:
        return
    trained, held_out = (mean(scores) or 0.0 for scores in zip(*pairs, strict=True))
    if trained - held_out >= GAP:
        config = runs[0].config
        tried = _either(
            {
                "--normalize running": config.normalize != "running",
                f"--dropout {HIGH}": config.dropout < HIGH,
            }
        )
        yield (
            f"  training {trained:.2f} right, validation {held_out:.2f}: it knows its own "
            f"sequences by heart, and needs more of them{tried}"
        )


def _kept_row(run: Run) -> Mapping[str, float | None]:
    """Returns the row of history.csv of the epoch whose weights were kept; empty if there is none.

    Args:
        run: that was trained.
    """
    try:
        rows, best = run.history, run.progress.best_epoch
    except InputError:
        return {}
    return next((row for row in rows if row.get("epoch") == best), {})


def _kept_scores(run: Run) -> tuple[float, float] | None:
    """Returns the accuracy of the epoch whose weights were kept, in training and validation."""
    kept = _kept_row(run)
    trained, held_out = kept.get("accuracy"), kept.get("val_accuracy")
    return None if trained is None or held_out is None else (trained, held_out)


def _never_named(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line if classes are shown and never predicted."""
    rows: Mapping[str, Mapping[str, Any]] = metrics.get("per_class") or {}
    if missed := [name for name, row in rows.items() if row["steps"] and not row["predicted"]]:
        yield (
            f"  never predicted: {some(missed)}; --class-weights balanced makes rare classes weigh "
            "as much as others"
        )


def _late(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line if much of each new segment passes before it is noticed."""
    delay = metrics.get("delay") or {}
    if (late := delay.get("late")) is not None and late >= LATE:
        config = runs[0].config
        tried = _either(
            {
                "--normalize running": config.normalize != "running",
                f"--chunk-length {SHORT}": config.chunk_length > SHORT,
                f"--lanes {FEW}": config.lanes is None or config.lanes > FEW,
            }
        )
        yield f"  found late: {100 * late:.0f} % of each new segment pass before it is named{tried}"


def _either(flags: Mapping[str, bool]) -> str:
    """Returns the flags that are not in use yet: ``; try --a, --b or --c``; empty for none."""
    *most, last = [flag for flag, fits in flags.items() if fits] or [""]
    return f"; try {' or '.join(filter(None, [', '.join(most), last]))}" if last else ""
