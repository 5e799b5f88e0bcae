"""A loss against flicker: how far the answer to a step is from the answer to the step before it.

The truncated mean squared error of log-probabilities of Farha and Gall 2019, "MS-TCN: Multi-Stage
Temporal Convolutional Network for Action Segmentation", section 3.3, equations 8 to 10:

    step          0    1    2  |  3    4    5        chunks of 3 steps
    log p         l0   l1   l2 |  l3   l4   l5
    compared to   -    l0   l1 |  l2   l3   l4       l2 travels in the carry
    loss of 3                     mean over classes of min(|l3 - l2|, 4)^2

As there, only the later of two answers is moved by it. So nothing flows back through this part of
the carry, and the gradient is that of the unchunked sequence wherever that of the task's loss is.

Where any number of classes may be there, each is a classification of two, there or not: the mean is
over the log-probabilities of both.
"""

from preprocessing.terminal.quiet import import_tensorflow
from trainer.model.carry import Carry, Tensor, reset_rows
from trainer.task import Multilabel, Task

tf = import_tensorflow()

FARTHEST = 4.0  # From there on it does not matter how far two log-probabilities are apart.
LEAST = 1e-30  # The least probability: its logarithm, and the way back, are finite in float32.


class Smoothing:
    """The loss against flicker, and the last answer of each lane.

    That answer is one more part of the carry, ``<float32>[B, L + 1]``: L log-probabilities, and 1
    where there are any, so that zeros are right after a reset.

    Args:
        task: what the answers are.
        weight: of this loss, beside 1 of the task's.
    """

    def __init__(self, task: Task, weight: float):
        self.task, self.weight = task, weight

    def zero_carry(self, lanes: int) -> Carry:
        """Returns the part of the carry before anything."""
        each = 2 if isinstance(self.task, Multilabel) else 1
        return (tf.zeros((lanes, each * self.task.size + 1)),)

    def total(
        self, outputs: Tensor, weights: Tensor, reset: Tensor, carry: Carry
    ) -> tuple[Tensor, Carry]:
        """Returns the weighted loss, summed over all steps, and the carry after the chunk.

        Args:
            outputs: ``<float32>[B, T, C]``.
            weights: ``<float32>[B, T]``; a step counts here as it does for the task's loss.
            reset: ``<bool>[B]``, True for rows whose sequence begins.
            carry: the part of it that ``zero_carry`` began.
        """
        (last,) = reset_rows(carry, reset)
        answers = self._log_probabilities(outputs)
        known = tf.concat([tf.stop_gradient(answers), tf.ones_like(answers[..., :1])], -1)
        before = tf.concat([last[:, None], known[:, :-1]], 1)
        apart = tf.minimum(tf.abs(answers - before[..., :-1]), FARTHEST) * before[..., -1:]
        losses = tf.reduce_mean(tf.square(apart), -1)
        return self.weight * tf.reduce_sum(losses * weights), (known[:, -1],)

    def _log_probabilities(self, outputs: Tensor) -> Tensor:
        """Returns ``<float32>[B, T, L]`` of outputs ``<float32>[B, T, C]``."""
        if isinstance(self.task, Multilabel):
            outputs = tf.concat([outputs, 1.0 - outputs], -1)
        return tf.math.log(tf.maximum(tf.cast(outputs, tf.float32), LEAST))


def smoothing_of(task: Task, weight: float) -> Smoothing | None:
    """Returns the loss against flicker of a weight; None for 0.

    Args:
        task: what the answers are.
        weight: of this loss, beside 1 of the task's.
    """
    return Smoothing(task, weight) if weight else None
