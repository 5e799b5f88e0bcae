"""Decoded figures of several evaluations, some of which have none.

Whose decoder is none answers as its model does, so its raw figures stand for the decoded ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def all_decoded(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """Returns what each has under ``decoded``; None of all if none of them was decoded.

    Args:
        results: what the metrics.json of each holds.
    """
    names = next((list(result["decoded"]) for result in results if result["decoded"]), [])
    own = [result["decoded"] or {name: result[name] for name in names} for result in results]
    return [figures or None for figures in own]
