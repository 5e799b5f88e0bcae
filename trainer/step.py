"""One chunk through the model: the only module that knows how Keras' backend computes gradients.

Both functions are compiled once for their fixed B and T. XLA is left out where there is a GPU, so
that LSTM layers find their cuDNN kernel.
"""

from collections.abc import Callable
from typing import Any

from preprocessing.quiet import import_tensorflow
from trainer.batches import ChunkBatch
from trainer.carry import Carry, reset_rows

tf = import_tensorflow()

TINY = 1e-7

TrainStep = Callable[[ChunkBatch, Carry], tuple[Any, Carry]]
ForwardStep = Callable[[ChunkBatch, Carry], tuple[Any, Carry]]


def compile_train_step(model: Any, optimizer: Any, loss: Any) -> TrainStep:
    """Compiles an update.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        optimizer: a Keras optimizer.
        loss: a Keras loss without reduction, from labels ``[B, T]`` and outputs ``[B, T, C]`` to
            ``[B, T]``.

    Returns:
        A function of a batch and a carry. It resets rows, predicts, updates the weights by the
        gradient of ``sum(weights * loss) / sum(weights)``, which ends at the chunk's first step,
        and returns sums ``<float32>[3]`` (weighted loss, weighted hits, weights) and the carry.
        The weights must not all be 0.
    """
    variables = model.trainable_variables
    optimizer.build(variables)

    def update(features: Any, labels: Any, weights: Any, reset: Any, carry: Carry) -> Any:
        with tf.GradientTape() as tape:
            outputs, carry = _apply(model, features, reset, carry, training=True)
            sums = _sums(loss, labels, outputs, weights)
            mean_loss = sums[0] / tf.maximum(sums[2], TINY)
        optimizer.apply(tape.gradient(mean_loss, variables), variables)
        return sums, carry

    compiled = _compile(update)

    def step(batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        sums, carry = compiled(batch.features, batch.labels, batch.weights, batch.reset, carry)
        return sums, carry

    return step


def compile_forward_step(model: Any) -> ForwardStep:
    """Compiles inference.

    Returns:
        A function of a batch and a carry that resets rows and returns outputs
        ``<float32>[B, T, C]`` and the carry.
    """

    def forward(features: Any, reset: Any, carry: Carry) -> Any:
        return _apply(model, features, reset, carry, training=False)

    compiled = _compile(forward)

    def step(batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        outputs, carry = compiled(batch.features, batch.reset, carry)
        return outputs, carry

    return step


def weighted_sums(loss: Any, batch: ChunkBatch, outputs: Any) -> Any:
    """Sums ``<float32>[3]`` as ``compile_train_step`` returns them, for outputs of inference."""
    return _sums(loss, tf.constant(batch.labels), outputs, tf.constant(batch.weights))


def _apply(model: Any, features: Any, reset: Any, carry: Carry, training: bool) -> Any:
    outputs, *carry_out = model(
        [tf.cast(features, tf.float32), *reset_rows(carry, reset)], training=training
    )
    return outputs, tuple(tf.cast(state, tf.float32) for state in carry_out)


def _sums(loss: Any, labels: Any, outputs: Any, weights: Any) -> Any:
    losses = loss(tf.maximum(labels, 0), outputs)
    hits = tf.cast(tf.equal(labels, tf.argmax(outputs, -1, tf.int32)), tf.float32)
    return tf.stack(
        [
            tf.reduce_sum(losses * weights),
            tf.reduce_sum(hits * weights),
            tf.reduce_sum(weights),
        ]
    )


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    compiled: Callable[..., Any] = tf.function(function, jit_compile=not on_gpu)
    return compiled
