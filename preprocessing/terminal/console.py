"""The terminal: commands, errors as one line, notes and progress bars."""

import importlib
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from preprocessing.errors import InputError, ReaderGone, Stopped
from preprocessing.terminal.options import parse
from preprocessing.terminal.streams import ERR, OUT, prepare, printable, require_heard

__all__ = [
    "BAD_INPUT",
    "BUG",
    "DONE",
    "INTERRUPTED",
    "PATIENCE",
    "SOME_FAILED",
    "STOPPED",
    "Command",
    "main",
    "note",
    "printable",
    "progress",
    "require_heard",
    "say",
    "send_json",
]

DONE, BUG, BAD_INPUT, SOME_FAILED, STOPPED, INTERRUPTED = 0, 1, 2, 3, 75, 130
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
    prepare()
    code = _main(prog, commands, list(sys.argv[1:] if argv is None else argv))
    OUT.flush()
    return code


def _main(prog: str, commands: Mapping[str, Command], arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        say(*_overview(prog, commands))
        return DONE
    if name == "--version":
        say(version("longtake"))
        return DONE
    if name not in commands:
        known = ", ".join(commands)
        return _complain(prog, f"no command {name!r}; the commands are {known}")
    return _run(f"{prog} {name}", commands[name], arguments[1:])


def _run(prog: str, command: Command, arguments: Sequence[str]) -> int:
    try:
        options = _parsed(command, prog, arguments)
        if options is None:
            return DONE
        code: int = _import(command.function)(options)
        return code
    except ReaderGone:
        return DONE
    except (InputError, OSError) as error:
        return _complain(prog, str(error))
    except Stopped as stop:
        ERR.say(f"{prog}: {stop}")
        return STOPPED
    except KeyboardInterrupt:
        ERR.say(f"{prog}: interrupted; start the same command again to go on")
        return INTERRUPTED
    except Exception:
        ERR.say(*traceback.format_exc().splitlines())
        return BUG


def _parsed(command: Command, prog: str, arguments: Sequence[str]) -> Any:
    """The options; None after ``--help``."""
    config = _import(command.options)
    try:
        return parse(config, prog, arguments)
    except SystemExit:
        return None
    except OSError as error:  # Of --help, to somebody who has read enough.
        OUT.give_up(error)
        return None


def _import(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def _overview(prog: str, commands: Mapping[str, Command]) -> list[str]:
    width = max(map(len, commands))
    return [
        f"usage: {prog} COMMAND [options]      ({prog} COMMAND --help tells more)",
        "",
        *(f"  {name:<{width}}  {command.summary}" for name, command in commands.items()),
        "",
        "Exit codes: 0 all done; 1 a bug; 2 bad arguments or input; 3 some inputs failed and",
        "the rest is done; 75 stopped by a signal with a checkpoint written, 130 interrupted:",
        "start again to go on.",
    ]


def _complain(prog: str, message: str) -> int:
    ERR.say(f"{prog}: error: {' '.join(message.split())}")
    return BAD_INPUT


def say(*lines: str) -> None:
    """Says what came of the work, on standard output; the work goes on if nobody hears it."""
    OUT.say(*lines)


def send_json(value: Any) -> None:
    """Writes one line of JSON to standard output, for a program that waits for it.

    What would not print, or has no character there, is written by its number.

    Raises:
        ReaderGone: nobody waits any more.
        OSError: it cannot be written.
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
    """Says something that a person should know, on standard error, without stopping."""
    ERR.say(f"note: {message}")


class _Lines:
    """Standard error, where each redrawn progress bar becomes a line of its own, for log files."""

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            ERR.say(line)

    def flush(self) -> None:
        """Each line is sent off by itself."""


def progress(**options: Any) -> Any:
    """A tqdm bar on standard error: redrawn on a terminal, a line every 10 s elsewhere.

    Args:
        **options: tqdm's own, such as ``total``, ``unit`` and ``desc``; what is done within
            ``delay`` seconds shows no bar.
    """
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types.
        def __str__(self) -> str:
            return printable(super().__str__())

    if ERR.stream.isatty():
        return Bar(file=ERR.stream, dynamic_ncols=True, **options)
    options = {"delay": 1e-9, **options}
    return Bar(file=_Lines(), mininterval=10, maxinterval=10, ncols=160, **options)
