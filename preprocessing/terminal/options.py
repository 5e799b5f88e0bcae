"""Options: a frozen dataclass is the only place of a default; flags and YAML follow from it."""

import contextlib
import inspect
import io
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, asdict, fields
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any, get_type_hints

import tyro

from preprocessing.errors import InputError, shorten
from preprocessing.terminal.console import note, say
from preprocessing.terminal.option_file import expected, flag, meant, read_options
from preprocessing.terminal.recipes import Recipes, recipe_line

CONFIG_HELP = "Options may also come from a YAML file (--config FILE); the command line wins."
RECIPE_HELP = (
    "Options for a kind of recording come from a recipe (--recipe {}); --config wins over it."
)
POSITIONAL: Any = tyro.conf.Positional
# Options that name a Python file, which is executed, and what a value that does so has in it.
EXECUTED = {"model": "", "backbone": ".py"}
# How tyro begins what it says of the values of one option.
OF_VALUES = re.compile(
    r"(?:Error parsing |Missing value for argument '|invalid choice .* for argument ')--([\w-]+)"
)


def parse(
    options: type, prog: str, arguments: Sequence[str], recipes: Recipes | None = None
) -> Any:
    """Makes an ``options`` dataclass of flags, of the YAML file of ``--config``, and of a recipe.

    Args:
        options: the frozen dataclass.
        prog: the program's name, for ``--help`` and messages.
        arguments: the command line after the subcommand.
        recipes: those that ``--recipe`` may name; without them there is no such flag.

    Raises:
        InputError: a flag or a value does not fit the dataclass, or the YAML file is bad.
        SystemExit: ``--help`` was given and has been answered.
    """
    flags, file = _take(list(arguments), "--config", "the name of a YAML file")
    flags, recipe = _take(flags, "--recipe", "the name of a recipe") if recipes else (flags, None)
    _require_known(options, prog, flags, ["--recipe"] if recipes else [])
    taken = read_options(recipes.path(recipe), options) if recipes and recipe is not None else {}
    begun = _begun(options, Path(file) if file is not None else None, taken, flags)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parsed = tyro.cli(
                options,
                prog=prog,
                args=flags,
                default=begun,
                description=_description(options, recipes),
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        text = _one_line(said.getvalue())
        raise InputError(f"{_bad_value(options, flags, text) or text}; see {prog} --help") from None
    if recipe is not None:
        say(recipe_line(recipe, taken, parsed))
    return parsed


def _description(options: type, recipes: Recipes | None) -> str:
    """Returns what ``--help`` says above the options."""
    more = f" {RECIPE_HELP.format('|'.join(recipes.names))}" if recipes else ""
    return f"{inspect.cleandoc(options.__doc__ or '')}\n\n{CONFIG_HELP}{more}"


def to_yaml(options: Any) -> str:
    """Writes a resolved configuration so that ``--config`` can read it again."""
    import yaml

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value

    values = {name.replace("_", "-"): plain(value) for name, value in asdict(options).items()}
    text: str = yaml.safe_dump(values, sort_keys=False)
    return text


def from_yaml(options: type, path: Path) -> Any:
    """Reads the options that ``to_yaml`` wrote.

    Args:
        options: the frozen dataclass.
        path: the YAML file.

    Raises:
        InputError: the file is missing or not YAML, or its options are not those of ``options``.
    """
    values = read_options(path, options)
    if missing := [flag(f.name) for f in fields(options) if f.name not in values and _needed(f)]:
        raise InputError(f"{path} lacks {', '.join(missing)}; expected a line for each")
    try:
        return options(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _begun(options: type, path: Path | None, taken: dict[str, Any], arguments: list[str]) -> Any:
    """Returns the options of a recipe and of a file, not yet checked; what both lack stays open.

    Args:
        options: the frozen dataclass.
        path: the file; None if there is none.
        taken: the options of the recipe, over which the file wins.
        arguments: the flags of the command line.
    """
    values = read_options(path, options) if path else {}
    if path:
        _require_told(path, values, arguments)
    elif not taken:
        return tyro.MISSING_NONPROP
    values = taken | values
    begun: Any = object.__new__(options)
    for field in fields(options):
        default = tyro.MISSING if _needed(field) else field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        object.__setattr__(begun, field.name, values.get(field.name, default))
    return begun


def _require_told(path: Path, values: dict[str, Any], arguments: list[str]) -> None:
    """Checks that no code is executed only because an options file, perhaps a stranger's, names it.

    Raises:
        InputError: the file names code, and the command line does not.
    """
    given = {argument.split("=")[0] for argument in arguments}
    for name, mark in EXECUTED.items():
        value = values.get(name)
        if value is not None and mark in value and f"--{name}" not in given:
            told = f"--{name} {shorten(value, 300)}"
            raise InputError(
                f"{path} names {told}, whose code would be executed; if you trust it, give {told} "
                "on the command line too"
            )


def _require_known(options: type, prog: str, arguments: list[str], more: list[str]) -> None:
    """Checks the names of flags before anything else, so that a typing error is reported first.

    Args:
        options: the frozen dataclass.
        prog: the program's name, for messages.
        arguments: the flags of the command line.
        more: flags beside those of the fields.

    Raises:
        InputError: an option does not exist; the nearest one is named.
    """
    hints = get_type_hints(options, include_extras=True)
    named = [n for n, h in hints.items() if POSITIONAL not in getattr(h, "__metadata__", ())]
    known = ["--help", "--config", *more, *(f"--{flag(name)}" for name in named)]
    known += [f"--no-{flag(name)}" for name in named if hints[name] is bool]
    given: set[str] = set()
    for argument in takewhile(lambda argument: argument != "--", arguments):
        name = flag(argument.split("=")[0])
        if name.startswith("--") and name not in known:
            near = meant(name[2:], [one[2:] for one in known])
            said = f" (did you mean --{near}?)" if near else ""
            raise InputError(f"no option {name}{said}; see {prog} --help")
        if name.startswith("--") and name.replace("--no-", "--", 1) in given:
            note(f"{name} is given twice; the last one counts")
        given.add(name.replace("--no-", "--", 1))


def _bad_value(options: type, arguments: list[str], text: str) -> str:
    """Says which values an option cannot have, and what it takes; nothing if tyro said more."""
    match, hints = OF_VALUES.match(text), get_type_hints(options)
    if match is None or (field := match[1].replace("-", "_")) not in hints:
        return ""
    name = f"--{match[1]}"
    rest = list(dropwhile(lambda argument: flag(argument.split("=")[0]) != name, arguments))
    after = takewhile(lambda argument: not argument.startswith("--"), rest[1:])
    values = rest[0].split("=", 1)[1:] if "=" in "".join(rest[:1]) else list(after)
    wanted = expected(hints[field]).replace(" or null", "")
    return f"{shorten(' '.join([name, *values]))}: expected {wanted}"


def _take(arguments: list[str], name: str, wanted: str) -> tuple[list[str], str | None]:
    """Splits a flag and its value off the other arguments.

    Args:
        arguments: all of them.
        name: the flag.
        wanted: what its value is, for messages.

    Raises:
        InputError: it has no value, or is there twice.
    """
    for position, argument in enumerate(arguments):
        if argument == name and position + 1 == len(arguments):
            raise InputError(f"{name} needs {wanted}")
        if argument == name or argument.startswith(f"{name}="):
            behind = position + (2 if argument == name else 1)
            value = arguments[behind - 1].removeprefix(f"{name}=")
            rest = arguments[:position] + arguments[behind:]
            if any(other.split("=")[0] == name for other in rest):
                raise InputError(f"{name} is given twice; expected it once")
            return rest, value
    return arguments, None


def _one_line(message: str) -> str:
    """Shortens the boxed message of tyro to its first paragraph, in one line."""
    lines = [line.strip("│ ").strip() for line in message.splitlines()]
    lines = [line for line in lines if line and line[0] not in "╭╰"]
    lines = list(takewhile(lambda line: set(line) != {"─"}, lines))
    text = re.sub(r"\s+", " ", re.sub(r"^Error parsing \w+Config: ", "", " ".join(lines)))
    if text.startswith("Missing from"):
        # Behind each name stands all that --help says of it.
        named = [re.split(r" {2,}|\(required\)", line)[0].strip() for line in lines[1:]]
        needed = [name for name in named if name.startswith("--") or name.isupper()]
        text = f"missing: {', '.join(needed)}"
    if text.startswith("Unrecognized options: -"):
        text += "; a value that begins with - is given as --option=-value"
    return text or "bad arguments"
