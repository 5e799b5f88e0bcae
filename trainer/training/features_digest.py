"""A digest that tells whether features are what a run was begun with, wherever they are now.

Of a store of up to 256 MB all is read, of a larger one so much, spread evenly over its sequences
and over each of them:

    sequence  |###---------###---------###---------###|   # read, each with its timestamps
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo

LOOKED_AT = 1 << 28  # Bytes of all sequences together.
LEAST = 1 << 16  # Bytes of each sequence.
PIECES = 16
BLOCK = 1 << 22  # Bytes at once.


def features_digest(store: FeatureStore, infos: Sequence[SequenceInfo]) -> str:
    """Returns the digest of features, 16 hexadecimal digits; where files are is no part of it.

    Args:
        store: where the features are.
        infos: the sequences; their order is a part of it.

    Raises:
        InputError: a feature is not finite, or a frame cannot be read.
    """
    # Whatever ``store`` keeps in memory, this keeps nothing.
    reader = FeatureStore(store.root)
    share = _share([info.steps * _step_bytes(info) for info in infos])
    hashed = blake2b(digest_size=8)
    for info in infos:
        told = (info.sequence_id, info.steps, info.dimension, info.dtype)
        hashed.update(repr(told).encode())
        for start, stop in stretches(info.steps, _step_bytes(info), share):
            hashed.update(reader.content(info.sequence_id, start, stop))
            hashed.update(reader.timestamps(info.sequence_id, start, stop).tobytes())
    reader.close()
    return hashed.hexdigest()


def stretches(steps: int, step_bytes: int, share: int) -> Iterator[tuple[int, int]]:
    """Yields which steps are looked at, in order: ``(start, stop)``, both ends among them.

    Args:
        steps: N.
        step_bytes: of a step.
        share: bytes of the sequence that may be read.

    Yields:
        Their first step, and the one after the last.
    """
    most = max(1, share // step_bytes)
    if most >= steps:
        yield from _blocks(0, steps, step_bytes)
        return
    count = min(PIECES, most)
    length = most // count
    for begin in np.linspace(0, steps - length, count).round().astype(int).tolist():
        yield from _blocks(begin, begin + length, step_bytes)


def _blocks(start: int, stop: int, step_bytes: int) -> Iterator[tuple[int, int]]:
    length = max(1, BLOCK // step_bytes)
    for begin in range(start, stop, length):
        yield begin, min(begin + length, stop)


def _share(sizes: Sequence[int]) -> int:
    """Returns how many bytes of each sequence are read: all, or an equal share of the most."""
    return max(sizes) if sum(sizes) <= LOOKED_AT else max(LEAST, LOOKED_AT // len(sizes))


def _step_bytes(info: SequenceInfo) -> int:
    return info.dimension * np.dtype(info.dtype).itemsize
