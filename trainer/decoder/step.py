"""One step of Viterbi's algorithm; ``blocks`` takes many at once, to the same numbers.

States are the C x D stages of all classes in one row; from each leads the best way that came to it.
Scores are those of the best courses that end in each state, less the highest of all, so that they
stay small in sequences of any length. There are only sums, differences and maxima of 64-bit numbers
here, in a fixed order, so both ways agree to the last bit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.chain import NEVER, Chain
from trainer.decoder.counts import Floats


class Stepped(NamedTuple):
    """The scores after one step, and the ways by which they came.

    Attributes:
        scores: ``<float64>[C, D]``.
        back: ``<int32>[C * D]``, for each state the one of the step before.
        best: the state with the highest score.
    """

    scores: Floats
    back: NDArray[np.int32]
    best: int


def begin(chain: Chain, emissions: Floats) -> Stepped:
    """Takes the first step of a sequence.

    Args:
        chain: the scores of courses.
        emissions: ``<float64>[C]``.
    """
    scores = np.where(chain.first, (chain.begin + emissions)[:, None], NEVER)
    scores = scores - scores.max()
    return Stepped(scores, _own(chain).ravel(), int(scores.argmax()))


def advance(chain: Chain, scores: Floats, emissions: Floats) -> Stepped:
    """Takes a further step.

    Args:
        chain: the scores of courses.
        scores: ``<float64>[C, D]``, after the step before.
        emissions: ``<float64>[C]``.
    """
    size, stages = scores.shape
    changed = (scores[:, -1] + chain.leave)[:, None] + chain.change
    source = changed.argmax(0)
    entered = changed[source, np.arange(size)][:, None]
    on = scores + chain.leave[:, None]
    nowhere = np.full((size, 1), NEVER)
    came = np.where(chain.first, entered, np.concatenate([nowhere, on[:, :-1]], 1))
    stayed = scores + chain.stay[:, None]
    own = _own(chain)
    left = (source * stages + stages - 1)[:, None]
    before = np.where(chain.first, left, np.maximum(own - 1, 0))
    back = np.where(stayed >= came, own, before).astype(np.int32)
    scores = np.maximum(stayed, came) + emissions[:, None]
    scores = scores - scores.max()
    return Stepped(scores, back.ravel(), int(scores.argmax()))


def _own(chain: Chain) -> NDArray[np.int32]:
    """Returns the number of each state, ``<int32>[C, D]``."""
    return np.arange(chain.first.size, dtype=np.int32).reshape(chain.first.shape)
