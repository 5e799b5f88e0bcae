"""Videos, and features made elsewhere, as a store of feature sequences; labels and splits."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from preprocessing.errors import InputError
    from preprocessing.extraction.command import extract
    from preprocessing.extraction.options import ExtractConfig
    from preprocessing.store.feature_store import FeatureStore
    from preprocessing.store.sequence_file import SequenceWriter

_WHERE = {
    "ExtractConfig": "preprocessing.extraction.options",
    "FeatureStore": "preprocessing.store.feature_store",
    "InputError": "preprocessing.errors",
    "SequenceWriter": "preprocessing.store.sequence_file",
    "extract": "preprocessing.extraction.command",
}
__all__ = ["ExtractConfig", "FeatureStore", "InputError", "SequenceWriter", "extract"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
