"""The terminal: commands, errors as one line, notes and progress bars."""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TextIO

from preprocessing.errors import InputError, Stopped
from preprocessing.options import parse

DONE, BAD_INPUT, SOME_FAILED, STOPPED, INTERRUPTED = 0, 2, 3, 75, 130
PATIENCE = 2.0  # Seconds without a progress bar, for what is mostly done sooner.


@dataclass(frozen=True)
class Command:
    """Where a subcommand lives; imported only when it is called.

    Attributes:
        summary: one line for ``--help``.
        options: ``module:Dataclass``.
        function: ``module:function``, from those options to an exit code.
    """

    summary: str
    options: str
    function: str


def main(prog: str, commands: Mapping[str, Command], argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(_overview(prog, commands))
        return DONE
    if name == "--version":
        print(version("longtake"))
        return DONE
    if name not in commands:
        known = ", ".join(commands)
        return _complain(prog, f"no command {name!r}; the commands are {known}")
    return _run(f"{prog} {name}", commands[name], arguments[1:])


def _run(prog: str, command: Command, arguments: Sequence[str]) -> int:
    try:
        options = parse(_import(command.options), prog, arguments)
        code: int = _import(command.function)(options)
        return code
    except InputError as error:
        return _complain(prog, str(error))
    except Stopped as stop:
        print(f"{prog}: {stop}", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _complain(prog, str(error))
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; start the same command again to go on", file=sys.stderr)
        return INTERRUPTED


def _import(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def _overview(prog: str, commands: Mapping[str, Command]) -> str:
    width = max(map(len, commands))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in commands.items()]
    return "\n".join(
        [
            f"usage: {prog} COMMAND [options]      ({prog} COMMAND --help tells more)",
            "",
            *lines,
            "",
            "Exit codes: 0 all done; 1 a bug; 2 bad arguments or input; 3 some inputs failed and",
            "the rest is done; 75 stopped by a signal with a checkpoint written, 130 interrupted:",
            "start again to go on.",
        ]
    )


def _complain(prog: str, message: str) -> int:
    print(f"{prog}: error: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


def note(message: str) -> None:
    """Says something that a person should know, on standard error, without stopping."""
    from tqdm import tqdm

    tqdm.write(f"note: {message}", file=sys.stderr)


def printable(text: str) -> str:
    """Text of strangers for one line of a terminal or a picture: ? for what would not print."""
    return "".join(character if character.isprintable() else "?" for character in text)


class _Lines:
    """A stream on which each redrawn progress bar becomes a line of its own, for log files."""

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            self.stream.write(line + "\n")

    def flush(self) -> None:
        self.stream.flush()


def progress(**options: Any) -> Any:
    """A tqdm bar on standard error: redrawn on a terminal, a line every 10 s elsewhere.

    Args:
        **options: tqdm's own, such as ``total``, ``unit`` and ``desc``; what is done within
            ``delay`` seconds shows no bar.
    """
    from tqdm import tqdm

    if sys.stderr.isatty():
        return tqdm(file=sys.stderr, dynamic_ncols=True, **options)
    lines = _Lines(sys.stderr)
    options = {"delay": 1e-9, **options}
    return tqdm(file=lines, mininterval=10, maxinterval=10, ncols=160, **options)
