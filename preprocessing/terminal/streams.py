"""The one place that writes to standard output and standard error.

What is written may come from strangers, so what would not print, such as the escapes by which a
terminal is told to move, to colour or to clear, becomes ``?``. Whoever reads may go away, and a
disk may be full: then the work goes on and is no longer heard.
"""

import errno
import io
import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, TextIO

from preprocessing.errors import InputError

STANDARD = {"stdin": "r", "stdout": "w", "stderr": "w"}


def printable(text: str) -> str:
    """Text of strangers for one line of a terminal or a picture: ? for what would not print."""
    return "".join(character if character.isprintable() else "?" for character in text)


class Output:
    """Standard output or standard error.

    Args:
        name: ``stdout`` or ``stderr``; looked up at each line, for it may be replaced.

    Attributes:
        trouble: why the last line that was lost could not be written; empty for a reader that went
            away, who misses nothing.
    """

    def __init__(self, name: str):
        self.name, self.trouble = name, ""

    @property
    def stream(self) -> TextIO:
        """The stream as it is now."""
        stream: TextIO = getattr(sys, self.name) or io.StringIO()
        return stream

    def say(self, *lines: str) -> None:
        """Writes lines, or goes on without where they cannot be written."""
        try:
            self.send(*lines)
        except OSError as error:
            self.give_up(error)

    def send(self, *lines: str) -> None:
        """Writes lines and sends them off.

        Raises:
            OSError: they cannot be written; BrokenPipeError where the reader has gone.
        """
        with _bars_aside(self.stream):
            self.stream.write("".join(f"{printable(line)}\n" for line in lines))
            self.stream.flush()

    def give_up(self, error: OSError) -> None:
        """Lets all that is still to come, of libraries and children too, go nowhere."""
        if error.errno != errno.EPIPE:
            self.trouble = error.strerror or str(error)
        with suppress(io.UnsupportedOperation), open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), self.stream.fileno())
        if self is OUT and self.trouble:
            ERR.say(f"note: standard output: {self.trouble}; going on without it")

    def flush(self) -> None:
        """Sends off what libraries have written."""
        try:
            self.stream.flush()
        except OSError as error:
            self.give_up(error)


OUT, ERR = Output("stdout"), Output("stderr")


def prepare() -> None:
    """Makes standard streams usable: what is closed leads nowhere, what has no character says ?.

    A number that is left free would go to the next file that is opened, and messages into it.
    """
    for name, mode in STANDARD.items():
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode)  # noqa: SIM115  (stays open as long as the process)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    for output in (OUT, ERR):
        output.trouble = ""
        if isinstance(output.stream, io.TextIOWrapper):
            output.stream.reconfigure(errors="replace")


def require_heard() -> None:
    """Checks that what was said on standard output could be written, where that is all there is.

    Raises:
        InputError: some of it was lost, and nobody had stopped reading.
    """
    if OUT.trouble:
        raise InputError(f"standard output could not be written: {OUT.trouble}; give it room")


def _bars_aside(stream: TextIO) -> AbstractContextManager[Any]:
    """Clears progress bars while a line is written; where no bar was made, tqdm is not imported."""
    tqdm = sys.modules.get("tqdm")
    return tqdm.tqdm.external_write_mode(stream) if tqdm else nullcontext()
