"""A last look at the validation split, for advice: what was trained is not touched by it.

It is a pass like the validation of an epoch, so it is made where that costs little, and only once:
RUN/validated.json has what came of it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from preprocessing.read_ahead import read_ahead
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.config import TrainConfig
from trainer.metrics.segmental import segments
from trainer.plan.windows import Windows, window_inference_plan
from trainer.predictions.reader import open_answers
from trainer.run.checkpoint import Progress
from trainer.run.validated import Validated
from trainer.step.forward import EvaluationStep
from trainer.step.totals import Totals

# Of the steps that were trained on. A pass without learning takes about a third of one with it, so
# that the look adds two hundredths to a training at most.
MOST_SHARE = 0.05
# Of the steps of validation that must lie beyond the first chunk of their sequence.
BEYOND = 0.5


class LastLook:
    """A last look at the best model, if there is anything to see.

    Args:
        config: of the run.
        validation: the sequences; None if there are none.
        trained: steps of the training split.
        progress: of the training, which has ended.
    """

    def __init__(
        self,
        config: TrainConfig,
        validation: SequenceSet | None,
        trained: int,
        progress: Progress,
    ):
        self.config, self.validation = config, validation
        self.trained, self.progress = trained, progress

    @property
    def compares(self) -> bool:
        """True if the carry is compared with a reset at each chunk."""
        config, data = self.config, self.validation
        if config.state != "carry" or config.outputs != "frame" or config.inputs != "features":
            return False
        if data is None or not (self._best and self.progress.lanes):
            return False
        steps = sum(data.lengths)
        beyond = sum(max(0, length - config.chunk_length) for length in data.lengths)
        few = steps <= MOST_SHARE * self.progress.epoch * self.trained
        return few and beyond >= BEYOND * steps

    @property
    def counts(self) -> bool:
        """True if segments are counted: there are some, and no decoder is chosen for them."""
        config = self.config
        single = config.task == "classification" and config.can_decode
        return single and config.decoder == "none" and self.validation is not None

    def take(
        self, step: EvaluationStep, lanes: int, answers: Path, heed: Callable[[], None]
    ) -> Validated:
        """Looks at the validation split.

        Args:
            step: that of the best model.
            lanes: B.
            answers: its answers, if segments are counted.
            heed: called now and then; it raises an error to stop.
        """
        progress = self.progress
        carried = reset = None
        score = "mae" if self.config.task == "regression" else "accuracy"
        if self.validation is not None and self.compares:
            carried = Validated.score_of(float(self._best[f"val_{score}"]))
            without = self._without_carry(self.validation, step, lanes, heed)
            reset = Validated.score_of(without[score])
        found, true = count_segments(answers) if self.counts else (None, None)
        epoch = progress.best_epoch or progress.epoch
        return Validated(epoch, score, carried, reset, found, true)

    @property
    def _best(self) -> Mapping[str, Any]:
        """The figures of the epoch whose weights were kept; empty without a validation split."""
        epochs = {row["epoch"]: row for row in self.progress.history}
        return epochs.get(self.progress.best_epoch, {})

    def _without_carry(
        self, data: SequenceSet, step: EvaluationStep, lanes: int, heed: Callable[[], None]
    ) -> dict[str, float]:
        """Returns the figures of validation if each chunk begins from a zero state."""
        length = self.config.chunk_length
        plan = window_inference_plan(data.lengths, lanes, Windows(length, length))
        carry, totals = step.initial_carry(lanes), Totals()
        for batch in read_ahead(data.batches(plan), READS_AHEAD):
            sums, carry = step(batch, carry)
            totals.add(sums, batch)
            heed()
        return totals.logs(data.layout.task.score_name)


def count_segments(path: Path) -> tuple[int, int]:
    """Counts the segments of raw answers, and those of the labels at the same steps.

    Args:
        path: predictions of one class a step.
    """
    found = true = 0
    with open_answers(path) as answers:
        for name in answers.ids:
            labels, said = (answers.whole(name, which) for which in ("true", "predicted"))
            said[labels < 0] = -1
            found, true = found + len(segments(said)), true + len(segments(labels))
    return found, true
