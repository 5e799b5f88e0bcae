"""The answers of a file of predictions, and the truth beside them, as annotations of sequences."""

from collections.abc import Iterator, Mapping

import numpy as np

from preprocessing.labels.formats.base import Annotation
from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts.bout import PREDICTION, TRUTH, Bouts
from trainer.bouts.edges import Edges
from trainer.bouts.finding import observed
from trainer.predictions.reader import Answers


class AnsweredAnnotations(Mapping[str, tuple[Annotation, ...]]):
    """Annotations by sequence; in memory are only the bouts of those that were asked for.

    Tiers are ``truth`` and ``prediction``; only what is predicted has a confidence.

    Args:
        answers: the opened file, of classes, with an answer for each step.
        infos: what the store says of the sequences.
        truth: whether there are true labels beside the answers.
    """

    def __init__(self, answers: Answers, infos: Mapping[str, SequenceInfo], truth: bool):
        self._answers, self._infos = answers, infos
        self._sources = (TRUTH, PREDICTION) if truth else (PREDICTION,)
        self._found: dict[str, dict[str, Bouts]] = {}

    def __getitem__(self, sequence_id: str) -> tuple[Annotation, ...]:
        if sequence_id not in self._found:
            edges = Edges.of(self._answers, sequence_id, self._infos[sequence_id])
            self._found[sequence_id] = {
                source: observed(self._answers, edges, source).bouts for source in self._sources
            }
        return tuple(self._annotations(sequence_id))

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def _annotations(self, sequence_id: str) -> Iterator[Annotation]:
        for source, bouts in self._found[sequence_id].items():
            shares = np.clip(bouts.confidences, 0.0, 1.0).tolist()
            times = (bouts.starts.tolist(), bouts.ends.tolist())
            for number, start, end, share in zip(
                bouts.classes.tolist(), *times, shares, strict=True
            ):
                sure = None if source == TRUTH or np.isnan(share) else share
                label = self._answers.classes[number]
                yield Annotation(sequence_id, start, end, label, tier=source, confidence=sure)
