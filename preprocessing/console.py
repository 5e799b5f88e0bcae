"""The terminal: options from dataclasses, errors as one line, progress bars.

A command is a frozen dataclass of options and a function that takes it and returns an exit code.
The dataclass is the only place of a default: flags, YAML files and Python all use it.
"""

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from preprocessing.errors import InputError

DONE, BUG, BAD_INPUT, SOME_FAILED, STOPPED = 0, 1, 2, 3, 75

CONFIG_HELP = "Options may also come from a YAML file (--config FILE); the command line wins."


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
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _complain(prog, str(error))
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; start the same command again to go on", file=sys.stderr)
        return 128 + 2


def parse(options: type, prog: str, arguments: Sequence[str]) -> Any:
    """Makes an ``options`` dataclass of flags and of the YAML file that ``--config`` names.

    Raises:
        InputError: a flag or a value that the dataclass does not have, or a bad YAML file.
        SystemExit: after ``--help``.
    """
    import tyro

    flags, config = _take_config(list(arguments))
    from_file = _as_flags(config, options) if config else []
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                options,
                prog=prog,
                args=[*from_file, *flags],
                description=f"{(options.__doc__ or '').strip()}\n\n{CONFIG_HELP}",
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


def _as_flags(path: Path, options: type) -> list[str]:
    """Turns a YAML mapping into the flags that say the same, so that both are checked alike."""
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"cannot read the configuration {path}: {reason}") from None
    if not isinstance(loaded, dict):
        raise InputError(f"{path} must hold `option: value` lines, not a {type(loaded).__name__}")
    known = {field.name.replace("_", "-") for field in fields(options)}
    flags: list[str] = []
    for key, value in loaded.items():
        name = str(key).replace("_", "-")
        if name not in known:
            raise InputError(
                f"{path}: no option {key!r}; the options are {', '.join(sorted(known))}"
            )
        if value is None or value == []:
            continue
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no-{name}")
        else:
            values = value if isinstance(value, list) else [value]
            flags += [f"--{name}", *map(str, values)]
    return flags


def _first_part(message: str) -> str:
    """Makes one line of the first paragraph in tyro's boxed message."""
    lines = [line.strip("│ ").strip() for line in message.splitlines()]
    lines = [line for line in lines if line and line[0] not in "╭╰"]
    rule = next((i for i, line in enumerate(lines) if set(line) == {"─"}), len(lines))
    hints = [line for line in lines[rule + 1 :] if line.startswith("--")]
    text = " ".join(lines[:rule])
    if text.startswith("Unrecognized") and hints:
        text += f" (did you mean {hints[0].split()[0]}?)"
    return re.sub(r"\s+", " ", text) or "bad arguments"


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
            "Exit codes: 0 all done; 1 a bug; 2 bad arguments or input; 3 some inputs failed, the",
            "rest is done; 75 stopped by a signal with a checkpoint written, start again to go on.",
        ]
    )


def _complain(prog: str, message: str) -> int:
    print(f"{prog}: error: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


def note(message: str) -> None:
    """Says something that a person should know, on standard error, without stopping."""
    print(f"note: {message}", file=sys.stderr)


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
        **options: tqdm's own, such as ``total``, ``unit`` and ``desc``.
    """
    from tqdm import tqdm

    if sys.stderr.isatty():
        return tqdm(file=sys.stderr, dynamic_ncols=True, **options)
    lines = _Lines(sys.stderr)
    return tqdm(file=lines, mininterval=10, maxinterval=10, delay=1e-9, ncols=160, **options)


def import_tensorflow() -> Any:
    """Imports TensorFlow without the lines that its libraries print while they load.

    What was printed is shown after all if the import fails.
    """
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silenced():
        import tensorflow
    return tensorflow


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ too, unless an error follows."""
    import tempfile

    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
