"""Freshness: which files of a store are finished and need not be made again."""

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError, MustStay, OtherSettings
from preprocessing.files.ordinary import FileState, file_state
from preprocessing.store.sequence_info import Origin, SequenceInfo, read_info

CONTENT = "columns"
READ_BYTES = 1 << 20


def find_done(
    path: Path, sequence_id: str, wanted: Origin, overwrite: bool = False
) -> SequenceInfo | None:
    """Describes the sequence in ``path``, if it is whole and was made as it would be made now.

    Args:
        path: the file.
        sequence_id: the sequence in it.
        wanted: the source and settings with which it would be made now.
        overwrite: True if a file made with other settings may be replaced.

    Raises:
        MustStay: the file was made with other settings, or cannot be read now.
    """
    if not path.exists():
        return None
    try:
        info = read_info(path, sequence_id)
    except MustStay:
        raise
    except InputError:
        return None
    if info.origin.method == wanted.method:
        return info if info.origin.fingerprint == wanted.fingerprint else None
    if not overwrite:
        _require_same_settings(path, info.origin, wanted)
    return None


def _require_same_settings(path: Path, stored: Origin, wanted: Origin) -> None:
    before, now = _settings(stored), _settings(wanted)
    # Other content may have other columns, with the same settings.
    ignored = {CONTENT} if stored.fingerprint != wanted.fingerprint else set()
    names = [name for name in {**before, **now} if name not in ignored]
    other = [name for name in names if before.get(name) != now.get(name)]
    if "backbone" in other:
        # The rest follows from it.
        other = [name for name in other if name in ("fps", "backbone", "dtype")]
    if other:
        old, new = (", ".join(f"{name} {of.get(name)}" for name in other) for of in (before, now))
        same_fps = other == ["fps"] and stored.fps != "native"
        as_before = f"--fps {stored.fps.removesuffix('.0')} as before, " if same_fps else ""
        raise OtherSettings(
            f"{path} was made with {old}, and is now asked for with {new}: give {as_before}another "
            "--store, or --overwrite to make it again, after which runs trained on it cannot go on"
        )


def _settings(origin: Origin) -> dict[str, Any]:
    """Returns all settings with which features were made, by name."""
    try:
        more = dict(json.loads(origin.settings))
    except (ValueError, TypeError):
        more = {"settings": origin.settings}
    named = {"fps": origin.fps, "backbone": origin.backbone, "weights": origin.backbone_digest}
    return named | more


def joint_fingerprint(paths: Iterable[Path], reading: str) -> str:
    """Identifies the whole content of the files of one sequence, and how they are read.

    Args:
        paths: the files.
        reading: the options that change what is read from them.

    Raises:
        OSError: a file cannot be read.
    """
    hashed = blake2b(reading.encode(), digest_size=16)
    for path in paths:
        hashed.update(content_digest(path))
    return hashed.hexdigest()


def content_digest(path: Path) -> bytes:
    """Returns a digest of a file's whole content; a file of many sequences is read once.

    Raises:
        OSError: the file cannot be read.
    """
    return _digest(path, file_state(path))


@lru_cache(maxsize=8)
def _digest(path: Path, state: FileState) -> bytes:
    hashed = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            hashed.update(block)
    return hashed.digest()


def put_aside(path: Path) -> str:
    """Renames a file of old features so that nobody trains on them, and says where they are."""
    if not path.exists():
        return ""
    old = path.with_name(f"{path.name}.old")
    path.replace(old)
    return f"; features made before are now {old}"
