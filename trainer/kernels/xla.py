"""Functions compiled by XLA, where that is right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

by_xla_now: ContextVar[bool] = ContextVar("by_xla", default=False)


@contextmanager
def compiled_by_xla() -> Iterator[None]:
    """Says, to what is traced within this block, that XLA compiles it."""
    token = by_xla_now.set(True)
    try:
        yield
    finally:
        by_xla_now.reset(token)


def compiled(
    function: Callable[..., Any], any_length: bool = False, plain: bool = False
) -> Callable[..., Any]:
    """Compiles a function, by XLA where that is right.

    XLA needs fixed shapes, and where there is a GPU it would keep recurrent layers out of cuDNN.
    Neither this package nor Keras needs ``if`` and ``for`` of Python to be turned into operations,
    which takes a second; layers of one's own may, which are registered with Keras.

    Args:
        function: of tensors.
        any_length: whether shapes may differ from call to call.
        plain: whether XLA is to be left out.
    """
    by_xla = not (any_length or plain or tf.config.list_physical_devices("GPU"))

    def traced(*arguments: Any) -> Any:
        with compiled_by_xla() if by_xla else nullcontext():
            return function(*arguments)

    program: Callable[..., Any] = tf.function(
        traced,
        jit_compile=by_xla,
        reduce_retracing=any_length,
        autograph=bool(keras.saving.get_custom_objects()),
    )
    return program
