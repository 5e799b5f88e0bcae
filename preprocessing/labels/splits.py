"""Splits: the sequences for training, validation and test."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path

from preprocessing.errors import InputError, shorten, some
from preprocessing.files.text_files import read_json, read_lines
from preprocessing.terminal.console import note

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """The sequence ids of each part; no id is in two of them.

    Raises:
        InputError: an id is in two parts, or there is nothing to train on.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for part in PARTS:
            for sequence_id in getattr(self, part):
                if sequence_id in seen:
                    raise InputError(
                        f"sequence {shorten(sequence_id)!r} is in {seen[sequence_id]} and again "
                        f"in {part}; expected it once in one part"
                    )
                seen[sequence_id] = part
        if not self.train:
            raise InputError("the train split is empty; expected at least one sequence id")

    def __getitem__(self, part: str) -> tuple[str, ...]:
        ids: tuple[str, ...] = getattr(self, part)
        return ids

    def to_json(self) -> str:
        """Returns the parts as JSON that ``read_splits`` can read."""
        return json.dumps({part: list(self[part]) for part in PARTS}, indent=1) + "\n"


def read_splits(path: Path) -> Splits:
    """Reads a JSON file, or a folder with train.txt, validation.txt (optional) and test.txt.

    Raises:
        InputError: the path is neither, or a part is not a list of ids.
    """
    loaded = _read_folder(path) if path.is_dir() else read_json(path, "splits")
    if not isinstance(loaded, dict) or not set(loaded) <= set(PARTS) or "train" not in loaded:
        raise InputError(
            f'{path}: expected {{"train": [...], "validation": [...], "test": [...]}}, of which '
            f"only train is needed; {_found(loaded)}"
        )
    for part, ids in loaded.items():
        if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids):
            raise InputError(f"{path}: {part} must be a list of sequence ids")
    return Splits(*(tuple(loaded.get(part, ())) for part in PARTS))


def _found(loaded: object) -> str:
    """Says what a file holds instead of the parts."""
    if not isinstance(loaded, dict):
        return "got no object with names"
    keys = some([repr(key) for key in loaded], 5) or "nothing"
    near = {key: difflib.get_close_matches(key, PARTS, 1, 0.4) for key in set(loaded) - set(PARTS)}
    meant = [f"{shorten(key)} for {match[0]}" for key, match in sorted(near.items()) if match]
    return f"got {keys}" + f" (is {some(meant)}?)" * bool(meant)


def _read_folder(path: Path) -> dict[str, list[str]]:
    files = {part: path / f"{part}.txt" for part in PARTS}
    for other in sorted(set(path.glob("*.txt")) - set(files.values())):
        note(f"{other} is not read: a splits folder has train.txt, validation.txt and test.txt")
    return {
        part: [line for line in read_lines(file, "splits") if line]
        for part, file in files.items()
        if file.exists() or part == "train"
    }
