"""Options made in Python, where a string does for a path and one value for several."""

import importlib
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake
from preprocessing.cli import COMMANDS as OTHERS
from preprocessing.errors import InputError
from preprocessing.terminal.options import from_yaml, parse, to_yaml
from trainer.cli import COMMANDS
from trainer.config import TrainConfig
from trainer.run.folder import Run

# What a command needs besides paths.
BESIDES: dict[str, dict[str, Any]] = {
    "CrossValidateConfig": {"folds": 3},
    "ExportConfig": {"format": "onnx"},
    "InspectConfig": {"sheet": Path("sheet.png")},
    "StreamConfig": {"source": "0"},
}
# What goes with an option, and without which it is refused.
TOGETHER: dict[tuple[str, str], dict[str, Any]] = {
    ("CrossValidateConfig", "splits"): {"folds": None},
    ("LabelsConfig", "out"): {"to": "via"},
}
texts = st.text("abc/.é \\~-", min_size=1, max_size=8)


def options_of(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def several(hint: Any) -> bool:
    return get_args(hint) in ((Path, ...), (tuple[Path, ...], NoneType))


def paths_of(options: type) -> dict[str, Any]:
    """The types of all options that are paths."""
    hints = get_type_hints(options)
    return {name: it for name, it in hints.items() if it in (Path, Path | None) or several(it)}


CONFIGS = {options_of(one.options) for one in {**OTHERS, **COMMANDS}.values()} | {TrainConfig}
NAMED = {one.__name__: one for one in CONFIGS if paths_of(one)}


def needed(options: type, *paths: Any) -> dict[str, Any]:
    """The options that a command cannot do without; each path is the next of those given."""
    rest, values = list(paths), dict(BESIDES.get(options.__name__, {}))
    for field in fields(options):
        if (hint := paths_of(options).get(field.name)) and field.default in (MISSING, ()):
            values[field.name] = [rest.pop(0), rest.pop(0)] if several(hint) else rest.pop(0)
    return values


@pytest.mark.parametrize("name", sorted(NAMED))
@given(strings=st.lists(texts, min_size=5, max_size=5))
@settings(max_examples=10)
def test_strings_make_the_options_that_paths_make(name: str, strings: list[str]) -> None:
    options = NAMED[name]
    told = options(**needed(options, *strings))
    meant = options(**needed(options, *map(Path, strings)))
    assert told == meant
    assert hash(told) == hash(meant)
    assert to_yaml(told) == to_yaml(meant)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_each_path_of_options_may_be_a_string(name: str) -> None:
    """Those that can be left out, too."""
    options = NAMED[name]
    for field, hint in paths_of(options).items():
        value = ["x", "y"] if several(hint) else "x"
        with_it = {**needed(options, *"abcde"), **TOGETHER.get((name, field), {}), field: value}
        found = getattr(options(**with_it), field)
        assert found == ((Path("x"), Path("y")) if several(hint) else Path("x"))


def test_options_from_python_are_those_of_the_command_line_and_of_the_file(tmp_path: Path) -> None:
    told = longtake.TrainConfig(
        store="s",
        labels=["l.csv", Path("more.csv")],
        run="r",
        splits="splits.json",
        ignore_label="none",
        fractions=[0.5, 0.25, 0.25],
    )
    flags = "--store s --labels l.csv more.csv --run r --splits splits.json --ignore-label none"
    typed = parse(TrainConfig, "train", [*flags.split(), "--fractions", "0.5", "0.25", "0.25"])
    assert told == typed
    (tmp_path / "config.yaml").write_text(to_yaml(told))
    assert from_yaml(TrainConfig, tmp_path / "config.yaml") == typed


def test_one_value_stands_for_several() -> None:
    config = longtake.TrainConfig("s", "l.csv", "r", class_weights="balanced", augment=())
    assert (config.labels, config.class_weights) == ((Path("l.csv"),), ("balanced",))
    assert longtake.ExtractConfig("videos", "s").inputs == (Path("videos"),)
    assert longtake.EvaluateConfig("r", labels="l").labels == (Path("l"),)
    assert longtake.EvaluateConfig("r").labels is None


def test_texts_of_numbers_are_numbers() -> None:
    assert longtake.ExtractConfig("v", "s", fps="4") == longtake.ExtractConfig("v", "s", fps=4.0)
    assert longtake.ExtractConfig("v", "s", fps="native").fps == "native"
    assert longtake.TrainConfig("s", "l", "r", epochs="3").epochs == 3


def test_numbers_of_numpy_are_numbers_of_python() -> None:
    numbers = {"epochs": np.int64(3), "clip_norm": np.float32(2), "layer_norm": np.bool_(True)}
    config = longtake.TrainConfig("s", "l", "r", **numbers)
    assert (type(config.epochs), type(config.clip_norm)) == (int, float)
    assert config.layer_norm is True
    assert "epochs: 3\n" in to_yaml(config)


def test_a_run_or_a_store_does_for_its_folder(make_store) -> None:
    store = make_store([3])
    assert longtake.TrainConfig(store, "l.csv", Run("runs/first")).run == Path("runs/first")
    assert longtake.TrainConfig(store, "l.csv", "r").store == store.root


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"store": 3}, "--store 3: expected a path"),
        ({"learning_rate": 10**400}, "--learning-rate 1000*: expected a number"),
        ({"store": None}, "--store None: expected a path"),
        ({"splits": b"a.json"}, "--splits b'a.json': expected a path"),
        ({"labels": 4}, "--labels 4: expected a list, a path each"),
        ({"labels": ["a", 4]}, r"--labels \['a', 4\]: expected a list, a path each"),
        ({"labels": {"a": 1}}, r"--labels \{'a': 1\}: expected a list, a path each"),
        ({"fractions": 0.7}, "--fractions 0.7: expected a list, 3 of a number each"),
        ({"fractions": [0.7, 0.3]}, r"--fractions \[0.7, 0.3\]: expected a list, 3 of a number"),
        ({"state": "stateful"}, "--state 'stateful': expected carry or reset"),
        ({"cell": "LSTM"}, "--cell 'LSTM': expected lstm or gru"),
        ({"epochs": "five"}, "--epochs 'five': expected a whole number"),
        ({"epochs": True}, "--epochs True: expected a whole number"),
        ({"lanes": 4.5}, "--lanes 4.5: expected a whole number"),
        ({"learning_rate": "fast"}, "--learning-rate 'fast': expected a number"),
        ({"layer_norm": "no"}, "--layer-norm 'no': expected true or false"),
        ({"model": 3}, "--model 3: expected text"),
    ],
)
def test_what_is_none_of_its_type_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainConfig(**{"store": "s", "labels": "l", "run": "r", **values})
