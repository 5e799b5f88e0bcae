"""Subcommands: finding them by name, reading their options, reporting their errors in one line."""

import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from preprocessing.errors import InputError, ReaderGone, Stopped
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import BAD_INPUT, BUG, DONE, INTERRUPTED, STOPPED
from preprocessing.terminal.option_file import meant
from preprocessing.terminal.options import parse
from preprocessing.terminal.recipes import Recipes
from preprocessing.terminal.streams import ERR, OUT, prepare

PATIENCE = 2.0  # Seconds without a progress bar, for what is mostly done sooner.


@dataclass(frozen=True)
class Command:
    """A subcommand, which is imported only when it is called.

    Attributes:
        summary: one line for ``--help``.
        options: the options dataclass, as ``module:Dataclass``.
        function: the function from those options to an exit code, as ``module:function``.
        recipes: the package whose recipes ``--recipe`` takes; empty for no such flag.
    """

    summary: str
    options: str
    function: str
    recipes: str = ""


def main(prog: str, commands: Mapping[str, Command], argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit code.

    Args:
        prog: the program's name, for ``--help`` and messages.
        commands: the subcommands by name.
        argv: the arguments; those of this process by default.
    """
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
        near = meant(name, commands)
        said = f" (did you mean {near}?)" if near else ""
        return _complain(prog, f"no command {name!r}{said}; the commands are {known}")
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
    """Returns the options, or None after ``--help``."""
    config = _import(command.options)
    try:
        recipes = Recipes(command.recipes) if command.recipes else None
        return parse(config, prog, arguments, recipes)
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
        "Exit codes: 0 all done; 1 a bug; 2 bad arguments or input; 3 some inputs failed",
        "and the rest is done; 75 stopped by a signal with a checkpoint written, 130",
        "interrupted: start again to go on.",
    ]


def _complain(prog: str, message: str) -> int:
    ERR.say(f"{prog}: error: {' '.join(message.split())}")
    return BAD_INPUT
