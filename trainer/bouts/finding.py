"""Finding of bouts in a file of predictions, sequence by sequence, in bounded memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts.bout import PREDICTION, TRUTH, Observed, in_order, joined
from trainer.bouts.edges import Edges
from trainer.bouts.tracks import Tracks
from trainer.predictions.reader import Answers

# Steps times classes that are looked at together.
NUMBERS_AT_ONCE = 1 << 18


def observed_sequences(
    answers: Answers, infos: Mapping[str, SequenceInfo], truth: bool
) -> Iterator[tuple[str, dict[str, Observed]]]:
    """Yields each sequence with what the sources say of it, the truth first.

    Args:
        answers: the opened file, of classes, with an answer for each step.
        infos: what the store says of the sequences, as far as it is known.
        truth: whether there are true labels beside the answers.

    Raises:
        InputError: the file holds values that no answer has.
    """
    sources = (TRUTH, PREDICTION) if truth else (PREDICTION,)
    for sequence_id in answers.ids:
        edges = Edges.of(answers, sequence_id, infos.get(sequence_id))
        yield sequence_id, {source: observed(answers, edges, source) for source in sources}


def observed(answers: Answers, edges: Edges, source: str) -> Observed:
    """Finds the bouts of a sequence by one source.

    Args:
        answers: the opened file.
        edges: those of the sequence.
        source: ``truth``, or ``prediction``: the decoded answers where there are any.

    Raises:
        InputError: the file holds values that no answer has.
    """
    size, sequence_id = len(answers.classes), edges.sequence_id
    tracks, parts, begin, end = Tracks(size + 1), [], 0.0, 0.0
    sure = source == PREDICTION and "probabilities" in answers.group(sequence_id)
    names = ["true" if source == TRUTH else answers.said, *(["probabilities"] if sure else [])]
    at_once, start = max(1, NUMBERS_AT_ONCE // (size + 1)), 0
    for said, *probabilities in answers.blocks(sequence_id, *names, block_steps=at_once):
        shares = np.zeros((len(said), size + 1))
        if probabilities:
            shares[:, :size] = probabilities[0]
        times = edges.between(start, start + len(said))
        parts.append(tracks.add(_marks(said, size), shares, times))
        begin, end = begin if start else float(times[0]), float(times[-1])
        start += len(said)
    found = joined([*parts, tracks.finish()])
    if not sure:
        found = found._replace(confidences=np.full(len(found.classes), np.nan))
    known = found.classes == size
    spans = found.only(known)
    spans = spans._replace(classes=np.zeros_like(spans.classes))
    return Observed(in_order(found.only(~known)), in_order(spans), begin, end)


def _marks(said: NDArray[Any], size: int) -> NDArray[np.bool_]:
    """Returns which classes are there, ``<bool>[n, C + 1]``; the last column: anything is known.

    Args:
        said: ``<int>[n]`` classes, or ``<int>[n, C]`` of 0 and 1; negative without a label.
        size: C.
    """
    marks = np.empty((len(said), size + 1), np.bool_)
    flat = said.ndim == 1
    marks[:, :size] = said[:, None] == np.arange(size) if flat else said > 0
    marks[:, size] = said >= 0 if flat else (said >= 0).all(1)
    return marks
