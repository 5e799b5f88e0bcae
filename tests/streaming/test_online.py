"""Learning from pieces as they arrive."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.cli import main
from trainer.config import TrainConfig
from trainer.streaming.online import OnlineTrainer
from trainer.training.command import train

CLASSES = ("a", "b", "c")
STEPS = 30
CHANCE = np.random.default_rng(0)
FEATURES = CHANCE.normal(size=(STEPS, 2)).astype("float32")
LABELS = CHANCE.integers(-1, 3, STEPS)
SMALL: dict[str, Any] = {"units": 4, "chunk_length": 8, "dropout": 0.0}


def weights_of(online: OnlineTrainer) -> list[np.ndarray]:
    return [variable.numpy() for variable in online.model.trainable_variables]


ONLINE = OnlineTrainer.create(2, CLASSES, **SMALL)
WHOLE = ONLINE.predict(FEATURES)


@given(st.lists(st.integers(1, STEPS - 1), max_size=6, unique=True))
@settings(max_examples=10)
def test_answers_do_not_depend_on_where_the_stream_is_cut(cuts: list[int]) -> None:
    ONLINE.reset()
    pieces = np.split(FEATURES, sorted(cuts))
    answers = np.concatenate([ONLINE.predict(piece) for piece in pieces])
    np.testing.assert_allclose(answers, WHOLE, atol=1e-6)


def test_learning_in_pieces_of_a_chunk_is_training_with_one_lane(tmp_path: Path) -> None:
    write_sequence(tmp_path / "store", "s", FEATURES)
    rows = [
        ("s", step / 4, (step + 1) / 4, CLASSES[label])
        for step, label in enumerate(LABELS)
        if label >= 0
    ]
    write_intervals(tmp_path / "labels.csv", rows)
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["s"]}))
    config = TrainConfig(
        tmp_path / "store",
        tmp_path / "labels.csv",
        tmp_path / "run",
        splits=tmp_path / "splits.json",
        normalize="none",
        epochs=2,
        tensorboard=False,
        **SMALL,
    )
    run = train(config)
    online = OnlineTrainer.create(2, CLASSES, normalize="none", **SMALL)
    for _ in range(2):
        online.reset()
        for start in range(0, STEPS, 8):
            online.partial_fit(FEATURES[start : start + 8], LABELS[start : start + 8])
    trained = OnlineTrainer.from_run(run)
    for one, other in zip(weights_of(online), weights_of(trained), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert online.optimizer.iterations == run.progress.updates == 8


@pytest.mark.slow
def test_a_long_piece_is_learned_as_the_chunks_it_holds() -> None:
    one, other = (OnlineTrainer.create(2, CLASSES, **SMALL) for _ in range(2))
    one.partial_fit(FEATURES, LABELS)
    for start in range(0, STEPS, 8):
        other.partial_fit(FEATURES[start : start + 8], LABELS[start : start + 8])
    for left, right in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.slow
def test_answering_disturbs_no_learning_and_learning_no_carry_of_answers() -> None:
    alone, mixed = (OnlineTrainer.create(2, CLASSES, **SMALL) for _ in range(2))
    for start in range(0, STEPS, 8):
        piece = slice(start, start + 8)
        mixed.predict(FEATURES[piece])
        alone.partial_fit(FEATURES[piece], LABELS[piece])
        mixed.partial_fit(FEATURES[piece], LABELS[piece])
    for left, right in zip(weights_of(alone), weights_of(mixed), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"dropout": 0.3}, id="features"),
        pytest.param({"inputs": "both", "cell": "gru"}, id="both", marks=pytest.mark.slow),
        pytest.param(
            {"task": "regression", "inputs": "labels"}, id="numbers", marks=pytest.mark.slow
        ),
    ],
)
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    regression = options.get("task") == "regression"
    targets = CHANCE.normal(size=(STEPS, 3)).astype("float32") if regression else LABELS
    moments = {"target_moments": ([0.5] * 3, [2.0] * 3)} if regression else {}
    if options.get("inputs") == "labels":
        options = {**options, "normalize": "none"}
    straight = OnlineTrainer.create(2, CLASSES, **moments, **{**SMALL, **options})
    stopped = OnlineTrainer.create(2, CLASSES, **moments, **{**SMALL, **options})
    for number, start in enumerate(range(0, STEPS, 5)):
        piece = slice(start, start + 5)
        answers = [online.predict(FEATURES[piece]) for online in (straight, stopped)]
        np.testing.assert_array_equal(*answers)
        logs = [
            online.partial_fit(FEATURES[piece], targets[piece]) for online in (straight, stopped)
        ]
        assert logs[0] == logs[1]
        if number in (1, 3):
            stopped.save(tmp_path / "saved")
            stopped = OnlineTrainer.load(tmp_path / "saved")
    for left, right in zip(weights_of(straight), weights_of(stopped), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.slow
def test_it_learns_what_a_run_has_not_seen(memory_task: tuple[Path, Path], tmp_path: Path) -> None:
    store, labels = memory_task
    config = TrainConfig(store, labels, tmp_path / "run", epochs=1, tensorboard=False, **SMALL)
    online = OnlineTrainer.from_run(train(config).path)
    answer = online.predict(FEATURES)
    first = online.partial_fit(FEATURES, np.zeros(STEPS, int))
    for _ in range(20):
        online.reset()
        last = online.partial_fit(FEATURES, np.zeros(STEPS, int))
    assert last["loss"] < first["loss"]
    online.reset()
    assert online.predict(FEATURES)[:, 0].mean() > answer[:, 0].mean()


@pytest.mark.slow
def test_predict_takes_the_folder_that_save_wrote(
    memory_task: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, labels = memory_task
    options = {"inputs": "both", "feed": "truth", "epochs": 1, "tensorboard": False}
    online = OnlineTrainer.from_run(
        train(TrainConfig(store, labels, tmp_path / "run", **options, **SMALL))
    )
    online.save(tmp_path / "saved")
    arguments = ["predict", tmp_path / "saved", store, "--out", tmp_path / "out"]
    monkeypatch.setattr("sys.argv", ["longtake", *map(str, arguments)])
    assert main() == 0
    # Nobody tells the labels of new videos, so both feed the model its own answers.
    with h5py.File(tmp_path / "out/predictions.h5") as file:
        features = FeatureStore(store).features("s03", 0, FeatureStore(store).info("s03").steps)
        expected = file["s03/probabilities"][()]
    np.testing.assert_allclose(online.predict(features), expected, atol=1e-5)


@pytest.mark.slow
def test_a_model_of_ones_own_learns_online_too() -> None:
    example = Path(__file__).parents[2] / "docs" / "examples" / "causal_convolution.py"
    online = OnlineTrainer.create(2, CLASSES, model=f"{example}:build", **SMALL)
    assert len(online.model.inputs) == 1 + 4 + 3
    assert online.partial_fit(FEATURES, LABELS)["loss"] > 0


@pytest.mark.parametrize(
    ("features", "targets", "reason"),
    [
        (np.zeros((3, 5)), np.zeros(3, int), r"shape \[3, 5\]; expected \[n, 2\]"),
        (np.zeros((0, 2)), np.zeros(0, int), "n at least 1"),
        (np.full((3, 2), np.nan), np.zeros(3, int), "NaN"),
        (np.zeros((3, 2)), np.zeros(4, int), r"shape \[4\] for 3 steps; expected \[3\]"),
        (np.zeros((3, 2)), np.array([0, 1, 3]), "from 0 to 3; expected -1 for no label"),
    ],
)
def test_what_does_not_fit_is_refused(features: Any, targets: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        ONLINE.partial_fit(features, targets)


def test_what_cannot_be_known_before_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is known of the data yet"):
        OnlineTrainer.create(2, CLASSES, normalize="train")
    with pytest.raises(InputError, match=r"burn_in=3 means nothing to an OnlineTrainer"):
        OnlineTrainer.create(2, CLASSES, burn_in=3)
    with pytest.raises(InputError, match="a stream has no windows"):
        OnlineTrainer.create(2, CLASSES, state="reset")
    numbers = OnlineTrainer.create(2, ["y"], task="regression", **SMALL)
    before = weights_of(numbers)
    with pytest.raises(InputError, match="targets hold infinity"):
        numbers.partial_fit(np.zeros((2, 2)), np.array([[1.0], [np.inf]]))
    for one, other in zip(before, weights_of(numbers), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="labels of steps that have not come"):
        OnlineTrainer.create(2, CLASSES, inputs="both", horizon=2)
    with pytest.raises(InputError, match="a stream comes forward in time"):
        OnlineTrainer.create(2, CLASSES, direction="backward")
    with pytest.raises(InputError, match="is no run"):
        OnlineTrainer.load(tmp_path)
    ONLINE.save(tmp_path)
    (tmp_path / "online.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"online\.npz cannot be read"):
        OnlineTrainer.load(tmp_path)
