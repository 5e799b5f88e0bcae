"""A user's own Python file, given as ``FILE.py:name``: read once, executed as it was read."""

import sys
import traceback
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from preprocessing.errors import InputError

SUFFIX = ".py"
DIGITS = 16


def absolute_file(given: str) -> str:
    """Makes the file of ``FILE.py:name`` absolute."""
    file, colon, name = given.rpartition(":") if f"{SUFFIX}:" in given else (given, "", "")
    return f"{Path(file).resolve()}{colon}{name}"


@dataclass(frozen=True)
class PythonFile:
    """The content of a Python file, and the name of the object wanted from it.

    Attributes:
        path: the file.
        name: the name of a class or function in the file; empty if none was given.
        content: the file's bytes.
    """

    path: Path
    name: str
    content: bytes

    @classmethod
    def read(cls, given: str) -> "PythonFile":
        """Reads ``FILE.py:name``.

        Raises:
            InputError: the file cannot be read.
        """
        file, _, name = given.rpartition(":") if f"{SUFFIX}:" in given else (given, "", "")
        path = Path(file)
        try:
            return cls(path, name, path.read_bytes())
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from None

    @property
    def digest(self) -> str:
        """SHA-256 of the content, its first 16 hexadecimal digits."""
        return sha256(self.content).hexdigest()[:DIGITS]

    def executed(self) -> ModuleType:
        """Executes the very bytes that were read; no cached form of the file is used or left.

        An exception that the file raises is passed on; ``where`` names its line.
        """
        name = f"longtake_file_{self.digest}"
        module = ModuleType(name)
        module.__file__ = str(self.path)
        # Where dataclasses look for the module of a class.
        sys.modules[name] = module
        exec(compile(self.content, str(self.path), "exec"), module.__dict__)
        return module

    def where(self, error: BaseException) -> str:
        """Returns the file, and the last line of it that an error passed through."""
        steps = traceback.extract_tb(error.__traceback__)
        inside = [step.lineno for step in steps if step.filename == str(self.path)]
        line = inside[-1] if inside else getattr(error, "lineno", None)
        return f"{self.path}, line {line}" if line else str(self.path)
