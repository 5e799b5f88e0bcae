"""A stretch of a sequence that may be worth looking at."""

from typing import NamedTuple

from trainer.review.options import Why


class Stretch(NamedTuple):
    """A stretch, and why it is looked at.

    Attributes:
        sequence: the sequence.
        start: seconds, counted as labels are.
        end: seconds.
        why: ``contradicted`` by the answers are labels; ``unsure`` are answers without labels.
        score: the higher, the sooner it is looked at; of one kind they can be compared.
        label: the class that it is labelled with; empty if it is not.
        answer: the class that the model names.
    """

    sequence: str
    start: float
    end: float
    why: Why
    score: float
    label: str
    answer: str

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.end - self.start
