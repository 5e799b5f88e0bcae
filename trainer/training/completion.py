"""The completion of a run: after the last epoch, once, what answers need beside the model.

    answers of the best model to the validation split ─▶ its temperature: model.keras,
                              │                            calibration.json
                              └▶ a last look, for advice: validated.json
    the answers that it gives then ┐
    labels of the training split   ┴────────────────────▶ decoder.json

Killed meanwhile, the same command does it from the beginning; so it does for older runs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole
from preprocessing.store.sequence_info import rate_of
from preprocessing.terminal.console import note
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.decoder.choosing import choose_decoder
from trainer.decoder.counting import count_labels
from trainer.decoder.decoder import Decoder
from trainer.decoder.decoder_file import write_decoder
from trainer.decoder.quality import together
from trainer.decoder.weights import Lengths, Weights
from trainer.model.model_file import load_model
from trainer.model.temperature import uncalibrated
from trainer.predictions.inference import predict_pieces
from trainer.predictions.writer import predictions_writer, store_piece
from trainer.run.checkpoint import Progress
from trainer.run.folder import Run
from trainer.run.validated import known_validated
from trainer.step.forward import EvaluationStep, forward_step
from trainer.training.calibration import calibrate, calibration_line, known_calibration
from trainer.training.data import Data
from trainer.training.last_look import LastLook
from trainer.training.steps import Steps

ANSWERS = "validation.h5"


class Completion:
    """Completes a run that is trained to its end; of several processes, one does.

    Args:
        config: of the run.
        run: which has its model.
        data: that it was trained on.
        progress: of the training.
        heed: called now and then; it raises an error to stop.
        looks: whether there is a last look at the validation split, for advice.
    """

    def __init__(
        self,
        config: TrainConfig,
        run: Run,
        data: Data,
        progress: Progress,
        heed: Callable[[], None],
        looks: bool = False,
    ):
        self.config, self.run, self.data = config, run, data
        self.progress, self.heed, self.looks = progress, heed, looks

    def begin(self) -> None:
        """Takes away what belongs to an earlier end, before the model is trained further."""
        self.run.decoder_path.unlink(missing_ok=True)
        self.run.validated_path.unlink(missing_ok=True)

    def go(self, steps: Steps | None = None) -> list[str]:
        """Makes what is not there yet.

        Args:
            steps: that trained the model; without them it is opened anew.

        Returns:
            Lines that say what was seen and chosen; none if there was nothing to do.
        """
        validation, missing = self.data.validation, self._missing
        if validation is None and self.config.decoder == "folds":
            missing = [name for name in missing if name != "decoder"]
        look = self._look()
        if validation is None:
            return [_none_of(missing)] if missing else []
        if not (missing or look):
            return []
        answers, seen = self.run.path / ANSWERS, list[str]()
        try:
            with self._best(steps) as (model, forward):
                if missing or (look and look.counts):
                    self._answer(validation, answers, model, forward)
                if look:
                    evaluation = steps.validating if steps and forward else self._evaluation(model)
                    seen = self._take(look, evaluation, answers)
            return seen + (self._choose(answers) if missing else [])
        except InputError as error:  # What was trained is whole all the same.
            return seen + ([f"{' and '.join(missing)}: none; {error}"] if missing else [])
        finally:
            answers.unlink(missing_ok=True)

    @property
    def _missing(self) -> list[str]:
        """The names of what is asked for and not there."""
        missing = []
        if self.data.layout.task.name != "regression" and known_calibration(self.run) is None:
            missing.append("temperature")
        decodes = self.config.can_decode and self.config.decoder != "none"
        if decodes and not self.run.decoder_path.exists():
            missing.append("decoder")
        return missing

    def _look(self) -> LastLook | None:
        """Returns the last look; None if it was taken, is not wanted, or would show nothing."""
        if not self.looks or known_validated(self.run):
            return None
        trained = sum(self.data.train.lengths)
        look = LastLook(self.config, self.data.validation, trained, self.progress)
        return look if look.compares or look.counts else None

    def _take(self, look: LastLook, step: EvaluationStep, answers: Path) -> list[str]:
        """Takes the last look, without which there is less advice and all else.

        Returns:
            A line that says what the carry is worth, if that was seen.
        """
        try:
            validated = look.take(step, self.progress.lanes, answers, self.heed)
            write_whole(self.run.validated_path, validated.to_json())
        except (InputError, OSError) as error:
            note(f"no look at validation for advice: {error}")
            return []
        return [f"memory: validation {validated.compared}"] if validated.compared else []

    def _choose(self, answers: Path) -> list[str]:
        """Chooses the temperature, then the decoder by the answers that are given with it."""
        return [*self._calibrate(answers), *self._choose_decoder(answers)]

    def _calibrate(self, answers: Path) -> list[str]:
        """Makes answers those of the model with its temperature, which it gets if it has none."""
        was_known = known_calibration(self.run) is not None
        try:
            found = calibrate(self.run, answers)
        except InputError as error:  # What was trained is whole all the same.
            return [f"temperature: none; {error}"]
        return [] if was_known else [calibration_line(found)]

    def _choose_decoder(self, answers: Path) -> list[str]:
        """Chooses the decoder by the answers to the validation split, if there is none."""
        run, train, validation = self.run, self.data.train, self.data.validation
        if "decoder" not in self._missing or train.labels is None or validation is None:
            return []
        try:
            counts = count_labels(train.labels, train.infos)
            decoder = choose_decoder(counts, answers, rate_of(train.infos), self.heed)
        except InputError as error:
            return [f"decoder: none; {error}"]
        write_decoder(run.decoder_path, decoder)
        return [decoder_line(decoder, len(validation.infos))]

    @contextmanager
    def _best(self, steps: Steps | None) -> Iterator[tuple[Any, Any]]:
        """Yields the best model without its temperature, and its inference if that is compiled."""
        with (
            _best_backbone(self.data, self.run, self.progress, steps),
            _best_model(self.run, self.progress, steps) as best,
        ):
            yield best

    def _answer(self, data: SequenceSet, path: Path, model: Any, forward: Any) -> None:
        """Writes the answers of the best model."""
        lanes = self.progress.lanes if forward else None
        with predictions_writer(path, data.layout, self.run.weights_digest) as writer:
            for piece in predict_pieces(model, data, self.config, lanes, forward):
                store_piece(writer, data, piece)
                self.heed()

    def _evaluation(self, model: Any) -> EvaluationStep:
        """Returns what sums the losses of a model that was opened anew."""
        task = self.data.layout.task
        return EvaluationStep(forward_step(model, self.config, task), task)


def _none_of(missing: Sequence[str]) -> str:
    """Returns a line about what cannot be chosen without a validation split."""
    them = "it" if len(missing) == 1 else "them"
    why = f"there is no validation split to choose {them} by"
    more = " (--decoder folds chooses a decoder by three more trainings)"
    return f"{' and '.join(missing)}: none; {why}{more if 'decoder' in missing else ''}"


@contextmanager
def _best_model(run: Run, progress: Progress, steps: Steps | None) -> Iterator[tuple[Any, Any]]:
    """Yields the model of a run without its temperature, and its inference if that is compiled.

    Args:
        run: the run.
        progress: of its training.
        steps: that trained the model, which is as it was when the block ends; None if they are not
            there.
    """
    if steps is None or steps.devices.replicated:
        yield uncalibrated(load_model(run.model_path)), None
        return
    model, forward = steps.learning.model, steps.validating.forward
    if progress.best_epoch in (0, progress.epoch):
        yield model, forward
        return
    last = model.get_weights()
    model.set_weights(load_model(run.model_path).get_weights())
    try:
        yield model, forward
    finally:
        model.set_weights(last)


@contextmanager
def _best_backbone(data: Data, run: Run, progress: Progress, steps: Steps | None) -> Iterator[None]:
    """Makes features those of a run's backbone within a block; see ``_best_model``."""
    backbone = data.backbone
    if backbone is None or (steps and progress.best_epoch in (0, progress.epoch)):
        yield
        return
    last = backbone.network.get_weights()
    backbone.restore(run.backbone_path)
    try:
        yield
    finally:
        backbone.network.set_weights(last)


