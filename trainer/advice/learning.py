"""Remarks on how a model learned: not to its end, or by heart."""

from collections.abc import Iterator, Mapping, Sequence

from preprocessing.errors import InputError
from trainer.advice.remark import Remark, either
from trainer.metrics.spread import mean
from trainer.run.folder import Run

# From here on a difference between training and validation is worth a remark.
GAP = 0.1
# What helped on recordings of people who were not trained on; see docs/benchmarks.md.
HIGH_DROPOUT = 0.5


def on_learning(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if the runs had not finished learning, or else if they learned by heart.

    Args:
        runs: that were trained: one, or those of all seeds or folds.
    """
    yield from _unfinished(runs) or _by_heart(runs)


def _unfinished(runs: Sequence[Run]) -> list[Remark]:
    """Returns a remark if the last epoch that was asked for was the best, in half of runs or more.

    Without a validation split there is no best one, and no remark.
    """
    kept = [(kept_row(run), run.config) for run in runs]
    last = [
        config
        for row, config in kept
        if row.get("val_loss") is not None and row["epoch"] == config.epochs
    ]
    if not last or 2 * len(last) < len(runs):
        return []
    epochs, schedule = last[0].epochs, last[0].schedule
    constant = schedule == "constant"
    longer = "the same training with" if constant else "a new --run with"
    text = (
        f"best in the last of {epochs} epochs: it had not finished learning; {longer} --epochs "
        f"{3 * epochs}{' goes on' if constant else f' --schedule {schedule}'}"
    )
    return [Remark(text, "docs/guide.md#validation-and-test")]


def _by_heart(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if training went much better than validation."""
    pairs = [pair for pair in map(_kept_scores, runs) if pair is not None]
    if not pairs:
        return
    trained, held_out = (mean(scores) or 0.0 for scores in zip(*pairs, strict=True))
    if trained - held_out >= GAP:
        config = runs[0].config
        tried = either(
            {
                "--normalize running": config.normalize != "running",
                f"--dropout {HIGH_DROPOUT}": config.dropout < HIGH_DROPOUT,
            }
        )
        text = (
            f"training {trained:.2f} right, validation {held_out:.2f}: it knows its own sequences "
            f"by heart, and needs more of them{tried}"
        )
        yield Remark(text, "docs/guide.md#normalisation")


def kept_row(run: Run) -> Mapping[str, float | None]:
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
    kept = kept_row(run)
    trained, held_out = kept.get("accuracy"), kept.get("val_accuracy")
    return None if trained is None or held_out is None else (trained, held_out)
