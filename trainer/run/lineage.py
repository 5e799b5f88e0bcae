"""The sequences that a model was trained on, by its run and by those that it continues.

RUN/trained.json: {"run": [[id, fingerprint of the source, steps], ...], "ancestors": [...]}
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.store.sequence_info import SequenceInfo

UNKNOWN_STEPS = 0


class Recording(NamedTuple):
    """The marks of a sequence by which it is known again, wherever it is and whatever its id.

    Attributes:
        sequence_id: its id.
        fingerprint: of its source; empty if that is unknown.
        steps: N; 0 if that is unknown.
    """

    sequence_id: str
    fingerprint: str = ""
    steps: int = UNKNOWN_STEPS

    @classmethod
    def of(cls, info: SequenceInfo) -> "Recording":
        """Describes a stored sequence."""
        return cls(info.sequence_id, info.origin.fingerprint, info.steps)


@dataclass(frozen=True)
class Lineage:
    """The recordings that weights come from: of the run itself and of those that it continues."""

    run: frozenset[Recording]
    ancestors: frozenset[Recording] = frozenset()

    @classmethod
    def begun(cls, infos: Iterable[SequenceInfo], before: "Lineage | None") -> "Lineage":
        """Makes the lineage of a run that begins.

        Args:
            infos: the sequences that it trains on.
            before: the lineage of the run that it continues.
        """
        ancestors = before.run | before.ancestors if before else frozenset[Recording]()
        return cls(frozenset(map(Recording.of, infos)), ancestors)

    def seen(self, infos: Iterable[SequenceInfo]) -> list[str]:
        """Returns the ids of those of some sequences that were trained on, sorted.

        These are sequences of the same source, and those of the same id, if as far as is known
        they are as long: a video may have been encoded anew.

        Args:
            infos: any stored sequences.
        """
        known = self.run | self.ancestors
        prints = {it.fingerprint for it in known} - {""}
        named = {(it.sequence_id, it.steps) for it in known}
        return sorted(
            info.sequence_id
            for info in infos
            if info.origin.fingerprint in prints
            or not named.isdisjoint((info.sequence_id, n) for n in (info.steps, UNKNOWN_STEPS))
        )

    def to_json(self) -> str:
        """Returns the content of trained.json."""
        told = {"run": sorted(self.run), "ancestors": sorted(self.ancestors)}
        return json.dumps(told, indent=1) + "\n"


def read_lineage(path: Path, trained: Iterable[str]) -> Lineage:
    """Reads trained.json.

    Args:
        path: the file; runs of before there was one lack it.
        trained: the ids of the train split, which are all that is known without it.

    Raises:
        InputError: the file cannot be read.
    """
    if not path.exists():
        return Lineage(frozenset(map(Recording, trained)))
    loaded = read_json(path, "what a run was trained on")
    try:
        return Lineage(*(frozenset(map(_recording, loaded[of])) for of in ("run", "ancestors")))
    except (ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error)[:100].split())
        raise InputError(f"cannot read {path}: {reason}; train the run again") from None


def _recording(row: list[object]) -> Recording:
    """Returns a row of trained.json.

    Raises:
        ValueError: it is none.
    """
    match row:
        case [str(sequence_id), str(fingerprint), int(steps)]:
            return Recording(sequence_id, fingerprint, steps)
    raise ValueError("expected [id, fingerprint, steps]")
