"""A model of a user's own: a function in a Python file, given as ``FILE.py:function``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from preprocessing.errors import InputError
from preprocessing.terminal.python_file import PythonFile
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.model.carry import call_model, zero_carry
from trainer.task import Classification, Regression, Task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

Build = Callable[[int, int, TrainConfig], keras.Model]
FORM = "from (features [B, T, F], *carry) to (outputs [B, T, C], *carry)"
TRIED = (2, 3)  # B and T of a first try.


@dataclass(frozen=True)
class OwnModel:
    """A function of a user's own that builds a model, and its name for errors.

    Attributes:
        name: as the user gave it.
        build: from F, C and the configuration to a Keras model; F counts the past labels too.
        digest: of its file; empty for a function that was passed in Python.
    """

    name: str
    build: Build
    digest: str = ""

    @classmethod
    def read(cls, given: str) -> "OwnModel":
        """Executes the file ``FILE.py:function``.

        Raises:
            InputError: there is no such file or function, or the file does not run.
        """
        file = PythonFile.read(given)
        try:
            module = file.executed()
        except Exception as error:
            raise InputError(f"{file.where(error)}: {type(error).__name__}: {error}") from error
        build = getattr(module, file.name, None) if file.name else None
        if not callable(build):
            asked = f"has no function {file.name!r}" if file.name else "needs a function after it"
            there = [
                f"{file.path}:{name}"
                for name, value in vars(module).items()
                if callable(value) and getattr(value, "__module__", "") == module.__name__
            ]
            expected = " or ".join(there) or f"{file.path}:build"
            raise InputError(f"--model {given}: {file.path} {asked}; expected {expected}")
        return cls(given, build, file.digest)

    def applied(self, x: Any, task: Task, config: TrainConfig) -> tuple[Any, list[Any], list[Any]]:
        """Builds the model and applies it.

        Args:
            x: ``<float32>[B, T, F]``.
            task: what it must answer.
            config: handed to the function.

        Returns:
            Its outputs, its carry in (inputs of their own), its carry out.

        Raises:
            InputError: what was built is no such model.
        """
        try:
            built = self.build(int(x.shape[-1]), task.size, config)
        except Exception as error:
            raise InputError(f"{self.name}: {type(error).__name__}: {error}") from error
        model = self._formed(built)
        self._require_answers(model, int(x.shape[-1]), task)
        carry = [
            keras.Input(state.shape[1:], name=f"carry_{number}", dtype="float32")
            for number, state in enumerate(model.inputs[1:])
        ]
        outputs, after = call_model(model, x, carry)
        return outputs, carry, list(after)

    def _formed(self, built: Any) -> keras.Model:
        """Returns the model with lists of inputs and outputs, also where there is one of each."""
        functional = isinstance(built, keras.Model) and getattr(built, "inputs", None)
        if not functional or len(built.inputs) != len(built.outputs):
            raise InputError(f"{self.name} built {_described(built)}; expected a model {FORM}")
        return keras.Model(list(built.inputs), list(built.outputs), name="own")

    def _require_answers(self, model: keras.Model, size: int, task: Task) -> None:
        features = np.zeros((*TRIED, size), "float32")
        try:
            carry = zero_carry(model, TRIED[0])
            made, states = call_model(model, keras.ops.convert_to_tensor(features), carry)
            outputs = keras.ops.convert_to_numpy(keras.ops.cast(made, "float32"))
        except Exception as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self.name}: the model cannot be called: {reason}") from error
        if outputs.shape != (*TRIED, task.size):
            raise InputError(
                f"{self.name}: the model answers {list(outputs.shape)} to {list(features.shape)}; "
                f"expected {[*TRIED, task.size]}"
            )
        for before, state in zip(carry, states, strict=True):
            if before.shape != state.shape:
                raise InputError(
                    f"{self.name}: a carry goes in as {list(before.shape)} and comes out as "
                    f"{list(state.shape)}; expected the same shape"
                )
        if not _are_answers(outputs, task):
            raise InputError(
                f"{self.name}: outputs from {outputs.min():g} to {outputs.max():g} are no "
                "probabilities; end with a softmax for classification, a sigmoid for multilabel"
            )


def _are_answers(outputs: np.ndarray[Any, Any], task: Task) -> bool:
    if isinstance(task, Regression):
        return True
    inside = bool(((outputs >= 0) & (outputs <= 1)).all())
    if isinstance(task, Classification):
        return inside and bool(np.allclose(outputs.sum(-1), 1, atol=1e-2))
    return inside


def _described(model: Any) -> str:
    if isinstance(model, keras.Model) and getattr(model, "inputs", None):
        return f"a model of {len(model.inputs)} inputs and {len(model.outputs)} outputs"
    return f"a {type(model).__name__}"
