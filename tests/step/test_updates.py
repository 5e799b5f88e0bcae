"""Several batches are read at once and go through one call, and nobody can tell from the result."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_stores import MadeStore, write_memory_task

from preprocessing.errors import InputError, Stopped
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches import sequence_set as batches_module
from trainer.batches.chunk_batch import ChunkBatches
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.plan.lanes import fixed_lengths, lane_plan, shared, varied_lengths
from trainer.plan.lineup import Lineup
from trainer.plan.windows import Windows, window_plan
from trainer.run.folder import Run
from trainer.step.optimizers import make_optimizer, optimizer_variables
from trainer.step.train_step import TrainStep
from trainer.task import Classification
from trainer.training.advance import Advance
from trainer.training.command import train
from trainer.training.truncated import truncated_updates

import_tensorflow()
import keras  # noqa: E402

LENGTHS = [23, 4, 11, 8, 1, 17]
CONFIG = TrainConfig(Path(), Path(), Path(), units=4, layers=1, dropout=0.3)
INPUTS = ("features", "labels", "both")
Task = tuple[Path, Path]


@pytest.fixture
def labelled(make_store: MadeStore, tmp_path: Path) -> Callable[..., SequenceSet]:
    """Makes a set of labelled sequences, some steps of which have no label."""
    store = make_store(LENGTHS)
    rows = [(f"s{n}", 0.0, 0.6 * steps / 4, "ab"[n % 2]) for n, steps in enumerate(LENGTHS)]
    write_intervals(tmp_path / "labels.csv", rows)

    def make(**options: Any) -> SequenceSet:
        labels = read_labels(LabelOptions(tmp_path / "labels.csv"), store)
        layout = Layout(Classification(tuple(labels.classes)), **options)
        infos = [store.info(sequence_id) for sequence_id in store.ids()]
        return SequenceSet(store, infos, labels, layout)

    return make


def plan_of(
    lanes: int,
    chunk_length: int,
    varied: bool = False,
    burn_in: int = 0,
    steps: Sequence[int] = LENGTHS,
) -> list[Lineup]:
    lengths = varied_lengths(chunk_length, "x") if varied else fixed_lengths(chunk_length)
    return list(lane_plan(steps, shared(range(len(steps)), lanes), lengths, burn_in))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # Nothing changes the store.
)
@given(
    lanes=st.integers(1, 4),
    chunk_length=st.integers(1, 9),
    at_once=st.integers(2, 6),
    varied=st.booleans(),
    burn_in=st.integers(0, 9),
    inputs=st.sampled_from(INPUTS),
    outputs=st.sampled_from(["frame", "sequence"]),
    horizon=st.integers(-3, 3),
    windows=st.booleans(),
)
def test_what_is_read_at_once_is_what_is_read_batch_by_batch(
    lanes: int,
    chunk_length: int,
    at_once: int,
    varied: bool,
    burn_in: int,
    inputs: str,
    outputs: str,
    horizon: int,
    windows: bool,
    labelled: Callable[..., SequenceSet],
) -> None:
    late = horizon < 0 and (inputs, outputs) == ("features", "frame")
    data = labelled(inputs=inputs, outputs=outputs, horizon=horizon if late else abs(horizon))
    plan = plan_of(lanes, chunk_length, varied, burn_in, data.lengths)
    if windows:
        each = Windows(chunk_length, max(1, chunk_length // 2), min(burn_in, chunk_length // 2))
        plan = list(window_plan(data.lengths, lanes, each, "x"))
    kept = batches_module.BATCHES_AT_ONCE
    try:
        batches_module.BATCHES_AT_ONCE = at_once
        several = list(data.read(plan))
        batches_module.BATCHES_AT_ONCE = 1
        single = list(data.batches(plan))
    finally:
        batches_module.BATCHES_AT_ONCE = kept
    together = [batch for some in several for batch in some]
    assert [batch.chunks for batch in together] == [lineup.chunks for lineup in plan]
    for one, other in zip(together, single, strict=True):
        for name in ("features", "past", "targets", "weights", "reset"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    shapes = {(some.features.shape, some.reset.shape) for some in several}
    assert len(shapes) <= len({lineup.chunk_length for lineup in plan})


def test_a_lane_reads_a_stretch_of_chunks_by_one_call(
    labelled: Callable[..., SequenceSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, read = labelled(), []
    features = FeatureStore.features

    def spy(self: FeatureStore, sequence_id: str, start: int, stop: int) -> Any:
        read.append((sequence_id, start, stop))
        return features(self, sequence_id, start, stop)

    monkeypatch.setattr(FeatureStore, "features", spy)
    (_,) = data.read(plan_of(2, 5))
    assert sorted(read) == [(f"s{n}", 0, steps) for n, steps in enumerate(LENGTHS)]


def a_step(data: SequenceSet, **options: Any) -> TrainStep:
    config = replace(CONFIG, **options)
    keras.utils.set_random_seed(5)
    model = build_model(config, data.layout, 3, ())
    return TrainStep(model, make_optimizer(config), data.layout.task)


def values(step: TrainStep) -> list[np.ndarray]:
    return [v.numpy() for v in (*step.model.variables, *optimizer_variables(step.optimizer))]


@pytest.mark.parametrize(
    ("rated", "options"),
    [
        pytest.param(False, {}, marks=pytest.mark.slow),
        (True, {}),
        pytest.param(False, {"precision": "mixed_float16"}, marks=pytest.mark.slow),
    ],
)
def test_updates_in_one_call_are_those_of_several_bit_for_bit(
    labelled: Callable[..., SequenceSet], rated: bool, options: dict[str, Any]
) -> None:
    data = labelled()
    (batches,) = data.read(plan_of(2, 5)[:5])
    rates = np.linspace(0.01, 0.001, 16).astype("float32") if rated else None
    found = []
    for calls in ([(0, 5)], [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], [(0, 2), (2, 5)]):
        step, sums = a_step(data, **options), np.zeros((16, 4))
        loaded, carry = step.load(batches), step.initial_carry(2)
        for first, stop in calls:
            rows, carry = step.update_many(loaded, first, stop, carry, rates)
            assert not np.delete(rows.numpy(), range(first, stop), 0).any()
            sums += rows.numpy()
        assert step.traces == {"update_many": 1}
        found.append([sums, *map(np.asarray, carry), *values(step)])
    for other in found[1:]:
        for left, right in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_batch_that_asks_for_nothing_lies_between_two_calls(
    labelled: Callable[..., SequenceSet],
) -> None:
    """A lane whose labels end early: its last chunks only move the carry."""
    data = labelled()
    plan = list(lane_plan([23], shared([0], 1), fixed_lengths(5)))
    asked = [bool(batch.weights.any()) for batch in data.batches(plan)]
    assert asked == [True, True, True, False, False]
    begun: list[int] = []
    step = a_step(data)
    some: list[Advance] = list(
        truncated_updates(step, data, plan, step.initial_carry(1), lambda: 99, begun.append)
    )
    assert begun == [3, 1, 1] == [advance.items for advance in some]
    assert int(step.optimizer.iterations.numpy()) == 3


class Counting(keras.callbacks.Callback):
    """Wants to be called for each update."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.ended: list[int] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.begun.append(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended.append(batch)


