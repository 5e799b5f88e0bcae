import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from forked import AS_FOR_USERS
from hypothesis import is_hypothesis_test, settings
from longer import LONGER, SETTINGS
from made_stores import MadeStore, write_memory_task, write_sequence

from preprocessing.store.feature_store import FeatureStore

# What passed yesterday passes today; --all searches at random, and so many times longer.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")

# XLA compiles in a quarter of the time what then runs for milliseconds. With --all it does what it
# does for users. A TensorFlow that does not know one of these ends: only what was tried gets them.
TRIED_TENSORFLOW = "2.21."
QUICKLY_COMPILED = (
    "--xla_backend_optimization_level=0",
    "--xla_cpu_parallel_codegen_split_count=1",
    "--xla_cpu_use_fusion_emitters=false",
)

# Python keeps what it compiles, for the hundred processes that tests start, even if told not to.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whichever test imports TensorFlow first, it keeps its chatter to itself.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keras looks for downloaded weights here, and reads the name when it is imported.
if "LONGTAKE_KERAS_HOME" not in os.environ:
    os.environ["LONGTAKE_KERAS_HOME"] = tempfile.mkdtemp(prefix="longtake-keras-")
    atexit.register(shutil.rmtree, os.environ["LONGTAKE_KERAS_HOME"], ignore_errors=True)
os.environ["KERAS_HOME"] = os.environ["LONGTAKE_KERAS_HOME"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="long tests in their full form")
    parser.addoption("--mutants", default=10_000, help="with --all: damaged files of each kind")


def pytest_configure(config: pytest.Config) -> None:
    """Decides how hypothesis searches, before tests take their settings from the profile.

    And how XLA compiles, here and in processes that tests start, before TensorFlow is imported.
    Nor is a disk waited for: no power fails while tests run, and what kills a process does not
    lose what it has written.
    """
    settings.load_profile("search" if config.getoption("--all") else "same")
    if config.getoption("--all"):
        os.environ[AS_FOR_USERS] = "1"
        return
    os.fsync = lambda file: None
    # A process has a share of the cores.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    if version("tensorflow").startswith(TRIED_TENSORFLOW):
        os.environ.setdefault("XLA_FLAGS", " ".join(QUICKLY_COMPILED))


def pytest_collection_finish() -> None:
    """Has the garbage collector pass over all that was imported, and come by less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_sessionfinish() -> None:
    """Leaves what is left to the end of the process: pytest collects it five times over."""
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked slow, or searches longer if everything is asked for."""
    if config.getoption("--all"):
        for test in {item.obj for item in items if is_hypothesis_test(getattr(item, "obj", None))}:
            asked = getattr(test, SETTINGS, None) or settings.default
            setattr(test, SETTINGS, settings(asked, max_examples=LONGER * asked.max_examples))
    else:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether tests that have a short and a full form run in their full form."""
    return bool(pytestconfig.getoption("--all"))


@pytest.fixture(scope="session", autouse=True)
def _latency_is_given(thorough: bool) -> Iterator[None]:
    """Evaluating compiles one more program and times it; with --all, and where it is the point."""
    with pytest.MonkeyPatch.context() as patch:
        if not thorough and (command := sys.modules.get("trainer.evaluation.command")):
            given = sys.modules["trainer.evaluation.latency"].Latency(0.6213, 0.9, 200)
            patch.setattr(command, "measure_latency", lambda run: given)
        yield


@pytest.fixture
def make_store(tmp_path: Path) -> MadeStore:
    """Makes a store of random features, sequences s0, s1, ... of the given lengths."""

    def make(lengths: Sequence[int], dimension: int = 3, name: str = "store") -> FeatureStore:
        generator = np.random.default_rng(0)
        for number, length in enumerate(lengths):
            features = generator.normal(size=(length, dimension))
            write_sequence(tmp_path / name, f"s{number}", features)
        return FeatureStore(tmp_path / name)

    return make


@pytest.fixture
def memory_task(tmp_path: Path) -> tuple[Path, Path]:
    """A store and labels: the sign of the first step's feature is the label of all steps."""
    return write_memory_task(tmp_path)
