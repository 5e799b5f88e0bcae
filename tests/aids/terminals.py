"""A terminal of so many columns, for what is written to one."""

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable

import pytest

READ_AT_ONCE = 1 << 16


def shown_on_terminal(write: Callable[[], object], columns: int = 80) -> str:
    """Returns all that a terminal gets of what is written to standard error.

    Args:
        write: writes less than a terminal holds (4 KiB), since nobody reads meanwhile.
        columns: how wide it is.
    """
    inside, outside = pty.openpty()
    fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(outside, "w") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        write()
    shown = b""
    while part := _read(inside):
        shown += part
    os.close(inside)
    return shown.decode()


def _read(terminal: int) -> bytes:
    """Returns what is left to read; what was written comes in parts, and then an error."""
    try:
        return os.read(terminal, READ_AT_ONCE)
    except OSError:
        return b""
