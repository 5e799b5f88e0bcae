import itertools
from typing import Any

import numpy as np
import pytest
from hmmlearn.base import BaseHMM
from hypothesis import given, settings
from hypothesis import strategies as st
from made_decoders import made_answers, made_counts, made_decoder, made_weights, reader
from numpy.typing import NDArray

from trainer.decoder import blocks
from trainer.decoder.blocks import Blocks
from trainer.decoder.chain import MOST_STAGES, Chain, chain, emission
from trainer.decoder.counts import Counts
from trainer.decoder.course import Course
from trainer.decoder.decoding import decode
from trainer.decoder.step import advance, begin
from trainer.decoder.weights import Weights

SEEDS = st.integers(0, 1 << 20)
RATE = 1.5


def score_of(states: Any, links: Chain, emissions: NDArray[Any]) -> float:
    """The score of a course of (class, stage), by the words of ``trainer.decoder.chain``."""
    stages = links.first.shape[1]
    first = links.first.argmax(1)
    total = 0.0
    for step, (label, stage) in enumerate(states):
        total += emissions[step, label]
        if not step:
            total += links.begin[label] if stage == first[label] else -np.inf
            continue
        before, stage_before = states[step - 1]
        if (label, stage) == (before, stage_before):
            total += links.stay[label]
        elif label == before and stage == stage_before + 1:
            total += links.leave[label]
        elif label != before and stage_before == stages - 1 and stage == first[label]:
            total += links.leave[before] + links.change[before, label]
        else:
            return -np.inf
    return total


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 3), st.integers(1, 4))
def test_a_course_is_the_best_of_all_there_are(seed: int, size: int, steps: int) -> None:
    generator = np.random.default_rng(seed)
    counts, weights = made_counts(generator, size), made_weights(generator)
    answers = made_answers(generator, steps, size)
    links, emissions = chain(counts, RATE, weights.durations), emission(counts, weights)(answers)
    stages = [
        (label, stage)
        for label in range(size)
        for stage in range(links.first[label].argmax(), links.first.shape[1])
    ]
    if len(stages) ** steps > 20_000:
        return
    every = list(itertools.product(stages, repeat=steps))
    scores = [score_of(states, links, emissions) for states in every]
    best = {
        tuple(label for label, _ in states)
        for states, score in zip(every, scores, strict=True)
        if score >= max(scores) - 1e-9
    }
    [labels] = Course(counts, RATE, weights).labels(reader(answers), steps, [None])
    assert tuple(labels.tolist()) in best


class Expanded(BaseHMM):
    """The model of a chain, each stage a state of its own, whose emissions are given."""

    def _compute_log_likelihood(self, X: NDArray[Any]) -> NDArray[Any]:  # noqa: N803
        return X


def expanded(links: Chain) -> Expanded:
    size, stages = links.first.shape
    model = Expanded(size * stages)
    model.startprob_ = np.where(links.first, np.exp(links.begin)[:, None], 0).ravel()
    moves = np.zeros((size, stages, size, stages))
    for label in range(size):
        leaving = np.exp(links.leave[label])
        for stage in range(stages):
            moves[label, stage, label, stage] = np.exp(links.stay[label])
            if stage + 1 < stages:
                moves[label, stage, label, stage + 1] = leaving
        for other in range(size):
            if other != label:
                first = links.first[other].argmax()
                moves[label, -1, other, first] = leaving * np.exp(links.change[label, other])
    model.transmat_ = moves.reshape(size * stages, -1)
    return model


@settings(max_examples=20)
@given(SEEDS, st.integers(2, 5), st.integers(1, 60))
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_it_is_that_of_hmmlearn(seed: int, size: int, steps: int) -> None:
    generator = np.random.default_rng(seed)
    counts, weights = made_counts(generator, size), made_weights(generator)
    answers = made_answers(generator, steps, size)
    links, emissions = chain(counts, RATE, weights.durations), emission(counts, weights)(answers)
    stages = links.first.shape[1]
    _, states = expanded(links).decode(np.repeat(emissions, stages, axis=1))
    [labels] = Course(counts, RATE, weights).labels(reader(answers), steps, [None])
    assert labels.tolist() == (states // stages).tolist()


def test_steps_by_xla_are_those_of_numpy_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    counts, weights = made_counts(generator, 4), Weights(1.0, 1.0, True)
    links = chain(counts, RATE, True)
    emissions = emission(counts, weights)(made_answers(generator, 300, 4))
    by_hand = [begin(links, emissions[0])]
    for one in emissions[1:]:
        by_hand.append(advance(links, by_hand[-1].scores, one))
    monkeypatch.setattr(blocks, "BY_HAND", 0)
    monkeypatch.setattr(blocks, "MOST", 200)
    compiled = Blocks(links)
    first = compiled.first(emissions[:200])
    second = compiled.further(first.scores, emissions[200:])
    assert np.array_equal(second.scores, by_hand[-1].scores)
    assert np.array_equal(np.concatenate([first.back, second.back]), [it.back for it in by_hand])
    assert np.array_equal(np.concatenate([first.best, second.best]), [it.best for it in by_hand])


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 4), st.integers(1, 90), st.integers(1, 40))
def test_edges_of_blocks_change_nothing(seed: int, size: int, steps: int, length: int) -> None:
    generator = np.random.default_rng(seed)
    course = Course(made_counts(generator, size), RATE, made_weights(generator))
    answers, lags = made_answers(generator, steps, size), [None, 0, 1, 5]
    whole = course.labels(reader(answers), steps, lags)
    course._blocks.length = length
    for one, another in zip(whole, course.labels(reader(answers), steps, lags), strict=True):
        assert np.array_equal(one, another)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 4), st.integers(1, 40), st.integers(0, 8))
