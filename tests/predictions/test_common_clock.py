"""Answers at the steps of several models: figures by time."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import write_predictions

from preprocessing.errors import InputError
from trainer.evaluation.measures import Measures
from trainer.evaluation.scoring import tallied
from trainer.metrics import HEADLINES
from trainer.predictions.common_clock import CommonClock, common_steps, in_ticks
from trainer.predictions.reader import Answers, open_answers

CLASSES = ("a", "b", "c")
clocks_of = st.lists(
    st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True).map(sorted),
    min_size=1,
    max_size=4,
)


@given(clocks_of)
def test_each_step_of_the_clock_is_the_last_of_each_model_so_far(clocks: list[list[int]]) -> None:
    found = common_steps([np.array(times) for times in clocks])
    start = max(times[0] for times in clocks)
    assert set(found.times) <= {time for times in clocks for time in times}
    assert (found.durations > 0).all()
    for place, time in enumerate(found.times):
        assert time >= start
        for times, rows, exact in zip(clocks, found.rows, found.exact, strict=True):
            assert times[rows[place]] == max(other for other in times if other <= time)
            assert exact[place] == (time in times)
    assert (np.diff(found.times) == found.durations[:-1]).all()


def test_a_worked_case() -> None:
    found = common_steps([np.array([0, 4, 8]), np.array([1, 4, 7, 10])])
    assert found.times.tolist() == [1, 4, 7, 8, 10]
    assert found.durations.tolist() == [3, 3, 1, 2, 2]  # The first model answers up to 12.
    assert [rows.tolist() for rows in found.rows] == [[0, 1, 1, 2, 2], [0, 1, 2, 2, 3]]


def drawn(task: str, steps: int, seed: int) -> dict[str, Any]:
    """Truth and answers of a sequence; some steps have no label."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, 3, steps).repeat(3)[:steps]
    said = np.where(generator.random(steps) < 0.7, true, generator.integers(0, 3, steps))
    scores = 0.1 + 0.7 * np.eye(3)[said]
    unlabelled = generator.random(steps) < 0.1
    if task == "classification":
        return {"true": np.where(unlabelled, -1, true), "probabilities": scores}
    marks = np.eye(3)[true]
    if task == "multilabel":
        marks[unlabelled] = -1
        return {"true": marks, "probabilities": scores}
    marks[unlabelled] = np.nan
    return {"true": marks, "predicted": scores}


@contextmanager
def opened(
    task: str, sides: Sequence[dict[str, Any]], clocks: Sequence[Sequence[float]] = ()
) -> Iterator[list[Answers]]:
    """Files of predictions of one or several sequences, at times of their own."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        files = []
        for number, arrays in enumerate(sides):
            times = {"s": clocks[number]} if clocks else {}
            path = write_predictions(
                Path(folder) / f"{number}.h5", CLASSES, arrays, task, times=times
            )
            files.append(stack.enter_context(open_answers(path)))
        yield files


def headlines(answers: Answers) -> dict[str, Any]:
    metrics, tallies = tallied(answers, True, Measures(bootstrap=0))
    (once,) = [tallies.figures(np.ones((1, len(tallies))))]
    for name, value in once.items():
        assert metrics[name] is None or metrics[name] == pytest.approx(value[0], abs=1e-12)
    return {name: metrics[name] for name in HEADLINES[answers.task]}


@pytest.mark.parametrize("task", list(HEADLINES))
@settings(max_examples=6)
@given(st.lists(st.integers(2, 40), min_size=1, max_size=3), st.integers(0, 99))
def test_on_equal_clocks_figures_by_time_are_those_by_steps(
    task: str, lengths: list[int], seed: int
) -> None:
    sides = [
        {f"s{n}": drawn(task, length, seed + n) for n, length in enumerate(lengths)}
        for _ in range(2)
    ]
    with opened(task, sides) as files:
        for plain, clocked in zip(files, CommonClock(files).answers(), strict=True):
            assert headlines(clocked) == pytest.approx(headlines(plain), abs=1e-9)


@pytest.mark.parametrize("task", list(HEADLINES))
@settings(max_examples=6)
@given(st.integers(2, 40), st.integers(0, 99), st.integers(2, 5))
def test_steps_that_are_cut_into_several_change_nothing(
    task: str, steps: int, seed: int, pieces: int
) -> None:
    arrays = drawn(task, steps, seed)
    often = {name: np.repeat(rows, pieces, axis=0) for name, rows in arrays.items()}
    clocks = [np.arange(steps) / 4, np.arange(pieces * steps) / (4 * pieces)]
    with opened(task, [{"s": arrays}, {"s": often}], clocks) as files:
        one, other = CommonClock(files).answers()
        assert one.steps("s") == pieces * steps
        expected = pytest.approx(headlines(files[0]), abs=1e-5)
        assert headlines(one) == expected
        assert headlines(other) == expected


def test_labels_change_where_the_steps_of_all_show_it() -> None:
    coarse = {"true": [0, 0, 1, 1], "probabilities": np.eye(3)[[0, 0, 1, 1]]}
    fine = {"true": [0] * 7 + [1] * 9, "probabilities": np.eye(3)[[0] * 7 + [1] * 9]}
    clocks = [np.arange(4) * 1.0, np.arange(16) / 4]
    with opened("classification", [{"s": coarse}, {"s": fine}], clocks) as files:
        one, other = CommonClock(files).answers()
        assert one.whole("s", "true").tolist() == fine["true"]
        # The coarse one notices the change of 1.75 s at 2 s.
        assert headlines(one)["accuracy"] == pytest.approx(3.75 / 4)
        assert headlines(other)["accuracy"] == 1
        assert one.seconds("s") == 3.75
        assert sum(one.whole("s", "durations")) == 4_000_000


def test_blocks_are_parts_of_the_whole() -> None:
    sides = [{"s": drawn("multilabel", steps, 1)} for steps in (30, 77)]
    clocks = [np.arange(30) / 4, 0.1 + np.arange(77) / 10]
    names = ("true", "predicted", "probabilities", "timestamps", "durations")
    with opened("multilabel", sides, clocks) as files:
        for answers in CommonClock(files).answers():
            parts = list(answers.blocks("s", *names, block_steps=7))
            for number, name in enumerate(names):
                joined = np.concatenate([part[number] for part in parts])
                assert np.array_equal(joined, answers.whole("s", name))
            columns = slice(1, 3)
            ((some,),) = answers.blocks("s", "probabilities", columns=columns, block_steps=999)
            assert np.array_equal(some, answers.whole("s", "probabilities")[:, columns])


def test_answers_without_common_time_are_refused() -> None:
    sides = [{"s": drawn("classification", 3, 1)}] * 2
    with (
        opened("classification", sides, [[0, 1, 2], [50, 51, 52]]) as files,
        pytest.raises(InputError, match="the answers of 's' have no time in common"),
    ):
        CommonClock(files).steps("s")


@pytest.mark.slow
def test_a_million_steps_are_joined_in_a_moment() -> None:
    clocks = [in_ticks(np.arange(1_000_000) / fps) for fps in (25, 30)]
    found = common_steps(clocks)
    assert len(found) == 1_166_666 + 500_001
