"""The file of a decoder, RUN/decoder.json: JSON of a stranger, so everything in it is checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.files.text_files import read_json
from preprocessing.files.whole_file import write_whole
from trainer.decoder.counts import Counts
from trainer.decoder.decoder import Decoder
from trainer.decoder.weights import Choice, Lengths, Weights

SCHEMA = 1
MOST_RATE, MOST_SECONDS, MOST_COUNT, MOST_WEIGHT = 1e6, 1e9, 1e15, 1e3
MOST_CHOICES = 100
LEAST_SECONDS = 1e-6  # That a class lasts, on the average: a step of the highest rate.
# A least length beyond this would hold back answers for longer than anyone waits.
LONGEST = 3600.0
FIGURES = {"accuracy", "edit", "f1", "f1@10", "f1@25", "f1@50"}


def write_decoder(path: Path, decoder: Decoder) -> None:
    """Writes a decoder, whole or not at all.

    Args:
        path: the file.
        decoder: the decoder.
    """
    counts = None
    if decoder.counts is not None:
        counts = {name: value.tolist() for name, value in vars(decoder.counts).items()}
    told = {
        "schema": SCHEMA,
        "kind": decoder.kind,
        "classes": decoder.classes,
        "rate": decoder.rate,
        "counts": counts,
        "choices": [asdict(choice) for choice in decoder.choices],
        "chosen_by": decoder.chosen_by,
    }
    write_whole(path, json.dumps(told) + "\n")


def read_decoder(path: Path, classes: Sequence[str]) -> Decoder | None:
    """Reads a decoder; None if there is no such file.

    Args:
        path: the file.
        classes: of the model, whose answers are to be decoded.

    Raises:
        InputError: the file is no decoder, or one of other classes.
    """
    if not path.exists():
        return None
    loaded = read_json(path, "a decoder")
    try:
        return _decoder(loaded, tuple(classes))
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        reason = shorten(" ".join(str(error).split())) or type(error).__name__
        raise InputError(
            f"{path} is no decoder of this model: {reason}; delete it for raw answers, or have it "
            "made anew by the command that made the run"
        ) from None


def _decoder(loaded: Any, classes: tuple[str, ...]) -> Decoder:
    """Returns what a file holds.

    Raises:
        ValueError: it holds something else.
    """
    if loaded["schema"] != SCHEMA:
        raise ValueError(f"schema {loaded['schema']!r}, expected {SCHEMA}")
    if tuple(loaded["classes"]) != classes:
        raise ValueError("it is of other classes")
    counts = None if loaded["counts"] is None else _counts(loaded["counts"], len(classes))
    choices = [_choice(one, counts, len(classes)) for one in loaded["choices"][:MOST_CHOICES]]
    if [one.lag for one in choices].count(None) != 1:
        raise ValueError("expected one choice without a lag")
    rate = _number("rate", loaded["rate"], MOST_RATE)
    if not rate:
        raise ValueError("rate 0")
    chosen_by = int(_number("chosen_by", loaded["chosen_by"], MOST_COUNT))
    return Decoder(classes, rate, counts, choices, chosen_by)


def _counts(loaded: Mapping[str, Any], size: int) -> Counts:
    arrays = {}
    for field in fields(Counts):
        whole = field.name in ("begins", "follows", "stretches")
        shape = (size, size) if field.name == "follows" else (size,)
        arrays[field.name] = _array(field.name, loaded[field.name], shape, whole)
    if not (arrays["mean"] >= LEAST_SECONDS).all():
        raise ValueError(f"mean holds less than {LEAST_SECONDS} s")
    return Counts(**arrays)


def _array(name: str, values: Any, shape: tuple[int, ...], whole: bool) -> NDArray[Any]:
    """Returns an array of numbers that are counts or seconds.

    Raises:
        ValueError: they are not.
    """
    array = np.asarray(values)
    if array.shape != shape or array.dtype.kind not in ("iu" if whole else "iuf"):
        raise ValueError(f"{name} has shape {array.shape} of {array.dtype}, expected {shape}")
    if not ((array >= 0) & (array <= MOST_COUNT)).all():
        raise ValueError(f"{name} holds what cannot be counted")
    return array.astype(np.int64 if whole else np.float64)


def _choice(loaded: Mapping[str, Any], counts: Counts | None, size: int) -> Choice:
    lag, chosen, weights = loaded["lag"], loaded["chosen"], loaded["weights"]
    if not isinstance(chosen, bool):
        raise ValueError(f"chosen is {chosen!r}")
    figures = [
        {str(name): _number(name, value, 1.0) for name, value in loaded[of].items()}
        for of in ("raw", "decoded")
    ]
    if not all(set(one) <= FIGURES for one in figures):
        raise ValueError("unknown figures")
    return Choice(
        None if lag is None else _number("lag", lag, MOST_SECONDS),
        chosen,
        _lengths(weights, size) if counts is None else _weights(weights),
        *figures,
    )


def _weights(loaded: Mapping[str, Any]) -> Weights:
    if not isinstance(loaded["durations"], bool):
        raise ValueError(f"durations is {loaded['durations']!r}")
    emission, prior = (_number(name, loaded[name], MOST_WEIGHT) for name in ("emission", "prior"))
    return Weights(emission, prior, loaded["durations"])


def _lengths(loaded: Mapping[str, Any], size: int) -> Lengths:
    bounds = {"thresholds": 1.0, "present": LONGEST, "absent": LONGEST}
    rows = {
        name: tuple(_number(name, value, most) for value in loaded[name])
        for name, most in bounds.items()
    }
    if any(len(row) != size for row in rows.values()):
        raise ValueError(f"lengths of {[len(row) for row in rows.values()]} classes, not {size}")
    return Lengths(**rows)


def _number(name: str, value: Any, most: float) -> float:
    """Returns a number of a file.

    Raises:
        ValueError: it is none, or not from 0 to ``most``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} is {value!r:.40}, expected a number from 0 to {most:g}")
    return float(value)
