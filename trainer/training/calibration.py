"""The calibration of a run: its model gets the temperature that its validation split asks for.

    answers of the model without a temperature ─▶ T ─▶ model.keras, then calibration.json
                                                  └──▶ the same answers as with it

The model is written before calibration.json, which tells of which weights it is. Whoever is killed
in between does it once more, to the same end, since it begins with the answers of before.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole
from trainer.metrics.reliability import Reliability, add_probabilities
from trainer.model.model_file import load_model, save_model
from trainer.model.temperature import calibrated, uncalibrated
from trainer.predictions.reader import Answers, open_answers
from trainer.predictions.writer import group_name
from trainer.run.calibration import Calibration
from trainer.run.folder import Run
from trainer.training.temperature import fit_temperature, warmed

NUMBERS_AT_ONCE = 1 << 20
# Of a temperature: more would tell apart answers that were made together from the same made alone.
DECIMALS = 3


def known_calibration(run: Run) -> Calibration | None:
    """Returns the calibration of the model that a run has now; None if there is none to read."""
    with suppress(InputError):
        return run.calibration
    return None


def calibrate(run: Run, answers: Path) -> Calibration:
    """Gives the model of a run its temperature, unless it has it.

    Args:
        run: whose task has classes.
        answers: predictions of its validation split, by the model as it is without a temperature;
            they become those of the model with it.

    Raises:
        InputError: the model cannot be opened.
    """
    known = known_calibration(run)
    if known is None:
        with open_answers(answers) as opened:
            temperature = round(fit_temperature(lambda: _labelled(opened)), DECIMALS)
            before, after = (_reliability(opened, by) for by in (1.0, temperature))
        model = uncalibrated(load_model(run.model_path))
        save_model(calibrated(model, run.facts.learned_task, temperature), run.model_path)
        errors = before.error or 0.0, after.error or 0.0
        known = Calibration(temperature, before.steps, *errors, run.weights_digest)
        write_whole(run.calibration_path, known.to_json())
    _warm(answers, known.temperature)
    return known


def calibration_line(calibration: Calibration) -> str:
    """Returns what was chosen, in a line."""
    before, after = calibration.ece_before, calibration.ece_after
    risen = " (higher: the likelihood decides)" if after > before else ""
    return (
        f"temperature {calibration.temperature:.2f}, chosen on validation: expected calibration "
        f"error {before:.3f} -> {after:.3f}{risen}"
    )


def _blocks(answers: Answers, sequence_id: str) -> Iterator[tuple[NDArray[Any], ...]]:
    steps = max(1, NUMBERS_AT_ONCE // len(answers.classes))
    yield from answers.blocks(sequence_id, "probabilities", "true", block_steps=steps)


def _labelled(answers: Answers) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yields probabilities and truth of labelled steps, some at a time."""
    for sequence_id in answers.ids:
        for probabilities, true in _blocks(answers, sequence_id):
            labelled = (true if true.ndim == 1 else true[:, 0]) >= 0
            if labelled.any():
                yield probabilities[labelled], true[labelled]


def _reliability(answers: Answers, temperature: float) -> Reliability:
    """Counts how sure answers would be with a temperature, and how often they are right."""
    reliability = Reliability()
    marks = answers.task == "multilabel"
    for probabilities, true in _labelled(answers):
        add_probabilities(reliability, warmed(probabilities, temperature, marks), true)
    return reliability


def _warm(path: Path, temperature: float) -> None:
    """Makes answers those of a model with a temperature."""
    with open_answers(path) as answers:
        ids, marks = answers.ids, answers.task == "multilabel"
        steps = max(1, NUMBERS_AT_ONCE // len(answers.classes))
    with h5py.File(path, "r+") as file:
        for sequence_id in ids:
            data = file[group_name(sequence_id)]["probabilities"]
            for start in range(0, len(data), steps):
                rows = slice(start, start + steps)
                data[rows] = warmed(data[rows], temperature, marks)
