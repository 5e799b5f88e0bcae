"""The beginning of a label file, by which its format is told."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.encoding import LOOKED_AT, encoding_of
from preprocessing.files.ordinary import require_ordinary
from preprocessing.files.text_files import read_json

ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)[\s/>]")
ZIP = b"PK\x03\x04"


class Sample:
    """The first 64 KB of a file, and what is plain to see in them.

    Args:
        path: the file.

    Attributes:
        path: the argument.
        head: its first bytes.
        text: the same as text; empty if the file is no text.
        lines: the lines of that, without spaces around them and without the last, cut one.

    Raises:
        InputError: the file cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            require_ordinary(path)
            with path.open("rb") as file:
                self.head = file.read(LOOKED_AT)
        except OSError as error:
            raise InputError(f"cannot read labels from {path}: {error.strerror or error}") from None
        whole = len(self.head) < LOOKED_AT
        encoding = encoding_of(self.head, whole)
        self.text = self.head.decode(encoding, errors="replace") if encoding else ""
        lines = self.text.splitlines()
        self.lines = [line.strip() for line in (lines if whole or len(lines) < 2 else lines[:-1])]

    @property
    def is_zip(self) -> bool:
        """True for archives, such as spreadsheets are."""
        return self.head.startswith(ZIP)

    @property
    def root(self) -> str:
        """The name of the outermost element of an XML file, without its namespace; else empty."""
        if not self.text.lstrip().startswith("<"):
            return ""
        found = ROOT.search(re.sub(r"<[?!][^>]*>", "", self.text))
        return found.group(1).rpartition(":")[2] if found else ""

    @cached_property
    def json(self) -> Any:
        """The content of a JSON file, all of it; None for every other file."""
        if not self.text.lstrip().startswith(("{", "[")):
            return None
        try:
            return read_json(self.path, "labels")
        except InputError:
            return None
