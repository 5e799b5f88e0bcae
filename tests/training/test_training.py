import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from made_stores import write_memory_task, write_sequence

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.model_file import load_model, save_model
from trainer.model.temperature import uncalibrated
from trainer.plan.lanes import lane_plan
from trainer.run.folder import Run, load_run
from trainer.task import Classification
from trainer.training.command import train
from trainer.training.data import load_data

Task = tuple[Path, Path]


def config_for(task: Task, run: Path, **options) -> TrainConfig:
    store, labels = task
    small: dict[str, Any] = {"units": 8, "chunk_length": 8, "lanes": 4, "epochs": 3}
    small |= {"tensorboard": False, "learning_rate": 0.02, "decoder": "none"}
    small |= {"layers": 1, "normalize": "train", "dropout": 0.2}
    return TrainConfig(store, labels, run, **{**small, **options})


def weights_of(run: Run) -> list[np.ndarray]:
    """All that the last checkpoint holds of model and optimizer."""
    return run.checkpoints.latest().group("variables")


@pytest.mark.slow
def test_what_was_seen_in_the_first_chunk_is_known_in_the_last_only_with_the_carry(
    memory_task: Task, tmp_path: Path
) -> None:
    accuracy = {}
    for state in ("carry", "reset"):
        config = config_for(memory_task, tmp_path / state, state=state, epochs=40, dropout=0.0)
        train(config)
        accuracy[state] = evaluate(EvaluateConfig(tmp_path / state, "all"))["accuracy"]
    assert accuracy["carry"] > 0.95
    assert accuracy["reset"] < 0.8


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of three epochs, which tests leave as it is."""
    folder = tmp_path_factory.mktemp("finished")
    options = {"tensorboard": True, "layers": 2, "dropout": 0.5}
    train(config_for(write_memory_task(folder), folder / "run", **options))
    return load_run(folder / "run")


def test_a_run_holds_what_the_contract_names(finished: Run) -> None:
    run = finished
    names = {path.name for path in run.path.iterdir()}
    assert names >= {"config.yaml", "splits.json", "history.csv", "model.keras", "checkpoints"}
    assert list(run.logs_path.rglob("events.out.tfevents.*"))
    with run.history_path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    columns = {"loss", "accuracy", "val_loss", "val_accuracy", "utilisation", "frames_per_second"}
    assert columns <= set(rows[0])
    assert 0 < float(rows[0]["utilisation"]) <= 1
    task = run.path.parent / "task", run.path.parent / "task.csv"
    options = {"tensorboard": True, "layers": 2, "dropout": 0.5}
    assert run.config == config_for(task, run.path, **options)


def test_a_finished_run_is_left_as_it_is(finished: Run) -> None:
    before = finished.model_path.stat().st_mtime_ns
    assert train(finished.config).model_path.stat().st_mtime_ns == before


def test_other_options_for_a_run_that_exists_are_refused(finished: Run) -> None:
    with pytest.raises(InputError, match="begun with units 8, not 9"):
        train(replace(finished.config, units=9))


def test_the_validation_pass_changes_nothing_in_training(memory_task: Task, tmp_path: Path) -> None:
    names = [f"s{number:02d}" for number in range(16)]
    weights = []
    for part in ([], names[12:]):
        splits = tmp_path / f"splits{len(part)}.json"
        splits.write_text(json.dumps({"train": names[:12], "validation": part}))
        run = train(config_for(memory_task, tmp_path / f"run{len(part)}", splits=splits))
        weights.append(weights_of(run))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_stops_when_validation_gets_no_better_and_the_best_model_is_saved(
    memory_task: Task, tmp_path: Path
) -> None:
    seen = []

    class Remember(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((logs["val_loss"], self.model.get_weights()))

    config = config_for(memory_task, tmp_path / "run", epochs=60, patience=2, learning_rate=0.5)
    run = train(config, callbacks=[Remember()])
    losses = [float(row["val_loss"]) for row in run.history]
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 2 < 60
    assert run.progress.best_epoch == best
    assert best - 1 == min(range(len(seen)), key=lambda epoch: seen[epoch][0])
    kept = keras.saving.load_model(run.model_path).get_weights()
    for one, other in zip(kept, seen[best - 1][1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_validation_the_last_weights_are_kept(memory_task: Task, tmp_path: Path) -> None:
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["s00", "s01"], "test": ["s02"]}))
    config = config_for(memory_task, tmp_path / "run", splits=splits, lanes=2, patience=1)
    watch = keras.callbacks.LambdaCallback()
    run = train(config, callbacks=[watch])
    assert len(run.history) == config.epochs
    kept = keras.saving.load_model(run.model_path).get_weights()
    for one, other in zip(kept, watch.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_keras_callbacks_are_called_and_can_stop_training(
    memory_task: Task, tmp_path: Path
) -> None:
    class Watch(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.batches = 0

        def on_train_batch_end(self, batch, logs=None):
            assert logs["loss"] > 0
            self.batches += 1

        def on_epoch_end(self, epoch, logs=None):
            assert {"loss", "accuracy", "val_loss", "val_accuracy", "utilisation"} <= set(logs)
            self.model.stop_training = epoch == 1

    watch = Watch()
    config = config_for(memory_task, tmp_path / "run", epochs=9, clip_norm=0.25)
    run = train(config, callbacks=[watch])
    assert len(run.history) == 2
    assert watch.batches > 2
    # Of all gradients together.
    assert watch.model.optimizer.global_clipnorm == 0.25


@pytest.mark.slow
def test_the_saved_model_opens_where_longtake_is_not_installed(
    finished: Run, tmp_path: Path
) -> None:
    code = (
        "import sys, keras, numpy as np;"
        f"model = keras.saving.load_model({str(finished.model_path)!r});"
        "states = [np.zeros((3, *x.shape[1:]), 'float32') for x in model.inputs[1:]];"
        "p, *carry = model.predict([np.zeros((3, 5, 2), 'float32'), *states], verbose=0);"
        "assert p.shape == (3, 5, 2) and len(carry) == 4;"
        "assert not {'trainer', 'preprocessing'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True, cwd=tmp_path)


def test_one_answer_a_sequence_is_learned_and_evaluated(memory_task: Task, tmp_path: Path) -> None:
    store, _ = memory_task
    labels = tmp_path / "sequences.csv"
    names = [f"s{number:02d}" for number in range(16)]
    rows = [f"{name},{('minus', 'plus')[number % 2]}" for number, name in enumerate(names)]
    labels.write_text("\n".join(["sequence,label", *rows]))
    config = config_for(
        (store, labels), tmp_path / "run", outputs="sequence", epochs=2, chunk_length=64
    )
    run = train(config)
    metrics = evaluate(EvaluateConfig(run.path, "all"))
    assert metrics["steps"] == metrics["sequences"] == 16
    assert metrics["edit"] is None
    with h5py.File(run.evaluation_path("all") / "predictions.h5") as file:
        assert file["s00/probabilities"].shape == (1, 2)


def test_dropout_and_normalisation_leave_the_model_one_of_stock_layers(finished: Run) -> None:
    model = keras.saving.load_model(finished.model_path)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert "normalize" in {layer.name for layer in model.layers}


def test_test_sequences_change_nothing_in_training(memory_task: Task, tmp_path: Path) -> None:
    store, _ = memory_task
    names = [f"s{number:02d}" for number in range(16)]
    splits = tmp_path / "splits.json"
    parts = {"train": names[:10], "validation": names[10:13], "test": names[13:]}
    splits.write_text(json.dumps(parts))
    before = train(config_for(memory_task, tmp_path / "before", splits=splits))
    for name in parts["test"]:
        write_sequence(store, name, np.full((FeatureStore(store).info(name).steps, 2), 7.0))
    after = train(config_for(memory_task, tmp_path / "after", splits=splits))
    for one, other in zip(weights_of(before), weights_of(after), strict=True):
        np.testing.assert_array_equal(one, other)
    for value in ("loss", "val_loss", "val_accuracy"):
        assert [row[value] for row in before.history] == [row[value] for row in after.history]


def test_the_model_normalises_by_the_training_split_alone(finished: Run) -> None:
    store = FeatureStore(finished.config.store)
    values = np.concatenate(
        [store.features(name, 0, store.info(name).steps) for name in finished.splits.train]
    )
    normalize = keras.saving.load_model(finished.model_path).get_layer("normalize")
    np.testing.assert_allclose(np.ravel(normalize.mean), values.mean(0), rtol=1e-4)
    np.testing.assert_allclose(np.ravel(normalize.variance), values.var(0), rtol=1e-4)


def test_validation_loss_is_the_mean_over_labelled_steps(memory_task: Task, tmp_path: Path) -> None:
    config = config_for(memory_task, tmp_path / "run", epochs=1, ignore_label=("nothing",))
    store, labels = memory_task
    text = labels.read_text().replace(",0.0,", ",2.0,")  # the first two seconds have no label
    labels.write_text(text)
    run = train(config)
    # While it was trained, the model had no temperature.
    save_model(uncalibrated(load_model(run.model_path)), run.model_path)
    metrics = evaluate(EvaluateConfig(run.path, "validation"))
    losses, hits = [], []
    with h5py.File(run.evaluation_path("validation") / "predictions.h5") as file:
        for name in run.splits.validation:
            true = np.array(
                [-1] * 8 + [int(name[1:]) % 2] * (FeatureStore(store).info(name).steps - 8)
            )
            np.testing.assert_array_equal(file[name]["true"], true)
            chosen = file[name]["probabilities"][()][np.arange(8, len(true)), true[8:]]
            losses += (-np.log(chosen)).tolist()
            hits += (file[name]["predicted"][8:] == true[8:]).tolist()
    assert float(run.history[0]["val_loss"]) == pytest.approx(np.mean(losses), rel=1e-4)
    assert float(run.history[0]["val_accuracy"]) == pytest.approx(np.mean(hits))
    assert metrics["accuracy"] == pytest.approx(np.mean(hits))


def test_every_epoch_begins_the_sequences_in_another_order(
    memory_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = []

    def spy(lengths, queues, chunk_lengths, burn_in):
        hands = [list(queue) for queue in queues]
        orders.append(tuple(map(tuple, hands)))
        return lane_plan(lengths, [iter(hand) for hand in hands], chunk_lengths, burn_in)

    monkeypatch.setattr("trainer.plan.epochs.lane_plan", spy)
    train(config_for(memory_task, tmp_path / "run", epochs=3))
    assert len(set(orders)) == 3


def test_a_split_without_a_label_is_refused_instead_of_counting_as_perfect(
    memory_task: Task, tmp_path: Path
) -> None:
    _, labels = memory_task
    labels.write_text(labels.read_text().replace("plus", "nothing"))
    names = [f"s{number:02d}" for number in range(16)]
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": names[0::2], "validation": names[1::2]}))
    config = config_for(memory_task, tmp_path / "run", splits=splits, ignore_label=("nothing",))
    with pytest.raises(InputError, match="no step of a sequence in the validation split"):
        train(config)
    with pytest.raises(InputError, match="no last step of a sequence in the validation split"):
        train(replace(config, outputs="sequence"))


def test_dropout_layers_of_equal_width_drop_different_units() -> None:
    config = TrainConfig(Path("s"), Path("l"), Path("r"), layers=3, units=64, dropout=0.5)
    model = build_model(config, Layout(Classification(("a", "b"))), 64, ())
    drops = [layer for layer in model.layers if layer.name.startswith("drop_")]
    masks = [np.asarray(layer(np.ones((1, 1, 64), "float32"), training=True)) for layer in drops]
    assert len({mask.tobytes() for mask in masks}) == len(drops) == 4


def test_hardly_any_labels_is_said(make_store, tmp_path, capsys):
    store = make_store([1000, 1000, 1000, 1000])
    labels = tmp_path / "labels.csv"
    rows = [f"s{number},{start},{start + 4},{name}" for number in range(4)
            for start, name in ((0, "a"), (4, "b"))]  # fmt: skip
    labels.write_text("sequence,start,end,label\n" + "\n".join(rows) + "\n")
    load_data(TrainConfig(store.root, labels, tmp_path / "run"))
    assert "3.2% of the time for training has a label (16 of 500 s)" in capsys.readouterr().err
