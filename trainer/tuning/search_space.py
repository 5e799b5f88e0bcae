"""The search space of ``tune``: options of ``train`` with their possible values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from preprocessing.errors import InputError
from trainer.config import TrainConfig, flag

if TYPE_CHECKING:
    from optuna import Trial

# Where things are, and what is learned: trials that differ in these cannot be compared.
FIXED = {"store", "labels", "run", "splits", "fractions", "ignore_label", "unlabelled"}
FIXED |= {"continue_from", "seed"}
FIXED |= {"task", "outputs", "horizon", "direction", "feed", "model", "devices", "strategy"}
FIXED |= {"group_by", "split_seed"}
# Lists, of which a trial takes one item, or none.
LISTS = {"class_weights"}
FIXED |= {"tensorboard", "checkpoint_minutes", "checkpoint_updates", "keep_checkpoints", "cache"}
LOWER_IS_BETTER = ("loss", "error", "mae", "mse", "rmse")
FORMS = "expected NAME=A,B,C or NAME=LOW..HIGH or NAME=LOW..HIGH:log"


@dataclass(frozen=True)
class Choice:
    """An option that takes one of some values."""

    name: str
    values: tuple[Any, ...]
    log = False

    def suggest(self, trial: "Trial") -> Any:
        """Returns a value for the option in a trial."""
        return trial.suggest_categorical(self.name, self.values)

    def holds(self, value: Any) -> bool:
        """Returns True if a value can be this option's."""
        return value in self.values


@dataclass(frozen=True)
class Range:
    """An option that takes any number from ``low`` to ``high``, uniformly or in its logarithm."""

    name: str
    low: float
    high: float
    log: bool

    def suggest(self, trial: "Trial") -> Any:
        """Returns a value for the option in a trial."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(self.name, self.low, self.high, log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def holds(self, value: Any) -> bool:
        """Returns True if a value can be this option's."""
        return type(value) is type(self.low) and self.low <= value <= self.high


Dimension: TypeAlias = Choice | Range


def parse_search(texts: Sequence[str]) -> tuple[Dimension, ...]:
    """Reads a search space.

    Args:
        texts: such as ``units=32,64``, ``dropout=0..0.5`` and ``learning-rate=1e-4..1e-2:log``.

    Raises:
        InputError: an option that cannot be searched, a value that it does not take, a range
            without an inside, or nothing to search.
    """
    if not texts:
        raise InputError(f"--search is empty; {FORMS}")
    dimensions = tuple(_parse(text) for text in texts)
    names = [dimension.name for dimension in dimensions]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--search has {flag(name)} more than once; expected it once")
    return dimensions


def searchable() -> dict[str, Any]:
    """Returns the types of the options that can be searched; of a list, one item or none."""
    hints = get_type_hints(TrainConfig)
    hints |= dict.fromkeys(LISTS, Union[None, str])  # noqa: UP007  (none is tried first)
    return {
        field.name: hints[field.name]
        for field in fields(TrainConfig)
        if field.name not in FIXED
        and not field.name.startswith("label")
        and set(map(_kind, _alternatives(hints[field.name]))) <= {int, float, bool, str, NoneType}
    }


def with_values(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """Returns the options of a trial.

    Args:
        config: the options that are not searched.
        values: the chosen values of the others.

    Raises:
        InputError: the options make no sense together.
    """
    lists = {name: (it,) if it else () for name, it in values.items() if name in LISTS}
    return replace(config, **{**values, **lists})


def _parse(text: str) -> Dimension:
    given, equals, values = text.partition("=")
    name, types = given.strip().replace("-", "_"), searchable()
    if not equals or not values.strip():
        raise InputError(f"--search {text}: {FORMS}")
    if name not in types:
        known = ", ".join(sorted(map(flag, types)))
        raise InputError(f"--search {text}: cannot search {given!r}; expected one of {known}")
    if ".." in values:
        return _parse_range(text, name, types[name], values)
    choices = tuple(_value(text, types[name], part.strip()) for part in values.split(","))
    if len(set(choices)) < len(choices):
        raise InputError(f"--search {text}: a value is given twice; expected each once")
    return Choice(name, choices)


def _parse_range(text: str, name: str, hint: Any, values: str) -> Range:
    values, colon, scale = values.partition(":")
    if colon and scale != "log":
        raise InputError(f"--search {text}: {FORMS}")
    kinds = [kind for kind in _alternatives(hint) if kind in (int, float)]
    if not kinds:
        raise InputError(
            f"--search {text}: {flag(name)} has no range; expected values, each {_said(hint)}"
        )
    low, high = (_value(text, kinds[0], part.strip()) for part in values.split("..", 1))
    if not low < high:
        raise InputError(f"--search {text}: expected LOW..HIGH with LOW below HIGH")
    if colon and low <= 0:
        raise InputError(f"--search {text}: a range with :log begins above 0")
    return Range(name, low, high, bool(colon))


def _value(text: str, hint: Any, part: str) -> Any:
    """Converts a text to a value of one of the types that an option has.

    Raises:
        InputError: the text is no such value.
    """
    for kind in _alternatives(hint):
        if kind is NoneType and part == "none":
            return None
        if kind is bool and part in ("true", "false"):
            return part == "true"
        if kind is str:
            return part
        if kind in (int, float):
            try:
                number = kind(part)
            except ValueError:
                continue
            if math.isfinite(number):
                return number
        elif not isinstance(kind, type) and part == str(kind):
            return kind
    raise InputError(f"--search {text}: {part!r} is no value of this option; each is {_said(hint)}")


def _alternatives(hint: Any) -> list[Any]:
    """Returns the types in a union, and the values of a Literal."""
    if get_origin(hint) in (Union, UnionType):
        return [inner for part in get_args(hint) for inner in _alternatives(part)]
    return list(get_args(hint)) if get_origin(hint) is Literal else [hint]


def _kind(alternative: Any) -> type:
    return alternative if isinstance(alternative, type) else type(alternative)


def _said(hint: Any) -> str:
    words = {int: "a whole number", float: "a number", str: "a word", NoneType: "none"}
    words[bool] = "true or false"
    return " or ".join(
        words[part] if isinstance(part, type) else str(part) for part in _alternatives(hint)
    )