def trained(task: Task, run: Path, *callbacks: Any, **options: Any) -> Run:
    store, labels = task
    small: dict[str, Any] = {"units": 6, "chunk_length": 5, "lanes": 3, "epochs": 2}
    small |= {"tensorboard": False, "decoder": "none", "layers": 1, "normalize": "train"}
    return train(TrainConfig(store, labels, run, **{**small, **options}), callbacks)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two epochs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    return trained(write_memory_task(folder), folder / "run", dropout=0.3)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"schedule": "cosine", "warmup": 3}, id="schedule"),
        pytest.param(
            {"random_phase": True, "checkpoint_updates": 4}, id="phase", marks=pytest.mark.slow
        ),
    ],
)
@pytest.mark.slow
def test_a_callback_that_watches_each_update_changes_none(
    memory_task: Task, tmp_path: Path, options: dict[str, Any]
) -> None:
    counting = Counting()
    alone = trained(memory_task, tmp_path / "alone", **options)
    watched = trained(memory_task, tmp_path / "watched", counting, **options)
    assert counting.begun == counting.ended
    assert len(counting.begun) == watched.progress.updates == alone.progress.updates
    assert len(counting.begun) > 20
    same_weights(alone, watched)
    histories = [
        [{k: v for k, v in row.items() if "second" not in k} for row in run.history]
        for run in (alone, watched)
    ]
    assert histories[0] == histories[1]


