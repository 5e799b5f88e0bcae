"""The text files of Praat, as a row of texts, numbers and flags with anything between them."""

import math
import re
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.labels.formats.gathering import short

# What is no text stands by itself; an exclamation mark begins a comment.
TOKEN = re.compile(
    r'"|(?<!\S)![^\r\n]*|<(?:exists|absent)>'
    r"|(?<!\S)[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\S)"
)
MOST_COUNT = 1 << 53


class PraatText:
    """Reads one thing after the other.

    Args:
        written: all of the file.
        path: its name, for messages.

    Attributes:
        path: the argument.
    """

    def __init__(self, written: str, path: Path):
        self.path = path
        self._written, self._at = written, 0
        self._begin = 0

    def place(self) -> str:
        """Names the line of what was read last."""
        return f"line {self._written.count(chr(10), 0, self._begin) + 1}"

    def over(self) -> bool:
        """Returns whether there is nothing more to read."""
        at, begin = self._at, self._begin
        more = self._next()
        self._at, self._begin = at, begin
        return more is None

    def text(self, what: str) -> str:
        """Reads a text in quotes, in which double quotes stand for one.

        Args:
            what: what it should be, for the message.

        Raises:
            InputError: something else comes, or nothing, or the quotes do not end.
        """
        token = self._next()
        if token != '"':
            raise self._unexpected(token, what)
        end = self._written.find('"', self._at)
        while end >= 0 and self._written.startswith('""', end):
            end = self._written.find('"', end + 2)
        if end < 0:
            raise InputError(f"{self.path} {self.place()}: a text begins here and never ends")
        found = self._written[self._at : end]
        self._at = end + 1
        return found.replace('""', '"')

    def number(self, what: str) -> float:
        """Reads a finite number.

        Args:
            what: what it should be, for the message.

        Raises:
            InputError: something else comes, or nothing.
        """
        token = self._next()
        try:
            value = float(token or "")
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self._unexpected(token, what)
        return value

    def count(self, what: str) -> int:
        """Reads a whole number from 0.

        Args:
            what: what it should be, for the message.

        Raises:
            InputError: something else comes, or nothing.
        """
        value = self.number(what)
        if value != int(value) or not 0 <= value < MOST_COUNT:
            raise self._unexpected(f"{value:g}", what)
        return int(value)

    def flag(self) -> bool:
        """Reads whether something follows.

        Raises:
            InputError: there is no flag.
        """
        token = self._next()
        if token not in ("<exists>", "<absent>"):
            raise self._unexpected(token, "<exists>")
        return token == "<exists>"

    def _next(self) -> str | None:
        """Passes to the next thing: a number, a flag, or the quote that a text begins with."""
        while found := TOKEN.search(self._written, self._at):
            self._begin, self._at = found.span()
            if not found[0].startswith("!"):
                return found[0]
        self._begin = self._at = len(self._written)
        return None

    def _unexpected(self, token: str | None, what: str) -> InputError:
        shown = {None: "the end of the file", '"': "a text"}.get(token) or short(token)
        return InputError(f"{self.path} {self.place()}: {shown}; expected {what}")
