"""Options: a frozen dataclass is the only place of a default; flags and YAML follow from it."""

import contextlib
import inspect
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_type_hints

import tyro

from preprocessing.errors import InputError

CONFIG_HELP = "Options may also come from a YAML file (--config FILE); the command line wins."


def parse(options: type, prog: str, arguments: Sequence[str]) -> Any:
    """Makes an ``options`` dataclass of flags and of the YAML file that ``--config`` names.

    Raises:
        InputError: a flag or a value that the dataclass does not have, or a bad YAML file.
        SystemExit: after ``--help``.
    """
    flags, config = _take_config(list(arguments))
    positional, from_file = _as_flags(config, options, flags) if config else ([], [])
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                options,
                prog=prog,
                args=[*positional, *flags, *from_file],
                description=f"{inspect.cleandoc(options.__doc__ or '')}\n\n{CONFIG_HELP}",
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise InputError(f"{_first_part(said.getvalue())}; see {prog} --help") from None


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
    """Reads what ``to_yaml`` wrote.

    Raises:
        InputError: the file is missing, not YAML, or has options that ``options`` lacks.
    """
    return parse(options, str(path), ["--config", str(path)])


def _take_config(arguments: list[str]) -> tuple[list[str], Path | None]:
    """Splits ``--config FILE`` off the other arguments."""
    for position, argument in enumerate(arguments):
        if argument == "--config":
            if position + 1 == len(arguments):
                raise InputError("--config needs the name of a YAML file")
            return arguments[:position] + arguments[position + 2 :], Path(arguments[position + 1])
        if argument.startswith("--config="):
            rest = arguments[:position] + arguments[position + 1 :]
            return rest, Path(argument.removeprefix("--config="))
    return arguments, None


def _as_flags(path: Path, options: type, given: list[str]) -> tuple[list[str], list[str]]:
    """Turns a YAML mapping into arguments that say the same, so that both are checked alike.

    Returns:
        Positional arguments, and flags for the options that are not ``given`` as flags.
    """
    named = {argument.split("=")[0].replace("_", "-") for argument in given}
    positional = {
        name
        for name, hint in get_type_hints(options, include_extras=True).items()
        if tyro.conf.Positional in getattr(hint, "__metadata__", ())
    }
    known = {field.name.replace("_", "-"): field.name in positional for field in fields(options)}
    arguments: list[str] = []
    flags: list[str] = []
    for key, value in _load_yaml(path).items():
        name = str(key).replace("_", "-")
        if name not in known:
            raise InputError(
                f"{path}: no option {key!r}; the options are {', '.join(sorted(known))}"
            )
        if value is None or value == [] or {f"--{name}", f"--no-{name}"} & named:
            continue
        if known[name]:
            arguments += map(str, value if isinstance(value, list) else [value])
        elif isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no-{name}")
        elif isinstance(value, list):
            flags += [f"--{name}", *map(str, value)]
        else:
            flags.append(f"--{name}={value}")
    return arguments, flags


def _load_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"cannot read the configuration {path}: {reason}") from None
    if not isinstance(loaded, dict):
        raise InputError(f"{path} must hold `option: value` lines, not a {type(loaded).__name__}")
    return loaded


def _first_part(message: str) -> str:
    """Makes one line of the first paragraph in tyro's boxed message."""
    lines = [line.strip("│ ").strip() for line in message.splitlines()]
    lines = [line for line in lines if line and line[0] not in "╭╰"]
    rule = next((i for i, line in enumerate(lines) if set(line) == {"─"}), len(lines))
    hints = [line for line in lines[rule + 1 :] if line.startswith("--")]
    text = re.sub(r"^Error parsing \w+Config: ", "", " ".join(lines[:rule]))
    if text.startswith("Unrecognized") and hints:
        text += f" (did you mean {hints[0].split()[0]}?)"
    return re.sub(r"\s+", " ", text) or "bad arguments"