@pytest.mark.parametrize(
    ("options", "traces"),
    [
        ({}, {"update_many": 1}),
        pytest.param(
            {"random_phase": True, "epochs": 4}, {"update_many": 2}, marks=pytest.mark.slow
        ),
        ({"accumulate": 2}, {"gather": 1, "apply": 1}),
        pytest.param(
            {"gradient": "full"},
            {"forward_only": 1, "go_back": 1, "apply": 1},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_nothing_is_compiled_twice(
    memory_task: Task,
    tmp_path: Path,
    options: dict[str, Any],
    traces: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[TrainStep] = []
    initial = TrainStep.initial_carry

    def spy(self: TrainStep, lanes: int) -> Any:
        steps.append(self)
        return initial(self, lanes)

    monkeypatch.setattr(TrainStep, "initial_carry", spy)
    trained(memory_task, tmp_path / "run", schedule="cosine", **{"epochs": 2, **options})
    assert steps[0].traces == traces


@pytest.mark.slow
@pytest.mark.parametrize("every", [None, 3])
def test_a_stop_asked_for_as_an_epoch_begins_lets_one_update_pass(
    memory_task: Task, tmp_path: Path, straight: Run, every: int | None
) -> None:
    """However many updates go through one call."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    run = trained(memory_task, tmp_path / "run", Stop(), epochs=3, checkpoint_updates=every)
    assert run.progress.updates == straight.progress.updates // 2 + 1


@pytest.mark.slow
def test_a_signal_amid_many_updates_loses_none_and_changes_nothing(
    memory_task: Task, tmp_path: Path, straight: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    update_many = TrainStep.update_many

    def signalled(self: TrainStep, loaded: Any, first: int, stop: int, *more: Any) -> Any:
        calls.append(stop - first)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return update_many(self, loaded, first, stop, *more)

    monkeypatch.setattr(TrainStep, "update_many", signalled)
    with pytest.raises(Stopped, match=r"after (\d+) updates") as stopped:
        trained(memory_task, tmp_path / "stopped", dropout=0.3)
    assert calls[:2] == [1, 1]  # How long an update takes is not known before.
    assert calls[2] > 3
    assert f"after {sum(calls)} updates" in str(stopped.value)
    went_on = trained(memory_task, tmp_path / "stopped", dropout=0.3)
    same_weights(straight, went_on)


def test_the_first_update_whose_loss_is_no_number_is_named(
    memory_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    update_many = TrainStep.update_many

    def broken(self: TrainStep, loaded: Any, first: int, stop: int, *more: Any) -> Any:
        sums, carry = update_many(self, loaded, first, stop, *more)
        calls.append(stop - first)
        rows = sums.numpy()
        if len(calls) == 3:
            rows[first + 1 :] = np.nan
        return rows, carry

    monkeypatch.setattr(TrainStep, "update_many", broken)
    with pytest.raises(InputError, match="in epoch 1, update 4;"):
        trained(memory_task, tmp_path / "run")
    assert calls[2] > 3


@pytest.mark.slow
def test_what_stays_in_memory_may_change_in_the_middle_of_a_run(
    memory_task: Task, tmp_path: Path
) -> None:
    plain = trained(memory_task, tmp_path / "plain", cache="none")
    trained(memory_task, tmp_path / "run", cache="none", epochs=1)
    same_weights(plain, trained(memory_task, tmp_path / "run", cache="memory"))


def same_weights(one: Run, other: Run) -> None:
    variables = [run.checkpoints.latest().group("variables") for run in (one, other)]
    for left, right in zip(*variables, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_time_until_weights_changed_is_said_once_and_waiting_is_on_record(
    memory_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(memory_task, tmp_path / "run")
    said = [line for line in capsys.readouterr().out.splitlines() if "first update" in line]
    (line,) = said
    assert 0 < float(line.removeprefix("first update after ").removesuffix(" s")) < 60
    for row in run.history:
        assert 0 <= float(row["waiting_seconds"]) <= float(row["seconds"])


def test_batches_know_how_many_they_are(labelled: Callable[..., SequenceSet]) -> None:
    (batches,) = labelled().read(plan_of(3, 4)[:3])
    assert isinstance(batches, ChunkBatches)
    assert len(batches) == 3
    assert batches.reset.shape == (16, 3)
    assert batches.features.shape == (3, 64, 3)
    assert batches.reset[3:].all()
    assert not batches.weights[:, 12:].any()
