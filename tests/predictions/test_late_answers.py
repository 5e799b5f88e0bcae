"""Answers that come late or backward stand in predictions at the steps that they are about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from made_stores import MadeStore

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.intervals import IntervalLabels
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import zero_carry
from trainer.predictions.inference import predict_pieces
from trainer.predictions.writer import predictions_writer, store_piece
from trainer.task import Classification

LENGTHS = [23, 4, 11, 1]
CLASSES = ("a", "b", "c")
CONFIG = TrainConfig(
    Path("store"), Path("labels"), Path("run"), units=4, dropout=0.0, normalize="none"
)


def a_model(layout: Layout) -> Any:
    keras.utils.set_random_seed(3)
    model = build_model(CONFIG, layout, 3, ())
    chance = np.random.default_rng(4)
    for variable in model.trainable_variables:
        variable.assign(chance.normal(scale=0.4, size=variable.shape))
    return model


def naive(model: Any, features: np.ndarray, late: int, window: tuple[int, int]) -> np.ndarray:
    """Answers a sequence step by step; ``window`` is T and its burn-in, as far as there is one."""
    seen = [*features, *[features[-1]] * late]
    length, burn_in = window
    answers: list[np.ndarray] = []
    carry = zero_carry(model, 1)
    for t, step in enumerate(seen):
        begins = t >= length and (t - length) % (length - burn_in) == 0
        if begins:
            carry = zero_carry(model, 1)
        for one in [*(seen[t - burn_in : t] if begins else []), step]:
            outputs, *carry = model([keras.ops.convert_to_tensor(one[None, None]), *carry])
        answers.append(np.asarray(outputs)[0, 0])
    return np.array(answers[late:])


@pytest.mark.parametrize(
    ("late", "direction", "options"),
    [
        pytest.param(3, "forward", {"chunk_length": 4}, marks=pytest.mark.slow),
        (5, "backward", {"chunk_length": 6, "state": "reset", "burn_in": 2, "stride": 4}),
        pytest.param(0, "backward", {"chunk_length": 64}, marks=pytest.mark.slow),
        pytest.param(30, "forward", {"chunk_length": 1}, marks=pytest.mark.slow),
        pytest.param(
            9, "forward", {"chunk_length": 5, "state": "reset", "burn_in": 3, "stride": 2},
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_answers_are_those_of_a_naive_loop_at_the_steps_that_they_are_about(
    make_store: MadeStore, tmp_path: Path, late: int, direction: str, options: dict[str, Any]
) -> None:
    store = make_store(LENGTHS)
    infos = [store.info(name) for name in store.ids()]
    rows = [(i.sequence_id, t / 4, (t + 1) / 4, CLASSES[t % 3]) for i in infos for t in range(23)]
    labels = IntervalLabels(rows, LabelOptions(Path("labels"), tolerance=1e6))
    layout = Layout(Classification(CLASSES), horizon=-late, direction=direction)
    data, model = SequenceSet(store, infos, labels, layout), a_model(layout)
    config = replace(CONFIG, **options)
    with predictions_writer(tmp_path / "p.h5", layout) as writer:
        for piece in predict_pieces(model, data, config, 3):
            store_piece(writer, data, piece)
    window = (config.chunk_length, config.burn_in) if config.state == "reset" else (10**6, 0)
    turn = slice(None, None, -1 if direction == "backward" else 1)
    with h5py.File(tmp_path / "p.h5") as file:
        assert file.attrs["horizon"] == -late
        for info in infos:
            group = file[info.sequence_id]
            features = store.features(info.sequence_id, 0, info.steps)
            expected = naive(model, features[turn], late, window)[turn]
            np.testing.assert_allclose(group["probabilities"][()], expected, atol=1e-6)
            np.testing.assert_array_equal(group["predicted"][()], expected.argmax(-1))
            assert group["true"][()].tolist() == [t % 3 for t in range(info.steps)]
            assert group["timestamps"][()].tolist() == [t / 4 for t in range(info.steps)]
