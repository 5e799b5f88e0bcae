"""The mean of the answers of several models."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction_files import write_predictions

from preprocessing.errors import InputError
from trainer.model import together
from trainer.model.together import mean_answer
from trainer.predictions import joining
from trainer.predictions.joining import join_answers
from trainer.predictions.reader import open_answers
from trainer.task import Classification, Multilabel, Regression, Task

TASKS: list[Task] = [Classification(("a", "b", "c")), Multilabel(("a", "b", "c"))]
TASKS.append(Regression(("a", "b", "c")))


def drawn(task: Task, models: int, steps: int, seed: int) -> list[np.ndarray]:
    """Answers of some models, sure of much: some probabilities are 0 or 1."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(models):
        numbers = chance.normal(scale=8, size=(steps, task.size))
        if isinstance(task, Classification):
            numbers = np.exp(numbers - numbers.max(-1, keepdims=True))
            numbers[chance.random(numbers.shape) < 0.1] = 0
            numbers[numbers.sum(-1) == 0] = 1
            numbers /= numbers.sum(-1, keepdims=True)
        elif isinstance(task, Multilabel):
            numbers = 1 / (1 + np.exp(-numbers))
            numbers[chance.random(numbers.shape) < 0.1] = 0
            numbers[chance.random(numbers.shape) < 0.1] = 1
        made.append(numbers.astype("float32"))
    return made


def naive(task: Task, outputs: list[np.ndarray], step: int, number: int) -> float:
    """The mean by its formula, for one class of one step."""
    own = [[float(value) for value in one[step]] for one in outputs]
    if isinstance(task, Regression):
        return sum(one[number] for one in own) / len(own)
    if isinstance(task, Classification):
        roots = [
            float(np.prod([max(one[c], together.SMALLEST) ** (1 / len(own)) for one in own]))
            for c in range(task.size)
        ]
        return roots[number] / sum(roots)
    near = together.NEAREST
    odds = [min(max(one[number], near), 1 - near) for one in own]
    ratio = float(np.prod([(p / (1 - p)) ** (1 / len(own)) for p in odds]))
    return ratio / (1 + ratio)


@given(st.sampled_from(TASKS), st.integers(2, 4), st.integers(1, 6), st.integers(0, 99))
def test_it_is_the_geometric_mean_and_that_of_numbers_the_arithmetic(
    task: Task, models: int, steps: int, seed: int
) -> None:
    outputs = drawn(task, models, steps, seed)
    found = mean_answer(task, outputs)
    assert found.dtype == np.float32
    for step in range(steps):
        expected = [naive(task, outputs, step, number) for number in range(task.size)]
        np.testing.assert_allclose(found[step], expected, rtol=2e-6, atol=1e-30)
    if isinstance(task, Classification):
        np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)


@given(st.sampled_from(TASKS), st.integers(1, 4), st.integers(1, 40), st.integers(0, 99))
def test_a_step_alone_has_the_same_answer_bit_for_bit(
    task: Task, models: int, steps: int, seed: int
) -> None:
    outputs = drawn(task, models, steps, seed)
    alone = [mean_answer(task, [one[step] for one in outputs]) for step in range(steps)]
    assert (np.stack(alone) == mean_answer(task, outputs)).all()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_one_model_alone_is_left_as_it_is_and_one_twice_nearly(task: Task) -> None:
    (outputs,) = drawn(task, 1, 50, 3)
    assert mean_answer(task, [outputs]) is outputs
    np.testing.assert_allclose(mean_answer(task, [outputs] * 2), outputs, rtol=1e-6, atol=1e-7)


def files_of(folder: Path, task: Task, models: int, lengths: dict[str, int]) -> list[Path]:
    paths = []
    for model in range(models):
        sequences = {}
        for seed, (name, steps) in enumerate(lengths.items()):
            outputs = drawn(task, models, steps, seed)[model]
            truth = np.random.default_rng(seed)
            if isinstance(task, Regression):
                true = truth.normal(size=outputs.shape)
                sequences[name] = {"predicted": outputs, "true": true}
            else:
                one = isinstance(task, Classification)
                true = truth.integers(-1, 3, steps) if one else truth.integers(0, 2, (steps, 3))
                sequences[name] = {"probabilities": outputs, "true": true}
        path = folder / f"{model}.h5"
        paths.append(write_predictions(path, task.classes, sequences, task.name))
    return paths


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_files_are_joined_piece_by_piece_into_one(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = {"day/x": 23, "day/true": 5, "y": 1}
    parts = files_of(tmp_path, task, 3, lengths)
    monkeypatch.setattr(joining, "BLOCK_STEPS", 12)  # 4 steps of each at once.
    join_answers(parts, tmp_path / "all.h5", task, -3, "digest")
    name = "predicted" if isinstance(task, Regression) else "probabilities"
    with open_answers(tmp_path / "all.h5") as joined, open_answers(parts[0]) as first:
        assert (joined.ids, joined.classes) == (sorted(lengths), first.classes)
        assert (joined.task, joined.horizon, joined.weights) == (task.name, -3, "digest")
        for seed, (sequence_id, steps) in enumerate(lengths.items()):
            expected = mean_answer(task, drawn(task, 3, steps, seed))
            assert (joined.whole(sequence_id, name) == expected).all()
            assert (joined.whole(sequence_id, "predicted") == task.predicted(expected)).all()
            for same in ("true", "timestamps"):
                assert (joined.whole(sequence_id, same) == first.whole(sequence_id, same)).all()


def test_files_of_other_steps_or_sequences_are_not_joined(tmp_path: Path) -> None:
    task = TASKS[0]
    parts = []
    for name, lengths in {"one": {"x": 5}, "other": {"x": 6}, "third": {"y": 5}}.items():
        (tmp_path / name).mkdir()
        parts += files_of(tmp_path / name, task, 1, lengths)
    for other, said in ((parts[1], "other steps of 'x'"), (parts[2], "other sequences")):
        with pytest.raises(InputError, match=said):
            join_answers([parts[0], other], tmp_path / "all.h5", task, 0, "")
        assert not (tmp_path / "all.h5").exists()
    with h5py.File(parts[1], "r+") as file:
        file["x/probabilities"][2] = np.nan
    with pytest.raises(InputError, match="is not finite"):
        join_answers([parts[1], parts[1]], tmp_path / "all.h5", task, 0, "")
