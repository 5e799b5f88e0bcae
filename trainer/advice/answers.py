"""Remarks on answers that were measured: decoded for the worse, flickering, too late, or never."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from preprocessing.errors import InputError, some
from trainer.advice.remark import Remark, either
from trainer.config import TrainConfig
from trainer.decoder.decoder_file import read_decoder
from trainer.run.folder import Run
from trainer.run.members import is_ensemble
from trainer.run.validated import known_validated

# From here on a delay is worth a remark.
LATE = 0.25
# What helped on recordings of people who were not trained on; see docs/benchmarks.md.
SHORT, FEW = 16, 2
# By which decoded answers are compared with raw ones, where a task has them.
DECODED = ("accuracy", "edit", "f1@10", "f1@50")
# Answers flicker that have so many times the segments of the labels, and so many more.
TIMES, MORE = 2, 10
DECODING = "docs/guide.md#raw-and-decoded-answers"


def on_decoding(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if decoding made answers worse, or would mend their flicker.

    Args:
        metrics: the content of metrics.json.
        runs: that answered.
    """
    yield from _decoded_worse(metrics)
    found = metrics.get("segments") or {}
    undecoded = metrics.get("decoder") is None and _flicker(
        found.get("predicted"), found.get("true")
    )
    if undecoded and runs and (flag := _mending_flag(runs[0])):
        yield _flickering(found["predicted"], found["true"], flag)


def on_validated_flicker(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if answers to the validation split flicker, and no decoder was chosen.

    Args:
        runs: that were trained.
    """
    for run in runs[:1]:
        found, decoded = known_validated(run), run.decoder_path.is_file()
        if found and not decoded and _flicker(found.segments, found.true_segments):
            flag = "--decoder auto, in the same command,"
            yield _flickering(found.segments or 0, found.true_segments or 0, flag)


def on_classes(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if classes are shown and never predicted.

    Args:
        metrics: the content of metrics.json.
        runs: that answered.
    """
    rows: Mapping[str, Mapping[str, Any]] = metrics.get("per_class") or {}
    if missed := [name for name, row in rows.items() if row["steps"] and not row["predicted"]]:
        answer = "--class-weights balanced makes rare classes weigh as much as others"
        if any("balanced" in run.config.class_weights for run in runs):
            answer = "with --class-weights balanced, too: they need more examples with labels"
        text = f"never predicted: {some(missed)}; {answer}"
        yield Remark(text, "docs/guide.md#several-labels-numbers")


def on_delay(metrics: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if much of each new segment passes before it is noticed.

    Args:
        metrics: the content of metrics.json.
        runs: that answered.
    """
    delay = metrics.get("delay") or {}
    if (late := delay.get("late")) is not None and late >= LATE:
        tried = "".join(_earlier(run.config) for run in runs[:1])
        text = f"found late: {100 * late:.0f} % of each new segment pass before it is named{tried}"
        yield Remark(text, "docs/guide.md#how-long-a-chunk")


def _earlier(config: TrainConfig) -> str:
    """Returns the flags by which changes may be found earlier than with a configuration."""
    return either(
        {
            "--normalize running": config.normalize != "running",
            f"--chunk-length {SHORT}": config.chunk_length > SHORT,
            f"--lanes {FEW}": config.lanes is None or config.lanes > FEW,
        }
    )


def _decoded_worse(metrics: Mapping[str, Any]) -> Iterator[Remark]:
    """Yields a remark if what was decoded is worse than raw answers by each of the figures."""
    decoded = metrics.get("decoded") or {}
    names = [name for name in DECODED if name in decoded and name in metrics]
    pairs = {name: (metrics[name], decoded[name]) for name in names}
    if pairs and all(None not in pair and pair[1] < pair[0] for pair in pairs.values()):
        figures = ", ".join(f"{name} {raw:.3f} -> {now:.3f}" for name, (raw, now) in pairs.items())
        text = (
            f"decoded answers are worse here than raw ones ({figures}), other than where the "
            "decoder was chosen; --decode none leaves it out"
        )
        yield Remark(text, DECODING)


def _flicker(predicted: float | None, true: float | None) -> bool:
    """Returns True for answers that have many more segments than the labels."""
    if predicted is None or true is None:
        return False
    return predicted >= TIMES * true and predicted - true >= MORE


def _flickering(predicted: float, true: float, flag: str) -> Remark:
    text = f"answers flicker: {predicted:.0f} segments where labels have {true:.0f}; {flag} decodes"
    return Remark(f"{text} them", DECODING)


def _mending_flag(run: Run) -> str:
    """Returns the flag by which answers of a run are decoded; empty if that would change nothing.

    Args:
        run: whose answers were not decoded.
    """
    with suppress(InputError):
        if run.decoder_path.is_file():
            decoder = read_decoder(run.decoder_path, run.facts.classes)
            return "--decode auto" if decoder and decoder.choice(None).chosen else ""
        if run.config.decoder == "none" and not is_ensemble(run.path):
            by = "auto" if run.splits.validation else "folds"
            return f"--decoder {by}, in the command that trained,"
    return ""
