"""Recurrent layers over time, with as little as possible step by step.

    Keras    forward    step by step  x_t @ kernel, h @ recurrent_kernel, gates
             backward   step by step  the same again, and sums of weight gradients
    here     forward    all x @ kernel in one product; step by step  h @ recurrent_kernel, gates
             backward   step by step  gradients @ recurrent_kernel^T; then each weight gradient in
                        one product over all steps

What Keras does is what automatic differentiation of a loop comes to. Appleyard, Kocisky and Blunsom
2016, "Optimizing performance of recurrent neural networks on GPUs", section 3, moves the same
products out of the loop.
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.gates import Gates, States

tf = import_tensorflow()


def recur(
    gates: Gates,
    sequences: Any,
    states: States,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    recurrent_bias: Any,
) -> tuple[Any, States]:
    """Runs a recurrent layer over time.

    Args:
        gates: of its cell.
        sequences: ``<float32>[B, T, F]``.
        states: before the first step, ``<float32>[B, U]`` each.
        kernel: ``<float32>[F, G U]``.
        recurrent_kernel: ``<float32>[U, G U]``.
        bias: ``<float32>[G U]``, of the inputs; None for none.
        recurrent_bias: the same, of the recurrent product.

    Returns:
        The first state after each step, ``<float32>[B, T, U]``, and the states after the last.
    """
    steps, lanes = sequences.shape[1] or tf.shape(sequences)[1], tf.shape(sequences)[0]
    by_time = tf.transpose(sequences, (1, 0, 2))
    flat = tf.reshape(by_time, (-1, sequences.shape[-1]))
    projected = tf.matmul(flat, kernel)
    if bias is not None:
        projected += bias
    projected = tf.reshape(projected, (steps, lanes, kernel.shape[-1]))
    if recurrent_bias is None:
        recurrent_bias = tf.zeros(kernel.shape[-1])

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def loop(
        projected: Any, recurrent_kernel: Any, recurrent_bias: Any, *states: Any
    ) -> tuple[Any, Any]:
        after, history, kept = _forward(
            gates, projected, recurrent_kernel, recurrent_bias, states, steps
        )

        def gradient(by_outputs: Any, *by_states: Any) -> tuple[Any, ...]:
            before = tuple(
                tf.concat([first[None], rows[:-1]], 0)
                for first, rows in zip(states, history, strict=True)
            )
            by_inputs, by_recurrent, gradients = _backward(
                gates, kept, before, by_outputs, by_states, recurrent_kernel, projected
            )
            rows = tf.reshape(by_recurrent, (-1, by_recurrent.shape[-1]))
            hidden = tf.reshape(before[0], (-1, before[0].shape[-1]))
            by_kernel = tf.matmul(hidden, rows, transpose_a=True)
            return by_inputs, by_kernel, tf.reduce_sum(rows, 0), *gradients

        return (history[0], *after), gradient

    outputs, *after = loop(projected, recurrent_kernel, recurrent_bias, *states)
    return tf.transpose(outputs, (1, 0, 2)), tuple(after)


def _forward(
    gates: Gates, projected: Any, kernel: Any, bias: Any, states: States, steps: Any
) -> tuple[States, States, States]:
    """Returns the states after the last step, those after each step, and what was kept of each."""
    inputs = _rows(projected, steps)
    history = [_no_rows(state, steps) for state in states]

    def one(t: Any, states: Any, history: Any, kept: Any) -> Any:
        recurrent = tf.matmul(states[0], kernel) + bias
        states, keep = gates.forward(inputs.read(t), recurrent, states)
        history = [rows.write(t, state) for rows, state in zip(history, states, strict=True)]
        kept = [rows.write(t, value) for rows, value in zip(kept, keep, strict=True)]
        return t + 1, states, history, kept

    kept = [_no_rows(states[0], steps) for _ in range(gates.kept_arrays)]
    begin = (tf.constant(0), states, history, kept)
    _, states, history, kept = tf.while_loop(
        lambda t, *_: t < steps, one, begin, maximum_iterations=steps
    )
    return states, _stacked(history), _stacked(kept)


def _backward(
    gates: Gates,
    kept: States,
    before: States,
    by_outputs: Any,
    gradients: States,
    kernel: Any,
    room: Any,
) -> tuple[Any, Any, States]:
    """Returns gradients by inputs and recurrent products of all steps, and by the first states.

    Args:
        gates: of the cell.
        kept: of each step, by time.
        before: states before each step, by time.
        by_outputs: ``<float32>[T, B, U]``.
        gradients: by the states after the last step.
        kernel: the recurrent one.
        room: ``<float32>[T, B, G U]``, where gradients may be written over what is not needed.
    """
    steps = room.shape[0] or tf.shape(room)[0]
    read = [_rows(rows, steps) for rows in (*kept, *before, by_outputs)]
    turned = tf.transpose(kernel)
    found = [_rows(room, steps) for _ in range(gates.gradient_arrays)]

    def one(t: Any, gradients: Any, found: Any) -> Any:
        *values, by_output = (rows.read(t) for rows in read)
        keep, states = tuple(values[: len(kept)]), tuple(values[len(kept) :])
        by_gates, others = gates.backward(keep, states, (gradients[0] + by_output, *gradients[1:]))
        found = [rows.write(t, value) for rows, value in zip(found, by_gates, strict=True)]
        first = tf.matmul(by_gates[-1], turned)
        return t - 1, (others[0] + first, *others[1:]), found

    begin = (tf.convert_to_tensor(steps - 1), tuple(gradients), found)
    _, gradients, found = tf.while_loop(lambda t, *_: t >= 0, one, begin, maximum_iterations=steps)
    stacked = _stacked(found)
    return stacked[0], stacked[-1], gradients


def _rows(values: Any, steps: Any) -> Any:
    array = tf.TensorArray(values.dtype, steps, element_shape=values.shape[1:])
    return array.unstack(values)


def _no_rows(like: Any, steps: Any) -> Any:
    return tf.TensorArray(like.dtype, steps, element_shape=like.shape)


def _stacked(arrays: Any) -> States:
    return tuple(rows.stack() for rows in arrays)
