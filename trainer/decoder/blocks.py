"""Viterbi's algorithm over blocks of steps, compiled by XLA for the processor.

One program serves all blocks of a decoder: it is compiled for T rows, and told how many count.
"""

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.decoder.chain import NEVER, Chain
from trainer.decoder.counts import Floats
from trainer.decoder.step import advance, begin

# Taking so many steps one by one takes as long as compiling the program that takes many.
BY_HAND = 10_000
# Rows of a block: so many states of all rows together, between so many rows.
STATES_AT_ONCE = 1 << 20
FEWEST, MOST = 64, 4096


class Block(NamedTuple):
    """The steps of a block, n of them.

    Attributes:
        scores: ``<float64>[C, D]``, after the last of them.
        back: ``<int32>[n, C * D]``, for each state the one of the step before.
        best: ``<int32>[n]``, the state with the highest score.
    """

    scores: Floats
    back: NDArray[np.int32]
    best: NDArray[np.int32]


class Blocks:
    """Takes the steps of a sequence block by block.

    Args:
        chain: the scores of courses.

    Attributes:
        length: T, the most steps of a block.
    """

    def __init__(self, chain: Chain):
        self.length = max(FEWEST, min(MOST, STATES_AT_ONCE // chain.first.size))
        self._chain = chain

    def first(self, emissions: Floats) -> Block:
        """Takes the first steps of a sequence.

        Args:
            emissions: ``<float64>[n, C]``, n up to T.
        """
        begun = begin(self._chain, emissions[0])
        block = self.further(begun.scores, emissions[1:])
        return Block(
            block.scores,
            np.concatenate([begun.back[None], block.back]),
            np.append(np.int32(begun.best), block.best),
        )

    def further(self, scores: Floats, emissions: Floats) -> Block:
        """Takes further steps.

        Args:
            scores: ``<float64>[C, D]``, after the step before.
            emissions: ``<float64>[n, C]``, n up to T.
        """
        steps = len(emissions)
        if not steps:
            return Block(scores, np.zeros((0, scores.size), np.int32), np.zeros(0, np.int32))
        if _few(self._chain.first.shape, steps):
            return _by_hand(self._chain, scores, emissions)
        padded = np.zeros((self.length, emissions.shape[1]))
        padded[:steps] = emissions
        with _on_processor():
            count = np.int32(steps)
            after, back, best = _program()(scores, padded, count, tuple(self._chain))
        return Block(after.numpy(), back.numpy()[:steps], best.numpy()[:steps])


_taken: Counter[tuple[int, ...]] = Counter()


def _few(shape: tuple[int, ...], steps: int) -> bool:
    """Returns whether this process has taken so few steps of a shape that none was compiled yet.

    Args:
        shape: of the scores.
        steps: to take now.
    """
    _taken[shape] += steps
    return _taken[shape] <= BY_HAND


def _by_hand(chain: Chain, scores: Floats, emissions: Floats) -> Block:
    """Takes steps one by one.

    Args:
        chain: the scores of courses.
        scores: ``<float64>[C, D]``, after the step before.
        emissions: ``<float64>[n, C]``.
    """
    rows, best = [], []
    for one in emissions:
        scores, back, ends = advance(chain, scores, one)
        rows.append(back)
        best.append(ends)
    return Block(scores, np.stack(rows), np.array(best, np.int32))


def _tf() -> Any:
    return import_tensorflow()


def _on_processor() -> Any:
    """Returns a context in which TensorFlow leaves accelerators alone; one step needs the other."""
    return _tf().device("CPU:0")


@cache
def _program() -> Any:
    return _tf().function(_advance_all, jit_compile=True, autograph=False)


def _advance_all(scores: Any, emissions: Any, steps: Any, chain: Any) -> Any:
    """Takes ``steps`` steps, each as ``trainer.decoder.step.advance`` does.

    Args:
        scores: ``<float64>[C, D]``.
        emissions: ``<float64>[T, C]``.
        steps: ``<int32>[]``, up to T.
        chain: the scores of courses, as tensors.
    """
    tf = _tf()
    _, change, stay, leave, first = chain
    length, (size, stages) = emissions.shape[0], scores.shape
    own = tf.reshape(tf.range(size * stages), (size, stages))
    nowhere = tf.fill((size, 1), tf.constant(NEVER, scores.dtype))

    def advance(step: Any, scores: Any, back: Any, best: Any) -> Any:
        changed = (scores[:, -1] + leave)[:, None] + change
        source = tf.argmax(changed, 0, output_type=tf.int32)
        entered = tf.reduce_max(changed, 0)[:, None]
        on = scores + leave[:, None]
        came = tf.where(first, entered, tf.concat([nowhere, on[:, :-1]], 1))
        stayed = scores + stay[:, None]
        left = (source * stages + stages - 1)[:, None]
        before = tf.where(first, left, tf.maximum(own - 1, 0))
        ways = tf.where(stayed >= came, own, before)
        scores = tf.maximum(stayed, came) + emissions[step][:, None]
        scores = scores - tf.reduce_max(scores)
        row = tf.reshape(scores, (1, -1))
        return (
            step + 1,
            scores,
            tf.tensor_scatter_nd_update(back, [[step]], tf.reshape(ways, (1, -1))),
            tf.tensor_scatter_nd_update(best, [[step]], tf.argmax(row, 1, output_type=tf.int32)),
        )

    nothing = tf.zeros((length, size * stages), tf.int32), tf.zeros(length, tf.int32)
    return tf.while_loop(lambda step, *_: step < steps, advance, (0, scores, *nothing))[1:]
