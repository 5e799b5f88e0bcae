"""What is finished and need not be made again."""

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.inputs import fingerprint
from preprocessing.sequence_file import Origin, SequenceInfo, read_info


def find_done(path: Path, sequence_id: str, wanted: Origin) -> SequenceInfo | None:
    """What is in ``path``, if it is a whole file made of the same content in the same way."""
    if not path.exists():
        return None
    try:
        info = read_info(path, sequence_id)
    except (InputError, OSError):
        return None
    stored = info.origin
    same = (stored.fingerprint, stored.recipe) == (wanted.fingerprint, wanted.recipe)
    return info if same else None


def joint_fingerprint(paths: Iterable[Path], reading: str) -> str:
    """Identifies the content of the files that make one sequence, and how they are read.

    Raises:
        OSError: a file cannot be read.
    """
    hashed = blake2b(reading.encode(), digest_size=16)
    for path in paths:
        hashed.update(fingerprint(path).encode())
    return hashed.hexdigest()
