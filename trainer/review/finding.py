"""All stretches that may be worth looking at, sequence by sequence."""

from collections.abc import Iterator, Sequence

from preprocessing.labels.base import Labels
from preprocessing.store.sequence_info import SequenceInfo
from trainer.predictions.reader import Answers
from trainer.review.choosing import best_apart
from trainer.review.contradictions import contradictions
from trainer.review.course import read_course
from trainer.review.sources import Sources
from trainer.review.stretch import Stretch
from trainer.review.unsure import unsure_stretches
from trainer.review.unsureness import unsureness

# So many stretches are kept of all sequences together, a few of each in any case.
MOST_KEPT, LEAST_OF_ONE = 20_000, 4


def find_contradictions(sources: Sources, answers: Answers, longest: float) -> Iterator[Stretch]:
    """Yields the segments of labels that answers contradict, those of a sequence best first.

    Args:
        sources: what is looked at.
        answers: have been given by models that had not seen the sequence.
        longest: seconds of a stretch.
    """
    most = _most_of_one(len(sources.held_out))
    for info in sources.held_out:
        course = read_course(answers, info, sources.labels_of(info))
        yield from best_apart(contradictions(course, longest), most)


def find_unsure(
    sources: Sources, answers: Answers, members: Sequence[Answers], longest: float
) -> Iterator[Stretch]:
    """Yields where answers are most unsure, the stretches of a sequence best first.

    Args:
        sources: what is looked at.
        answers: to the sequences without labels; those that it lacks are passed over.
        members: the answers of each member of an ensemble.
        longest: seconds of a stretch.
    """
    most = _most_of_one(len(sources.unlabelled))
    usual = label_changes(sources.labels, sources.labelled)
    answered = set(answers.ids)
    for info in sources.unlabelled:
        if info.sequence_id in answered:
            course = read_course(answers, info, sources.labels_of(info))
            unsure = unsureness(course, usual, members)
            yield from best_apart(unsure_stretches(course, unsure, longest), most)


def label_changes(labels: Labels, infos: Sequence[SequenceInfo]) -> float:
    """Returns how often a second the labels of sequences change; 0 if there are none.

    Args:
        labels: of the sequences.
        infos: the sequences.
    """
    changes, seconds = 0, 0.0
    for info in infos:
        spans = labels.spans(info)
        changes += max(len(spans.said) - 1, 0)
        seconds += float(spans.seconds.sum())
    return changes / seconds if seconds else 0.0


def _most_of_one(sequences: int) -> int:
    return max(MOST_KEPT // max(sequences, 1), LEAST_OF_ONE)