def decoder_line(decoder: Decoder, videos: int, split: str = "validation") -> str:
    """Returns what was chosen, and what it is worth, in a line.

    Args:
        decoder: which was chosen.
        videos: the number of sequences of the validation split.
        split: the word for it.
    """
    choice = decoder.choice(None)
    online = [one.lag for one in decoder.choices if one.chosen and one.lag is not None]
    name = "edit" if "edit" in choice.raw else "f1@10"
    figures = f"{choice.raw.get(name, 0.0):.3f}"
    if choice.chosen:
        what = f"{decoder.kind}{_weights(choice.weights)}"
        figures += f" -> {choice.decoded[name]:.3f}"
        if choice.decoded[name] <= choice.raw[name]:
            before, after = together(choice.raw), together(choice.decoded)
            figures += f"; the mean of all figures, which decides, {before:.3f} -> {after:.3f}"
    elif online:
        lags = " and ".join(f"{lag:g}" for lag in online)
        what = f"none offline, {decoder.kind} with lags of {lags} s"
    else:
        what = "none, raw answers are as good"
    by = "" if decoder.chosen_by == videos else f" of {decoder.chosen_by} of {videos} videos"
    return f"decoder: {what}; {split} {name}{by} {figures}"


def _weights(weights: Weights | Lengths) -> str:
    """Returns the weights of a decoder, to be put behind its kind."""
    if isinstance(weights, Lengths):
        return ""
    prior = "less" if weights.prior else "with"
    durations = "with" if weights.durations else "without"
    return f", emission weight {weights.emission:g} {prior} the prior, {durations} durations"
