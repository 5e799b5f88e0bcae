"""What a user has set for Keras changes nothing, in any process, and stays as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import LONGTAKE

SETTINGS = {
    "floatx": "float16",
    "epsilon": 1e-2,
    "backend": "torch",
    "image_data_format": "channels_first",
}
# A process of --jobs: one that is started anew and has its work unpickled.
IN_ANOTHER = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import tests.test_keras_settings as own
if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(own.save_features, sys.argv[1]).result()
"""


def save_features(path: str) -> None:
    from preprocessing.backbones import load_backbone

    frames = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    np.save(path, load_backbone("efficientnet-lite0")([frames]))


def run(code: str, *arguments: object, home: Path, **variables: str) -> Any:
    environment = {**os.environ, "KERAS_HOME": str(home), **variables}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_users_settings_change_no_feature_and_stay_as_they_are(tmp_path: Path) -> None:
    settings = tmp_path / "keras.json"
    settings.write_text(json.dumps(SETTINGS))
    done = run(IN_ANOTHER, tmp_path / "f.npy", home=tmp_path, KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    save_features(str(tmp_path / "expected.npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "f.npy"), np.load(tmp_path / "expected.npy"))
    assert json.loads(settings.read_text()) == SETTINGS


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"floatx": "half"}', "Keras cannot be imported (Invalid `floatx` configuration."),
        ("[]", "mend or remove its file ~/.keras/keras.json"),
    ],
)
def test_settings_that_keras_does_not_take_are_named_in_a_line(
    tmp_path: Path, settings: str, said: str
) -> None:
    (tmp_path / "keras.json").write_text(settings)
    done = run(LONGTAKE, "train", "--store=a", "--labels=b", "--run=c", home=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_keras_on_something_else_in_this_process_is_refused(tmp_path: Path) -> None:
    code = """
import sys, types
sys.modules["tensorflow"] = types.ModuleType("tensorflow")  # Which is not asked for anything.
keras = types.ModuleType("keras")
keras.config = types.SimpleNamespace(backend=lambda: "jax")
sys.modules["keras"] = keras
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
try:
    import_tensorflow()
except InputError as error:
    print(error)
"""
    done = run(code, home=tmp_path)
    assert "Keras runs on jax in this process, expected tensorflow" in done.stdout, done.stderr
