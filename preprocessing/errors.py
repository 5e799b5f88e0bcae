"""Exceptions for bad input, and for work that ends early although nothing is wrong."""

from collections.abc import Sequence

SHOWN_LETTERS = 80


def shorten(text: str, most: int = SHOWN_LETTERS) -> str:
    """Cuts a text from a file or a user for a message, and says how long the whole text was.

    Args:
        text: any text.
        most: the number of letters to keep.
    """
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} letters)"


def counted(number: int, word: str) -> str:
    """Returns a number of things in words: ``1 step``, ``2 steps``.

    Args:
        number: how many there are.
        word: what one of them is called; an s makes it several.
    """
    return f"{number} {word}{'s' * (number != 1)}"


def some(names: Sequence[str], most: int = 3) -> str:
    """Lists the first few names for a message, and shows if there are more.

    Args:
        names: any texts; long ones are cut.
        most: how many are shown.
    """
    return ", ".join(map(shorten, names[:most])) + ", ..." * (len(names) > most)


class InputError(ValueError):
    """Bad arguments or bad input: one line that says what was given, what was expected, what to do.

    Commands turn it into a line on standard error and exit code 2.
    """


class VideoError(InputError):
    """One video cannot be used; the others can.

    Attributes:
        kind: a word for ``failures.csv``, such as ``unreadable``.
    """

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


class OptionError(InputError):
    """An option asks for something that a file lacks.

    If every file lacks it, the option is wrong.
    """


class MustStay(InputError):  # noqa: N818 (nothing is wrong with it)
    """A file of a store must neither be replaced nor be put aside."""


class OtherSettings(MustStay):
    """A file was made with other settings, and nobody said that it may be replaced."""


class Unreachable(MustStay):
    """A file cannot be read at the moment, which says nothing about its content."""


class Stopped(Exception):  # noqa: N818 (no error: what was asked for)
    """A signal ended the work early; nothing is lost and the same command goes on.

    Commands turn it into a line on standard error and exit code 75.
    """


class ReaderGone(Exception):  # noqa: N818 (no error: whoever asked has enough)
    """The reader of standard output has gone, and writing to it was all that was asked for.

    Commands turn it into exit code 0.
    """
