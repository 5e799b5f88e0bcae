"""Models of strangers take no more memory than their files hold, and are refused in a line."""

import json
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from preprocessing.backbones import load_backbone
from preprocessing.errors import InputError
from preprocessing.files.keras_archive import open_keras
from preprocessing.terminal.quiet import import_tensorflow
from trainer.model.model_file import load_model

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

Members = dict[str, bytes]
GIGABYTE_IN_KB = 1 << 20


@pytest.fixture
def members(tmp_path: Path) -> Members:
    """Of a small file."""
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((6, 8, 3)), layers.Flatten(), layers.Dense(2)]).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def dense(config: Any) -> Any:
    return next(it for it in config["config"]["layers"] if it["class_name"] == "Dense")


def changed(change: Callable[[Any], None]) -> Callable[[Members], Members]:
    """Another configuration."""

    def spoil(members: Members) -> Members:
        config = json.loads(members["config.json"])
        change(config)
        return {**members, "config.json": json.dumps(config).encode()}

    return spoil


def of_units(count: int) -> Callable[[Members], Members]:
    return changed(lambda config: dense(config)["config"].update(units=count))


def with_code_behind(config: Any) -> None:
    """A large layer, and one that is refused only after it."""
    dense(config)["config"].update(units=4 * 10**8)
    config["config"]["layers"].append({**dense(config), "class_name": "Lambda"})


def of_torch(config: Any) -> None:
    dense(config).update(
        module="keras.layers",
        class_name="TorchModuleWrapper",
        registered_name=None,
        config={"name": "dense", "module": "gASVAA=="},
    )


DECLARES = "declares weights of .* bytes and holds"
HOSTILE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "huge": (of_units(10**10), DECLARES),
    "large": (of_units(4 * 10**8), DECLARES),
    "large, then code": (changed(with_code_behind), "cannot be opened"),
    "torch": (changed(of_torch), "cannot be opened"),
    "deep": (lambda m: {**m, "config.json": b"[" * 200_000}, "cannot be opened"),
    "a number without end": (lambda m: {**m, "config.json": b"1" * 6000}, "cannot be opened"),
    "a list": (lambda m: {**m, "config.json": b"[]"}, "cannot be opened"),
    "spaces": (lambda m: {**m, "config.json": b" " * (1 << 26)}, "unpacks into"),
    "no configuration": (lambda m: {"metadata.json": m["metadata.json"]}, "no item named"),
    "no weights": (
        lambda m: {name: content for name, content in m.items() if "weights" not in name},
        "cannot be opened",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_refused_before_memory_is_taken(
    members: Members, tmp_path: Path, name: str
) -> None:
    spoil, message = HOSTILE[name]
    path = write(tmp_path / "hostile.keras", spoil(members))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=message):
        load_model(path)
    with pytest.raises(InputError, match=message):
        load_backbone(str(path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GIGABYTE_IN_KB // 2


def test_layers_of_ones_own_help_no_model_that_has_none(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(keras.saving, "load_model", lambda path, **_: opened.append(path))
    path = write(tmp_path / "hostile.keras", changed(with_code_behind)(members))
    with (
        keras.saving.custom_object_scope({"mine>Own": layers.Dense}),
        pytest.raises(InputError, match="cannot be opened"),
    ):
        load_model(path)
    assert not opened


@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU])
def test_a_model_that_is_what_it_says_is_opened_packed_or_not(tmp_path: Path, layer: Any) -> None:
    path = tmp_path / "model.keras"
    model = keras.Sequential(
        [
            keras.Input((None, 5)),
            layers.Dropout(0.5),
            layer(300, return_sequences=True),
            layers.BatchNormalization(),
            layers.Dense(2, dtype="mixed_bfloat16"),
        ]
    )
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for found in (path, write(tmp_path / "packed.keras", content)):
        opened = open_keras(found)
        for one, other in zip(opened.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    # What was opened to look at leaves nothing behind.
    names = [part.name for part in keras.Sequential([keras.Input((2,)), layers.Dense(1)]).layers]
    assert names[0].startswith("dense")
