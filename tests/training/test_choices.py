"""Everything that training can be asked for does what it says, and what contradicts is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals, write_numbers
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.plan.epochs import training_plan
from trainer.run.folder import Run
from trainer.step.optimizers import learning_rate, make_optimizer
from trainer.task import Classification
from trainer.training.command import train
from trainer.training.data import load_data

Task = tuple[Path, Path]


def config_for(data: Task, run: Path, **options: Any) -> TrainConfig:
    store, labels = data
    small: dict[str, Any] = {"units": 8, "chunk_length": 8, "lanes": 4, "epochs": 2}
    small |= {"tensorboard": False, "learning_rate": 0.02, "decoder": "none"}
    small |= {"layers": 1, "normalize": "train", "dropout": 0.2}
    return TrainConfig(store, labels, run, **{**small, **options})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"stride": 4}, "--stride 4 with --state carry: .*shuffled windows; give --state reset"),
        ({"state": "reset", "stride": 9}, "--stride 9 is more than the 8 steps"),
        ({"state": "reset", "burn_in": 8}, "no step would have a loss"),
        ({"state": "reset", "gradient": "full"}, "--gradient full with --state reset"),
        ({"gradient": "full", "random_phase": True}, "no chunk edges to move"),
        ({"random_phase": True, "chunk_length": 1}, "nowhere to move their edges"),
        ({"outputs": "sequence", "horizon": 2}, "nothing comes after the last step"),
        ({"outputs": "sequence", "inputs": "both"}, "labels as inputs would give the answer away"),
        ({"outputs": "sequence", "burn_in": 2}, "only the last step has a loss anyway"),
        ({"feed": "truth"}, "no labels are fed"),
        ({"inputs": "labels", "normalize": "running"}, "no features to normalise"),
        ({"task": "regression", "class_weights": ("balanced",)}, "numbers have no classes"),
        ({"task": "regression", "smooth": 0.1}, "numbers have no log-probabilities to smooth"),
        ({"outputs": "sequence", "smooth": 0.1}, "no answer stands beside it"),
        ({"smooth": -0.1}, "--smooth -0.1: expected 0 or more"),
        ({"smooth": float("nan")}, "--smooth nan: expected 0 or more"),
        ({"accumulate": 0}, "--accumulate 0: expected at least 1"),
        ({"horizon": -10_001}, "--horizon -10001: expected -10000 or more"),
        ({"horizon": -1, "inputs": "both"}, "the label that is asked for would be among the in"),
        ({"horizon": -1, "outputs": "sequence"}, "has seen all of the sequence already; give"),
        ({"horizon": 1, "direction": "backward"}, "what lies ahead in time has been seen"),
        ({"checkpoint_minutes": 0.0}, "--checkpoint-minutes 0.0: expected more than 0"),
    ],
)
def test_what_contradicts_is_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        config_for((Path(), Path()), Path(), **options)


@pytest.fixture
def echo_task(tmp_path: Path) -> Task:
    """The label of a step is the sign of the feature two steps before."""
    generator = np.random.default_rng(2)
    rows = []
    for number in range(20):
        signs = generator.integers(0, 2, 40)
        write_sequence(tmp_path / "echo", f"s{number:02d}", (2.0 * signs - 1)[:, None])
        for step in range(2, 40):
            label = ("minus", "plus")[signs[step - 2]]
            rows.append((f"s{number:02d}", step / FPS, (step + 1) / FPS, label))
    write_intervals(tmp_path / "echo.csv", rows)
    return tmp_path / "echo", tmp_path / "echo.csv"


def accuracy_of(run: Run, **options: Any) -> float:
    return float(evaluate(EvaluateConfig(run.path, "validation", **options))["accuracy"])


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_either_cell_learns_an_echo(echo_task: Task, tmp_path: Path, cell: Any) -> None:
    config = config_for(echo_task, tmp_path / "run", cell=cell, epochs=15, dropout=0.0)
    assert accuracy_of(train(config)) > 0.95


@pytest.mark.slow
def test_a_horizon_asks_for_what_comes_later(echo_task: Task, tmp_path: Path) -> None:
    """Two steps ahead of an echo of two steps, the label is the sign of the step itself."""
    ahead = config_for(echo_task, tmp_path / "two", horizon=2, epochs=6, dropout=0.0)
    assert accuracy_of(train(ahead)) > 0.99
    too_far = config_for(echo_task, tmp_path / "three", horizon=3, epochs=6, dropout=0.0)
    assert accuracy_of(train(too_far)) < 0.65
    with h5py.File(tmp_path / "two/evaluation/validation/predictions.h5") as file:
        assert file.attrs["horizon"] == 2
        name = next(iter(file))
        assert file[name]["true"][()].tolist()[-2:] == [-1, -1]


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_late_answer_has_seen_what_comes_after(tmp_path: Path, direction: Any) -> None:
    """The label of a step is the sign of the feature two steps further on its way."""
    generator = np.random.default_rng(2)
    (tmp_path / "labels").mkdir()
    for number in range(20):
        signs = generator.integers(0, 2, 40)
        write_sequence(tmp_path / "store", f"s{number:02d}", (2.0 * signs - 1)[:, None])
        told = np.roll(signs, 2 if direction == "backward" else -2)
        names = "".join(f"{('minus', 'plus')[sign]}\n" for sign in told)
        (tmp_path / "labels" / f"s{number:02d}.txt").write_text(names)
    data = (tmp_path / "store", tmp_path / "labels")
    found = []
    for horizon in (-2, -1):
        run = tmp_path / str(horizon)
        options = {"horizon": horizon, "direction": direction, "epochs": 6, "dropout": 0.0}
        found.append(accuracy_of(train(config_for(data, run, **options))))
    # Of the last two steps of each, the label is that of others.
    assert found[0] > 0.95
    assert found[1] < 0.65


def test_a_burn_in_that_leaves_nothing_to_learn_is_refused(echo_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has a label after a burn-in of 1000 steps"):
        train(config_for(echo_task, tmp_path / "run", burn_in=1000))


def test_before_a_sequence_the_model_sees_the_mean_step(
    counting_task: Task, tmp_path: Path
) -> None:
    """Not zeros, which may be far from anything that it has ever seen."""
    store, labels = counting_task
    generator = np.random.default_rng(0)
    for name in FeatureStore(store).ids():
        write_sequence(store, name, 100 + generator.normal(size=(30, 2)))
    run = train(config_for(counting_task, tmp_path / "run", inputs="both", epochs=1))
    data = load_data(run.config)
    batch = next(
        data.train.with_layout(run.layout).batches(training_plan(run.config, [30] * 11, 1, 0))
    )
    np.testing.assert_allclose(batch.features[0, 0], 100, atol=1)
    assert labels.exists()


@pytest.mark.slow
def test_a_chunk_may_be_one_step(echo_task: Task, tmp_path: Path) -> None:
    """One to one, the gradient ends at the step; the carry alone still helps."""
    config = config_for(echo_task, tmp_path / "run", chunk_length=1, epochs=2, dropout=0.0)
    run = train(config)
    assert len(run.history) == 2
    assert evaluate(EvaluateConfig(run.path, "validation"))["steps"] > 0


@pytest.fixture
def counting_task(tmp_path: Path) -> Task:
    """Labels a b c a b c ... whatever the features."""
    generator = np.random.default_rng(3)
    rows = []
    for number in range(16):
        write_sequence(tmp_path / "abc", f"s{number:02d}", generator.normal(size=(30, 2)))
        rows += [
            (f"s{number:02d}", step / FPS, (step + 1) / FPS, "abc"[(step + number) % 3])
            for step in range(30)
        ]
    write_intervals(tmp_path / "abc.csv", rows)
    return tmp_path / "abc", tmp_path / "abc.csv"


@pytest.mark.slow
@pytest.mark.parametrize("inputs", ["labels", "both"])
def test_labels_as_inputs_tell_what_comes_next(
    counting_task: Task, tmp_path: Path, inputs: Any
) -> None:
    """Taught the true labels, all but the first step; fed its own, it goes on from its guess."""
    options = {"inputs": inputs, "epochs": 12, "dropout": 0.0, "split_seed": 1}
    run = train(config_for(counting_task, tmp_path / "run", **options))
    assert accuracy_of(run, feed="truth") > 0.95
    accuracy_of(run, feed="predictions")
    with h5py.File(run.evaluation_path("validation") / "predictions.h5") as file:
        for group in file.values():
            predicted = group["predicted"][()]
            followed = (predicted[1:] - predicted[:-1]) % 3 == 1
            assert followed.mean() > 0.9


@pytest.mark.slow
def test_validation_feeds_as_it_was_asked_to(counting_task: Task, tmp_path: Path) -> None:
    options = {"inputs": "labels", "epochs": 10, "dropout": 0.0}
    losses = {
        feed: float(
            train(config_for(counting_task, tmp_path / feed, feed=feed, **options)).history[-1][
                "val_loss"
            ]
        )
        for feed in ("truth", "predictions")
    }
    assert losses["truth"] < losses["predictions"] / 2


@pytest.mark.slow
def test_several_labels_a_step_are_learned(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    rows = []
    for number in range(16):
        signs = generator.integers(0, 2, (30, 2))
        write_sequence(tmp_path / "store", f"s{number:02d}", 2.0 * signs - 1)
        rows += [
            (f"s{number:02d}", step / FPS, (step + 1) / FPS, name)
            for step in range(30)
            for place, name in enumerate(("hook", "knife"))
            if signs[step, place]
        ]
    write_intervals(tmp_path / "labels.csv", rows)
    task = tmp_path / "store", tmp_path / "labels.csv"
    config = config_for(
        task, tmp_path / "run", task="multilabel", epochs=12, class_weights=("knife=2",)
    )
    metrics = evaluate(EvaluateConfig(train(config).path, "validation"))
    assert metrics["classes"] == ["hook", "knife"]
    assert metrics["map"] > 0.99
    assert metrics["accuracy"] > 0.95


@pytest.mark.slow
def test_numbers_are_learned_in_their_own_units(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    rows = []
    for number in range(16):
        x = generator.normal(size=(30, 1))
        write_sequence(tmp_path / "store", f"s{number:02d}", x)
        rows += [
            (f"s{number:02d}", step / FPS, 500 + 100 * x[step, 0], -x[step, 0] / 100)
            for step in range(30)
        ]
    write_numbers(tmp_path / "labels.csv", ("large", "small"), rows)
    task = tmp_path / "store", tmp_path / "labels.csv"
    config = config_for(task, tmp_path / "run", task="regression", epochs=25, dropout=0.0)
    run = train(config)
    metrics = evaluate(EvaluateConfig(run.path, "validation"))
    assert metrics["r2"] > 0.95
    assert metrics["per_column"]["large"]["mae"] < 20
    assert metrics["per_column"]["small"]["mae"] < 0.002
    assert float(run.history[-1]["val_mae"]) == pytest.approx(metrics["mae"], rel=1e-3)


@pytest.mark.slow
def test_windows_of_a_stateless_run_know_nothing_of_what_came_before(
    echo_task: Task, tmp_path: Path
) -> None:
    options = {"state": "reset", "chunk_length": 3, "epochs": 8, "dropout": 0.0}
    bare = train(config_for(echo_task, tmp_path / "bare", **options))
    warm = train(config_for(echo_task, tmp_path / "warm", burn_in=2, **options))
    assert accuracy_of(bare) < 0.8  # of three steps, one can know
    assert accuracy_of(warm) > 0.95


@pytest.mark.slow
def test_overlapping_windows_are_more_updates(echo_task: Task, tmp_path: Path) -> None:
    options = {"state": "reset", "epochs": 1}
    one = train(config_for(echo_task, tmp_path / "one", **options))
    many = train(config_for(echo_task, tmp_path / "many", stride=2, **options))
    # 40 steps hold 5 windows of 8 that follow each other, and 17 that begin every 2 steps.
    assert one.progress.updates == -(-14 * 5 // 4)
    assert many.progress.updates == -(-14 * 17 // 4)


def test_balanced_weights_make_classes_weigh_alike_and_steps_count_once(tmp_path: Path) -> None:
    rows = []
    for number in range(4):
        write_sequence(tmp_path / "store", f"s{number}", np.zeros((40, 1)))
        rows += [(f"s{number}", 0.0, 1.0, "rare"), (f"s{number}", 1.0, 10.0, "common")]
    write_intervals(tmp_path / "labels.csv", rows)
    task = tmp_path / "store", tmp_path / "labels.csv"
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["s0", "s1"], "validation": ["s2", "s3"]}))
    config = config_for(task, tmp_path / "run", splits=splits, class_weights=("balanced",), lanes=2)
    data = load_data(config)
    assert data.facts.classes == ("common", "rare")
    np.testing.assert_allclose(data.train.class_weights, [40 / (2 * 36), 40 / (2 * 4)])
    assert data.validation.class_weights is None
    named = load_data(replace(config, class_weights=("rare=3",)))
    assert named.train.class_weights.tolist() == [1, 3]
    for wrong, reason in (
        (("rare=0",), "expected a weight above 0"),
        (("rare=x",), "expected a weight above 0, not 'x'"),
        (("seldom=2",), "with a name of common, rare"),
    ):
        with pytest.raises(InputError, match=reason):
            load_data(replace(config, class_weights=wrong))


def test_accumulated_batches_make_one_update(echo_task: Task, tmp_path: Path) -> None:
    one = train(config_for(echo_task, tmp_path / "one", epochs=1))
    three = train(config_for(echo_task, tmp_path / "three", epochs=1, accumulate=3))
    assert three.progress.updates == -(-one.progress.updates // 3)
    assert three.history[0]["utilisation"] == one.history[0]["utilisation"]


def rates(updates: list[int], **options: Any) -> list[float]:
    config = config_for((Path(), Path()), Path(), epochs=10, **{**options, "learning_rate": 0.1})
    return [learning_rate(config, update, 100) for update in updates]


def test_learning_rates_rise_and_fall_as_asked() -> None:
    assert rates([0, 50, 100]) == pytest.approx([0.1, 0.1, 0.1])
    assert rates([0, 50, 100, 150], schedule="cosine") == pytest.approx([0.1, 0.05, 0, 0], abs=1e-6)
    assert rates([0, 50, 100], schedule="exponential") == pytest.approx([0.1, 0.01, 0.001])
    assert rates([0, 4, 9, 100], warmup=10) == pytest.approx([0.01, 0.05, 0.1, 0.1])
    warm_cosine = rates([0, 9, 55, 100], warmup=10, schedule="cosine")
    assert warm_cosine == pytest.approx([0.01, 0.1, 0.05, 0], abs=1e-6)


@pytest.mark.parametrize(
    "options", [{"accumulate": 2}, pytest.param({"gradient": "full"}, marks=pytest.mark.slow)]
)
def test_a_schedule_reaches_its_end_with_the_last_update(
    echo_task: Task, tmp_path: Path, options: dict[str, Any]
) -> None:
    """Also where many batches ask nothing, and so change no weight."""
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(float(self.model.optimizer.learning_rate))

    config = config_for(echo_task, tmp_path / "run", schedule="cosine", epochs=3, **options)
    run = train(config, [Watch()])
    assert len(seen) == run.progress.updates
    assert seen == sorted(seen, reverse=True)
    assert seen[0] == pytest.approx(0.02)
    assert seen[-1] < 0.02 * 0.02


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_goes_downhill_and_takes_weights_away(name: Any) -> None:
    options = {"optimizer": name, "weight_decay": 0.5, "clip_norm": 0.25}
    optimizer = make_optimizer(config_for((Path(), Path()), Path(), **options))
    assert optimizer.global_clipnorm == 0.25
    weight = keras.Variable(1.0)
    optimizer.build([weight])
    optimizer.apply([keras.ops.convert_to_tensor(1.0)])
    downhill = float(weight)
    optimizer.apply([keras.ops.convert_to_tensor(0.0)])
    assert float(weight) < downhill < 1


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_has_the_defaults_of_keras(name: Any) -> None:
    made = make_optimizer(config_for((Path(), Path()), Path(), optimizer=name, learning_rate=0.5))
    assert made.weight_decay == keras.optimizers.get(name).weight_decay
    assert float(made.learning_rate) == 0.5


@pytest.mark.slow
def test_mixed_precision_learns_and_keeps_weights_and_carry_in_float32(
    echo_task: Task, tmp_path: Path
) -> None:
    options = {"precision": "mixed_bfloat16", "epochs": 15, "dropout": 0.0}
    config = config_for(echo_task, tmp_path / "run", **options)
    run = train(config)
    assert accuracy_of(run) > 0.95
    checkpoint = run.checkpoints.latest()
    kinds = {value.dtype.name for value in checkpoint.group("carry")}
    assert kinds == {"float32"}
    assert "float16" not in {value.dtype.name for value in checkpoint.group("variables")}


def test_the_model_has_the_layers_that_were_asked_for() -> None:
    config = config_for(
        (Path(), Path()), Path(), cell="gru", layers=3, layer_norm=True, learn_initial_state=True
    )
    model = build_model(config, Layout(Classification(("a", "b"))), 5, ())
    names = {layer.name for layer in model.layers}
    for number in range(3):
        assert {f"gru_{number}", f"layer_norm_{number}", f"initial_h_{number}"} <= names
    assert [tuple(x.shape[1:]) for x in model.inputs[1:]] == [(8,)] * 3 + [(1,)]


@pytest.mark.slow
def test_a_learned_beginning_moves(memory_task: Task, tmp_path: Path) -> None:
    run = train(config_for(memory_task, tmp_path / "run", learn_initial_state=True))
    model = keras.saving.load_model(run.model_path)
    assert np.abs(model.get_layer("initial_h_0").kernel.numpy()).max() > 0


@pytest.fixture
def distant_task(tmp_path: Path) -> Task:
    """The sign of the first step is asked for at the last one, in the tenth chunk of four steps."""
    generator = np.random.default_rng(6)
    rows = []
    for number in range(96):
        features = generator.normal(scale=0.01, size=(40, 2))
        sign = int(generator.integers(0, 2))
        features[0, 0] = 4 * sign - 2
        write_sequence(tmp_path / "far", f"s{number:02d}", features)
        rows.append(f"s{number:02d},{('minus', 'plus')[sign]}")
    (tmp_path / "far.csv").write_text("\n".join(["sequence,label", *rows]))
    return tmp_path / "far", tmp_path / "far.csv"


@pytest.mark.slow
def test_what_was_seen_ten_chunks_before_the_answer_is_learned_by_full_gradients_only(
    distant_task: Task, tmp_path: Path
) -> None:
    accuracy = {}
    for gradient in ("truncated", "full"):
        config = config_for(
            distant_task,
            tmp_path / gradient,
            gradient=gradient,
            outputs="sequence",
            normalize="none",
            chunk_length=4,
            units=32,
            lanes=8,
            learning_rate=0.01,
            epochs=12,
            patience=12,
            dropout=0.0,
        )
        accuracy[gradient] = evaluate(EvaluateConfig(train(config).path, "all"))["accuracy"]
    assert accuracy["full"] > 0.95
    assert accuracy["truncated"] < 0.75


def test_a_finished_run_is_continued_on_new_videos(
    memory_task: Task, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    base = train(config_for(memory_task, tmp_path / "base", cell="gru", normalize="running"))
    store, labels = memory_task
    for number in range(4):
        features = np.zeros((20, 2))
        features[0, 0] = 4 * (number % 2) - 2
        write_sequence(tmp_path / "new", f"n{number}", features)
    label_of = [("minus", "plus")[number % 2] for number in range(4)]
    write_intervals(tmp_path / "new.csv", [(f"n{n}", 0, 5, label_of[n]) for n in range(4)])
    task = tmp_path / "new", tmp_path / "new.csv"
    options = {"continue_from": base.path, "lanes": 2, "learning_rate": 1e-9, "epochs": 1}
    options |= {"normalize": TrainConfig.normalize}
    run = train(config_for(task, tmp_path / "more", **options))
    assert "--cell gru, as in" in capfd.readouterr().err
    assert (run.config.cell, run.config.normalize) == ("gru", "running")
    models = [keras.saving.load_model(path.model_path).get_weights() for path in (base, run)]
    for one, other in zip(*models, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert set(run.splits.train) <= {"n0", "n1", "n2", "n3"}
    for other, reason in (
        ({"units": 9}, "--units 9, but the model of .* was made with 8"),
        ({"continue_from": tmp_path / "other"}, "--continue-from .* is --run itself"),
    ):
        if "continue_from" in other:
            train(config_for(memory_task, tmp_path / "other", epochs=1))
        with pytest.raises(InputError, match=reason):
            train(config_for(task, tmp_path / "other", **{**options, **other}))
    labels_of_strangers = (tmp_path / "new.csv").read_text().replace("minus", "zero")
    (tmp_path / "new.csv").write_text(labels_of_strangers)
    with pytest.raises(InputError, match="'zero', which the model was not trained on"):
        train(config_for(task, tmp_path / "strange", **options))
    assert FeatureStore(store).ids()
    assert labels.exists()


@pytest.mark.slow
def test_a_report_says_what_stood_for_past_labels(counting_task: Task, tmp_path: Path) -> None:
    run = train(config_for(counting_task, tmp_path / "run", inputs="labels", epochs=1))
    for feed, words in (("truth", "the true ones"), ("predictions", "its own predictions")):
        metrics = evaluate(EvaluateConfig(run.path, "validation", feed=feed))
        assert (metrics["inputs"], metrics["feed"]) == ("labels", feed)
        page = (run.evaluation_path("validation") / "report.html").read_text()
        assert f"Past labels were {words}." in page
        assert "--inputs labels" in page
