"""Plain data from the pickle of a stranger: no code runs, and no length is believed.

Python's own unpickler allocates as much as a file claims to hold before it checks the file's
length, and accepts any hashable object as a key. This one knows the part of protocol 2 that
``torch.save`` writes, takes no more than the file has, and only text for a key.
"""

import pickle
import struct
from collections.abc import Callable
from typing import Any, BinaryIO, cast

# Each opcode that stands for a value, or comes before one, and the struct of its number.
NUMBERS = {b"\x80": "<B", b"K": "<B", b"M": "<H", b"J": "<i", b"G": ">d"}
NUMBERS |= {b"q": "<B", b"r": "<I", b"h": "<B", b"j": "<I"}
# The same of those that are followed by as many bytes.
LENGTHS = {b"X": "<I", b"U": "<B", b"\x8a": "<B"}
CONSTANTS: dict[bytes, Any] = {b"N": None, b"\x88": True, b"\x89": False, b")": ()}
TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
MARK = object()


class PlainPickle:
    """A stack machine for one pickle.

    Args:
        file: a file at the beginning of the pickle; reading ends behind it.
        named: returns the object that stands for a name, as ``named(module, name)``.
        stored: returns the object that stands for one kept outside the pickle.
    """

    def __init__(
        self, file: BinaryIO, named: Callable[[str, str], Any], stored: Callable[[Any], Any]
    ):
        self._file, self._named, self._stored = file, named, stored
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def load(self) -> Any:
        """Reads the object.

        Raises:
            UnpicklingError: the file ends too early, or holds more than plain data.
            ValueError, TypeError, LookupError: its parts do not fit together.
        """
        while (code := self._bytes(1)) != b".":
            self._do(code)
        return self._stack.pop()

    def _do(self, code: bytes) -> None:
        number = self._number(NUMBERS[code]) if code in NUMBERS else None
        if code in b"KMJG":
            self._stack.append(number)
        elif code in b"qr":
            self._memory[cast(int, number)] = self._stack[-1]
        elif code in b"hj":
            self._stack.append(self._memory[cast(int, number)])
        elif code in LENGTHS:
            self._stack.append(self._counted(code))
        elif code in CONSTANTS:
            self._stack.append(CONSTANTS[code])
        elif code != b"\x80":
            self._build(code)

    def _build(self, code: bytes) -> None:
        """Makes an object from others, or changes the object that lies below them."""
        stack = self._stack
        if code == b"(":
            stack.append(MARK)
        elif code in b"]}":
            stack.append([] if code == b"]" else {})
        elif code in TUPLES:
            stack.append(tuple(self._last(TUPLES[code])))
        elif code == b"t":
            stack.append(tuple(self._marked()))
        elif code in b"ae":
            values = self._last(1) if code == b"a" else self._marked()
            self._below(list).extend(values)
        elif code in b"su":
            self._set(self._last(2) if code == b"s" else self._marked())
        else:
            self._refer(code)

    def _refer(self, code: bytes) -> None:
        """Handles opcodes that name something outside of the pickle."""
        stack = self._stack
        if code == b"c":
            module, name = (self._file.readline().rstrip(b"\n").decode() for _ in range(2))
            stack.append(self._named(module, name))
        elif code == b"Q":
            stack.append(self._stored(stack.pop()))
        elif code == b"R":
            make, arguments = self._last(2)
            stack.append(make(*arguments))
        elif code == b"b":
            stack.pop()  # Attributes, which plain data has no use for.
        else:
            raise pickle.UnpicklingError(f"{code!r} is not what plain data is written with")

    def _bytes(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) < count:
            raise pickle.UnpicklingError("it ends too early")
        return content

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _counted(self, code: bytes) -> str | int:
        content = self._bytes(self._number(LENGTHS[code]))
        if code == b"\x8a":
            return int.from_bytes(content, "little", signed=True)
        return content.decode("utf-8" if code == b"X" else "latin-1")

    def _last(self, count: int) -> list[Any]:
        """Takes the last ``count`` objects from the stack."""
        if len(self._stack) < count:
            raise pickle.UnpicklingError("an object lacks its parts")
        taken = self._stack[-count:]
        del self._stack[-count:]
        return taken

    def _marked(self) -> list[Any]:
        """Takes the objects above the last mark, and the mark."""
        taken = []
        while (item := self._stack.pop()) is not MARK:
            taken.append(item)
        return taken[::-1]

    def _below(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise pickle.UnpicklingError(f"a {type(self._stack[-1]).__name__} is no container")
        return self._stack[-1]

    def _set(self, pairs: list[Any]) -> None:
        keys, values = pairs[::2], pairs[1::2]
        if not all(isinstance(key, str) for key in keys):
            raise pickle.UnpicklingError("a key is no text")
        self._below(dict).update(zip(keys, values, strict=True))
