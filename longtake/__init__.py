"""Longtake from Python: the public names of ``preprocessing`` and ``trainer``, in one place.

    import longtake

    config = longtake.TrainConfig(store="store", labels="labels.csv", run="runs/first")
    run = longtake.train(config)

A name is imported when it is first asked for, and TensorFlow with the first that needs it.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from preprocessing import ExtractConfig, FeatureStore, InputError, SequenceWriter, extract
    from trainer import (
        EvaluateConfig,
        OnlineTrainer,
        Run,
        TrainConfig,
        TrainedRun,
        choose_by_folds,
        evaluate,
        load_run,
        train,
        write_bouts,
    )

    __version__: str

__all__ = [
    "EvaluateConfig",
    "ExtractConfig",
    "FeatureStore",
    "InputError",
    "OnlineTrainer",
    "Run",
    "SequenceWriter",
    "TrainConfig",
    "TrainedRun",
    "choose_by_folds",
    "evaluate",
    "extract",
    "load_run",
    "train",
    "write_bouts",
]
_PACKAGES = ("preprocessing", "trainer")
_FOLDER = Path(__file__).resolve().parents[1]


def _require_own(package: str) -> None:
    """Checks that a package is the one that lies beside this one, before anything of it is run.

    Args:
        package: its name.

    Raises:
        ImportError: a file or a folder of that name hides it, or it is not there.
    """
    try:
        found = importlib.util.find_spec(package)
    except ValueError:  # A module without a spec was put into sys.modules.
        places = [getattr(sys.modules[package], "__file__", None) or "a module of that name"]
    else:
        places = [found.origin or "", *(found.submodule_search_locations or ())] if found else []
    expected = _FOLDER / package
    if any(Path(place).resolve() in (expected, expected / "__init__.py") for place in places):
        return
    if not places:
        raise ImportError(f"Longtake's folder {expected} is missing; install longtake again")
    raise ImportError(
        f"{next(filter(None, places))} hides Longtake's own package {package}, which is {expected}:"
        " rename yours, or start Python with -P (from 3.11 on), which looks for no modules beside "
        "a script or in the current folder"
    )


def _homes() -> dict[str, str]:
    """Returns the package that has each public name.

    Raises:
        ImportError: a package is not Longtake's, or has lost names.
    """
    for package in _PACKAGES:
        _require_own(package)
    modules = map(importlib.import_module, _PACKAGES)
    homes = {name: module.__name__ for module in modules for name in getattr(module, "__all__", ())}
    if lost := sorted(set(__all__) - homes.keys()):
        raise ImportError(
            f"{' and '.join(str(_FOLDER / package) for package in _PACKAGES)} lack "
            f"{', '.join(lost)}: another package of that name was installed over Longtake's; "
            "install longtake again, in an environment without it"
        )
    return homes


_HOMES = _homes()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("longtake")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    dunders = (name for name in globals() if name.startswith("__"))
    return sorted({*dunders, *__all__, "__version__"})
