"""The facts about decoders in metrics.json: of one, and of those of several runs as one."""

from collections.abc import Mapping
from typing import Any

NONE, VITERBI, MIXED = "none", "viterbi", "mixed"
# What each kind is called where people read it.
WORDS = {
    NONE: NONE,
    VITERBI: "Viterbi",
    "lengths": "thresholds and shortest lengths",
    MIXED: "a decoder in some runs, raw in the others",
}


def joined_decoder(
    facts: Mapping[str, Mapping[str, Any] | None], what: str
) -> dict[str, Any] | None:
    """Returns ``decoder`` of metrics.json for several runs; None if none of them has one.

    Args:
        facts: that of each, by its name.
        what: what they are, ``folds`` or ``seeds``.
    """
    known = [one for one in facts.values() if one]
    if not known:
        return None
    kinds = {one["kind"] if one else NONE for one in facts.values()}
    kind = kinds.pop() if len(kinds) == 1 else MIXED
    return {"kind": kind, "lag": known[0]["lag"], what: dict(facts)}


def decoder_text(decoder: Mapping[str, Any] | None) -> str:
    """Says by what answers were decoded.

    Args:
        decoder: as in metrics.json.

    Raises:
        KeyError, TypeError, ValueError: that is none.

    Examples:
        >>> decoder_text({"kind": "viterbi", "lag": None})
        'Viterbi, whole sequences at once'
        >>> decoder_text({"kind": "mixed", "lag": 2.0})
        'a decoder in some runs, raw in the others, with a lag of 2 s'
        >>> decoder_text({"kind": "none", "lag": None}), decoder_text(None)
        ('none', 'none')
    """
    kind, lag = (decoder["kind"], decoder["lag"]) if decoder else (NONE, None)
    if kind not in WORDS:
        raise ValueError(f"no such decoder: {kind!r}")
    if kind == NONE:
        return NONE
    seen = "whole sequences at once" if lag is None else f"with a lag of {float(lag):g} s"
    return f"{WORDS[kind]}, {seen}"
