"""Messages, results and progress bars on the terminal."""

import json
import sys
import warnings
from functools import cache
from typing import Any

from preprocessing.errors import ReaderGone
from preprocessing.terminal.streams import ERR, OUT, printable


def say(*lines: str) -> None:
    """Prints a result on standard output; the work goes on even if nobody can read it."""
    OUT.say(*lines)


def send_json(value: Any) -> None:
    """Writes one line of JSON to standard output, for a program that waits for it.

    Characters that cannot be printed or encoded are written as escapes.

    Raises:
        ReaderGone: the reader has closed standard output.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    encoding = OUT.stream.encoding or "utf-8"
    plain = text.isprintable() and text.encode(encoding, "replace").decode(encoding) == text
    try:
        OUT.send(text if plain else json.dumps(value, allow_nan=False))
    except BrokenPipeError as error:
        OUT.give_up(error)
        raise ReaderGone from None


def note(message: str) -> None:
    """Prints a warning for people on standard error, without stopping the work."""
    ERR.say(f"note: {message}")


class _Lines:
    """Standard error, where each redrawn progress bar becomes a line of its own, for log files."""

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            ERR.say(line)

    def flush(self) -> None:
        """Does nothing, since each line is sent off when it is written."""


def progress(**options: Any) -> Any:
    """Returns a tqdm bar: in a notebook its widget, on a terminal redrawn, else lines, 10 s apart.

    Args:
        **options: options of tqdm, such as ``total``, ``unit`` and ``desc``; work that ends within
            ``delay`` seconds shows no bar.
    """
    if widget := _notebook_bar():
        return widget(dynamic_ncols=True, **options)
    bar = _printable_bar()
    if ERR.stream.isatty():
        return bar(file=ERR.stream, dynamic_ncols=True, **options)
    options = {"delay": 1e-9, **options}
    return bar(file=_Lines(), mininterval=10, maxinterval=10, ncols=160, **options)


@cache
def _notebook_bar() -> Any:
    """Returns tqdm's bar for notebooks where it can be shown; None anywhere else."""
    if "ipykernel" not in sys.modules:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of widgets that are not installed: then there are lines.
        from tqdm.auto import tqdm
        from tqdm.notebook import tqdm_notebook
    return tqdm if issubclass(tqdm, tqdm_notebook) else None


@cache
def _printable_bar() -> Any:
    """Returns tqdm's bar, cleaned of what steers a terminal; each such class starts a thread."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types.
        def __str__(self) -> str:
            return printable(super().__str__())

    return Bar
