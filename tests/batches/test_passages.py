"""Late, ahead or backward: batches hold what lists say, and ask for each label once."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.frames import FrameLabels
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.plan.epochs import evaluation_plan, training_groups, training_plan
from trainer.plan.lineup import Lineup
from trainer.task import Classification

LENGTHS = (9, 1, 14, 4)
CLASSES = ("a", "b", "c")
CONFIG = TrainConfig(Path("store"), Path("labels"), Path("run"), lanes=2)
WAYS: list[dict[str, Any]] = [
    {},
    {"random_phase": True},
    {"gradient": "full"},
    {"state": "reset"},
    {"state": "reset", "random_phase": True},
]


@dataclass(frozen=True)
class Made:
    """A store, and the class number of each step of its sequences, -1 for none."""

    store: FeatureStore
    labels: FrameLabels
    truth: list[list[int]]

    def set(self, **layout: Any) -> SequenceSet:
        infos = [self.store.info(name) for name in self.store.ids()]
        task = Classification(CLASSES)
        return SequenceSet(self.store, infos, self.labels, Layout(task, **layout))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root, chance = tmp_path_factory.mktemp("passages"), np.random.default_rng(0)
    truth = [chance.integers(-1, len(CLASSES), length).tolist() for length in LENGTHS]
    lines = []
    for number, known in enumerate(truth):
        write_sequence(root, f"s{number}", chance.normal(size=(len(known), 2)))
        lines.append((f"s{number}", [CLASSES[label] if label >= 0 else "" for label in known]))
    labels = FrameLabels(lines, LabelOptions(Path("labels")))
    assert labels.classes == CLASSES
    return Made(FeatureStore(root), labels, truth)


def planned(config: TrainConfig, lengths: list[int], epoch: int) -> list[Lineup]:
    if config.gradient == "full":
        groups = training_groups(config, lengths, 2, epoch)
        return [lineup for group in groups for lineup in group]
    return list(training_plan(config, lengths, 2, epoch))


@given(
    horizon=st.integers(-20, 0),
    direction=st.sampled_from(["forward", "backward"]),
    chunk_length=st.integers(2, 9),
    options=st.sampled_from(WAYS),
    epoch=st.integers(0, 5),
)
@settings(max_examples=60)
def test_each_labelled_step_counts_once_in_training_and_in_evaluation(
    made: Made,
    horizon: int,
    direction: str,
    chunk_length: int,
    options: dict[str, Any],
    epoch: int,
) -> None:
    data = made.set(horizon=horizon, direction=direction)
    config = replace(CONFIG, chunk_length=chunk_length, **options)
    labelled = sum(label >= 0 for known in made.truth for label in known)
    for plan in (
        planned(config, data.lengths, epoch),
        evaluation_plan(config, data.lengths, 2),
    ):
        assert sum(batch.weights.sum() for batch in data.batches(plan)) == labelled
    assert sum((targets >= 0).sum() for targets in data.scan()) == labelled


@given(
    horizon=st.integers(-20, 4),
    backward=st.booleans(),
    inputs=st.sampled_from(["features", "labels", "both"]),
    chunk_length=st.integers(1, 9),
)
@settings(max_examples=60)
def test_wherever_chunks_are_cut_they_hold_what_lists_say(
    made: Made, horizon: int, backward: bool, inputs: str, chunk_length: int
) -> None:
    horizon = horizon if inputs == "features" else max(0, horizon)
    horizon = min(0, horizon) if backward else horizon
    direction = "backward" if backward else "forward"
    data = made.set(inputs=inputs, horizon=horizon, direction=direction)
    config = replace(CONFIG, chunk_length=chunk_length)
    for batch in data.batches(evaluation_plan(config, data.lengths, 2)):
        for row, chunk in enumerate(batch.chunks):
            if chunk is None:
                continue
            features = made.store.features(f"s{chunk.sequence}", 0, LENGTHS[chunk.sequence])
            order = list(range(len(features)))[:: -1 if backward else 1]
            order += [order[-1]] * max(0, -horizon)
            known = [made.truth[chunk.sequence][step] for step in order[: len(features)]]
            for place in range(chunk.steps):
                t = chunk.start + place
                about = known[t + horizon] if 0 <= t + horizon < len(known) else -1
                assert batch.targets[row, place] == about
                if inputs == "features":
                    np.testing.assert_array_equal(batch.features[row, place], features[order[t]])
                    continue
                past = np.zeros(3) if t == 0 or known[t - 1] < 0 else np.eye(3)[known[t - 1]]
                np.testing.assert_array_equal(batch.past[row, place], past)
                if inputs == "both":
                    seen = features[order[t - 1]] if t else np.zeros(2)
                    np.testing.assert_array_equal(batch.features[row, place], seen)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_no_more_is_read_at_once_than_what_chunks_hold(
    made: Made, direction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, features = [], FeatureStore.features

    def spy(self: FeatureStore, sequence_id: str, start: int, stop: int) -> Any:
        read.append(stop - start)
        return features(self, sequence_id, start, stop)

    monkeypatch.setattr(FeatureStore, "features", spy)
    monkeypatch.setattr("trainer.batches.sequence_set.BATCHES_AT_ONCE", 1)
    data = made.set(horizon=-7, direction=direction)
    assert list(data.batches(evaluation_plan(replace(CONFIG, chunk_length=3), data.lengths, 2)))
    assert max(read) == 3
