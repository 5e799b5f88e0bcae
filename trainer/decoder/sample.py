"""A sample of sequences, where all would take too long."""

from trainer.predictions.reader import Answers


def sample(answers: Answers, most: float) -> list[str]:
    """Returns sequences of about so many steps together, evenly out of all of them; at least one.

    Args:
        answers: an opened file.
        most: steps.
    """
    steps = sum(answers.steps(sequence_id) for sequence_id in answers.ids)
    count = len(answers.ids)
    taken = max(1, min(count, int(count * most / max(steps, 1))))
    return [answers.ids[number * count // taken] for number in range(taken)]
