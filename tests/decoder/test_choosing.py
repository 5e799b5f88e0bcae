from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prediction_files import FPS, write_predictions

from trainer.decoder.choosing import LAGS, choose_decoder, reading
from trainer.decoder.counts import Counts, MarkCounts
from trainer.decoder.decoder import Decoder
from trainer.decoder.decoding import decode
from trainer.decoder.quality import CourseQuality
from trainer.decoder.weights import Choice, Weights
from trainer.evaluation.measures import Measures
from trainer.predictions.reader import open_answers
from trainer.training.completion import decoder_line

CLASSES = ("a", "b")
COUNTS = Counts(
    seconds=np.array([60.0, 60.0]),
    begins=np.array([3, 0]),
    follows=np.array([[0, 6], [6, 0]]),
    stretches=np.array([9, 9]),
    mean=np.array([5.0, 5.0]),
    variation=np.array([0.2, 0.2]),
)


def flickering(share: float) -> dict[str, Any]:
    """A course of two classes, and answers of which so many are of the other class."""
    generator = np.random.default_rng(0)
    true = np.repeat([0, 1, 0, 1], 20)
    named = np.where(generator.random(len(true)) < share, 1 - true, true)
    answers = np.full((len(true), 2), 0.2)
    answers[np.arange(len(true)), named] = 0.8
    return {"true": true, "probabilities": answers}


def test_weights_are_chosen_that_take_flicker_away(tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "answers.h5", CLASSES, {"x": flickering(0.15)})
    decoder = choose_decoder(COUNTS, path, FPS)
    assert [choice.lag for choice in decoder.choices] == list(LAGS)
    assert decoder.chosen(None)
    assert decoder.choice(None).decoded["edit"] > decoder.choice(None).raw["edit"] + 0.2
    with open_answers(path) as answers:
        steps = answers.steps("x")
        for choice in decoder.choices:
            lag = decoder.lag_steps(choice.lag)
            labels = np.concatenate(
                list(decode(decoder, reading(answers, "x"), steps, lag, choice.lag))
            )
            quality = CourseQuality()
            quality.add(answers.whole("x", "true"), labels)
            assert quality.result() == choice.decoded


def test_answers_that_are_right_are_left_alone(tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "answers.h5", CLASSES, {"x": flickering(0.0)})
    decoder = choose_decoder(COUNTS, path, FPS)
    assert not any(decoder.chosen(lag) for lag in LAGS)


def test_of_many_answers_whole_sequences_are_looked_at_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.decoder.choosing.MOST_STEPS", 170)
    sequences = {f"x{number}": flickering(0.1) for number in range(4)}
    path = write_predictions(tmp_path / "answers.h5", CLASSES, sequences)
    assert choose_decoder(COUNTS, path, FPS).chosen_by == 2


def test_the_line_says_what_decided_where_the_edit_score_fell(tmp_path: Path) -> None:
    raw = {"accuracy": 0.6, "edit": 0.743, "f1@10": 0.5, "f1@25": 0.4, "f1@50": 0.3}
    risen, fallen = raw | {"edit": 0.8}, raw | {"edit": 0.732, "f1@50": 0.5}
    weights = Weights(3.0, 0.0, False)

    def line(decoded: dict[str, float]) -> str:
        choices = [Choice(None, True, weights, raw, decoded)]
        return decoder_line(Decoder(CLASSES, FPS, COUNTS, choices, 1), 1)

    assert line(risen).endswith("validation edit 0.743 -> 0.800")
    assert line(fallen).endswith(
        "validation edit 0.743 -> 0.732; the mean of all figures, which decides, 0.509 -> 0.546"
    )


def test_figures_are_those_of_metrics_json() -> None:
    made = flickering(0.15)
    true = np.concatenate([[-1], made["true"]]).astype("int32")
    labels = np.concatenate([[0], made["probabilities"].argmax(1)]).astype("int32")
    quality, scorer = CourseQuality(), Measures().classification(CLASSES, True)
    quality.add(true, labels)
    scorer.add("x", true, labels)
    assert scorer.result().items() >= quality.result().items()


def test_thresholds_and_lengths_are_chosen_for_each_class(tmp_path: Path) -> None:
    made = flickering(0.1)
    low = {
        "true": np.stack([made["true"]] * 2, 1),
        "probabilities": np.stack([made["probabilities"][:, 1], 0.2 + 0.2 * made["true"]], 1),
    }
    path = write_predictions(tmp_path / "answers.h5", CLASSES, {"x": low}, task="multilabel")
    decoder = choose_decoder(MarkCounts(np.full(2, 5.0), np.full(2, 5.0)), path, FPS)
    choice = decoder.choice(None)
    assert decoder.kind == "lengths"
    assert choice.chosen
    assert choice.weights.thresholds[1] in (0.3, 0.4)  # All of its answers lie below 0.5.
    assert choice.weights.present[0] > 0
    assert choice.decoded["f1"] > choice.raw["f1"] + 0.3


def test_a_class_that_the_truth_lacks_keeps_its_threshold(tmp_path: Path) -> None:
    arrays = {"true": np.tile([1, 0], (9, 1)), "probabilities": np.full((9, 2), 0.4)}
    path = write_predictions(tmp_path / "answers.h5", CLASSES, {"x": arrays}, task="multilabel")
    decoder = choose_decoder(MarkCounts(np.ones(2), np.ones(2)), path, FPS)
    assert decoder.choice(None).weights.thresholds == (0.1, 0.5)
