"""Features in units of their deviation: learned in a streaming pass, applied inside the model.

    train      z_t = (x_t - m) / s                     m, s of the training split
    running    z_t = (x_t - m_t) / s_t                 m_t, s_t of this sequence up to t, in which
                                                       m and s count for k steps ("shrinkage")

Running moments are sums over the steps since the reset, handed on in the carry, so that they are
those of the whole sequence wherever it is cut:

    n_t = n + 1,   S_t = S + z_t,   Q_t = Q + z_t^2    with z_t = (x_t - m) / s
    mean_t = S_t / (n_t + k),   variance_t = (Q_t + k) / (n_t + k) - mean_t^2

which is the posterior mean of a normal distribution's moments under a prior worth k steps (Gelman
et al. 2013, "Bayesian data analysis", section 3.3, without its correction of degrees of freedom).
"""

from typing import Any

from numpy.typing import NDArray

SMALLEST_VARIANCE = 1e-4  # Of a sequence, in units of the training split's.


def scale(x: Any, mean: NDArray[Any], variance: NDArray[Any]) -> Any:
    """Makes a layer that takes the mean away and divides by the deviation, in float32.

    Args:
        x: ``<float32>[B, T, F]``.
        mean: ``<float>[F]``.
        variance: ``<float>[F]``.
    """
    import keras

    return keras.layers.Normalization(
        mean=mean.astype("float32").tolist(),
        variance=variance.astype("float32").tolist(),
        dtype="float32",
        name="normalize",
    )(x)


def scale_by_sequence(z: Any, shrinkage: int) -> tuple[Any, list[Any], list[Any]]:
    """Makes layers that normalise by the running moments of the sequence.

    Args:
        z: ``<float32>[B, T, F]``, normalised by the training split.
        shrinkage: k.

    Returns:
        ``<float32>[B, T, F]``, and the carry in and out: ``count [B, 1]``, ``sum [B, F]``,
        ``square_sum [B, F]``.
    """
    import keras
    from keras import ops

    size = z.shape[-1]
    carry = [
        keras.Input((width,), name=name, dtype="float32")
        for name, width in (("count", 1), ("sum", size), ("square_sum", size))
    ]
    steps = (ops.ones_like(z[..., :1]), z, ops.square(z))
    # In this order: Keras takes what is added second for a bias if all of it lies along one axis as
    # long as the second axis of the first, which [B, 1, 1] does where B is T.
    count, total, squares = (
        before[:, None, :] + ops.cumsum(step, axis=1)
        for step, before in zip(steps, carry, strict=True)
    )
    weight = count + float(shrinkage)
    mean = total / weight
    variance = (squares + float(shrinkage)) / weight - ops.square(mean)
    deviation = ops.sqrt(ops.maximum(variance, SMALLEST_VARIANCE))
    after = [state[:, -1, :] for state in (count, total, squares)]
    return (z - mean) / deviation, carry, after