def test_with_a_lag_a_step_is_that_of_the_best_course_so_far(
    seed: int, size: int, steps: int, lag: int
) -> None:
    generator = np.random.default_rng(seed)
    course = Course(made_counts(generator, size), RATE, made_weights(generator))
    answers = made_answers(generator, steps, size)
    naive = []
    for step in range(steps):
        seen = min(step + lag + 1, steps)
        naive.append(course.labels(reader(answers[:seen]), seen, [None])[0][step])
    assert course.labels(reader(answers), steps, [lag])[0].tolist() == naive


@settings(max_examples=10)
@given(SEEDS, st.integers(1, 4), st.integers(1, 60))
def test_a_lag_as_long_as_the_sequence_sees_all_of_it(seed: int, size: int, steps: int) -> None:
    generator = np.random.default_rng(seed)
    course = Course(made_counts(generator, size), RATE, made_weights(generator))
    answers = made_answers(generator, steps, size)
    offline, lagging = course.labels(reader(answers), steps, [None, max(steps - 2, 0)])
    whole, _ = course.labels(reader(answers), steps, [steps, None])
    assert np.array_equal(offline, whole)
    assert steps < 3 or np.array_equal(offline[-2:], lagging[-2:])


def test_flicker_goes_and_what_lasts_stays() -> None:
    counts = Counts(
        np.array([60.0, 60.0]),
        np.array([3, 0]),
        np.array([[0, 3], [3, 0]]),
        np.array([6, 6]),
        np.array([10.0, 10.0]),
        np.array([0.2, 0.2]),
    )
    true = np.repeat([0, 1, 0], 20)
    answers = np.full((60, 2), 0.3, "float32")
    answers[np.arange(60), true] = 0.7
    answers[[5, 13, 33, 50]] = answers[[5, 13, 33, 50], ::-1]
    weights = Weights(1.0, 0.0, True)
    assert np.array_equal(Course(counts, 2.0, weights).labels(reader(answers), 60, [None])[0], true)


def test_stages_have_the_mean_and_the_variance_that_were_counted() -> None:
    counts = made_counts(np.random.default_rng(0), 2)
    counts = Counts(**{**vars(counts), "mean": np.array([6.0, 2.0]), "variation": np.full(2, 0.2)})
    links = chain(counts, 10.0, True)
    leaving, stages = np.exp(links.leave), links.first.shape[1] - links.first.argmax(1)
    assert stages.tolist() == [5, 4]
    assert stages / leaving == pytest.approx([60, 20])
    assert stages * (1 - leaving) / leaving**2 == pytest.approx([0.2 * 60**2, 0.2 * 20**2], rel=0.1)
    assert chain(counts, 1e6, True).first.shape[1] <= MOST_STAGES


def test_a_sequence_without_steps_has_no_labels() -> None:
    decoder = made_decoder(np.random.default_rng(0), 3)
    assert list(decode(decoder, reader(np.zeros((0, 3))), 0, None, None)) == []


@pytest.mark.slow
def test_a_million_steps_are_decoded_as_their_beginning_is() -> None:
    generator = np.random.default_rng(0)
    course = Course(made_counts(generator, 10), RATE, Weights(1.0, 1.0, True))
    answers = made_answers(generator, 1 << 14, 10)

    def read(start: int, stop: int) -> NDArray[Any]:
        return answers[np.arange(start, stop) % len(answers)]

    offline, lagging = course.labels(read, 1_000_000, [None, 20])
    short, short_lagging = course.labels(reader(answers), len(answers), [None, 20])
    assert np.array_equal(offline[:16_000], short[:16_000])
    assert np.array_equal(lagging[:16_000], short_lagging[:16_000])


def test_a_class_of_few_stages_is_entered_at_the_first_of_them() -> None:
    """Also where another has more, and it is likelier to go on than to stay."""
    generator = np.random.default_rng(0)
    links = chain(made_counts(generator, 3), RATE, True)._replace(
        first=np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], bool),
        leave=np.log(np.full(3, 0.9)),
        stay=np.log(np.full(3, 0.1)),
    )
    emissions = np.log(made_answers(generator, 200, 3) + 1e-3)
    step = begin(links, emissions[0])
    block = Blocks(links).first(emissions)
    for row, one in enumerate(emissions[1:], start=1):
        step = advance(links, step.scores, one)
        np.testing.assert_array_equal(step.back, block.back[row])
        best = step.best // 4, step.best % 4
        assert best[1] >= links.first[best[0]].argmax()
        assert step.back[step.best] >= 0
