"""The only module that writes to standard output and standard error.

Text may come from strangers, so characters that do not print, such as the escapes that move,
colour or clear a terminal, become ``?``. If the reader goes away or the disk is full, the output
is dropped and the work goes on.
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
    """Replaces characters that do not print by ?, for one line of a terminal or a picture."""
    return "".join(character if character.isprintable() else "?" for character in text)


class Output:
    """Standard output or standard error.

    Args:
        name: ``stdout`` or ``stderr``; looked up at each line, since the stream may be replaced.

    Attributes:
        trouble: why the last line that was lost could not be written; empty if the reader has gone
            away, since it misses nothing.
    """

    def __init__(self, name: str):
        self.name, self.trouble = name, ""

    @property
    def stream(self) -> TextIO:
        """The stream as it is now."""
        stream: TextIO = getattr(sys, self.name) or io.StringIO()
        return stream

    def say(self, *lines: str) -> None:
        """Writes lines; where they cannot be written, they are dropped and the work goes on."""
        try:
            self.send(*lines)
        except OSError as error:
            self.give_up(error)

    def send(self, *lines: str) -> None:
        """Writes lines and flushes them.

        Raises:
            OSError: they cannot be written; a BrokenPipeError if the reader has gone.
        """
        with _bars_aside(self.stream):
            self.stream.write("".join(f"{printable(line)}\n" for line in lines))
            self.stream.flush()

    def give_up(self, error: OSError) -> None:
        """Discards all further output, also that of libraries and child processes."""
        if error.errno != errno.EPIPE:
            self.trouble = error.strerror or str(error)
        with suppress(io.UnsupportedOperation), open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), self.stream.fileno())
        if self is OUT and self.trouble:
            ERR.say(f"note: standard output: {self.trouble}; going on without it")

    def flush(self) -> None:
        """Flushes output that libraries have written."""
        try:
            self.stream.flush()
        except OSError as error:
            self.give_up(error)


OUT, ERR = Output("stdout"), Output("stderr")


def prepare() -> None:
    """Makes the standard streams usable: a closed one is opened on the null device.

    Characters that a stream cannot encode become ?. Without this, the next file that is opened
    would get the free descriptor, and messages would be written into it.
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
    """Checks that standard output was written, for commands whose only result it is.

    Raises:
        InputError: some of the output was lost, and not because its reader stopped reading.
    """
    if OUT.trouble:
        raise InputError(f"standard output could not be written: {OUT.trouble}; give it room")


def _bars_aside(stream: TextIO) -> AbstractContextManager[Any]:
    """Clears progress bars while a line is written; where no bar was made, tqdm is not imported."""
    tqdm = sys.modules.get("tqdm")
    return tqdm.tqdm.external_write_mode(stream) if tqdm else nullcontext()
