"""The command line in this process: what is said, and the exit code."""

import sys
from collections.abc import Callable

import pytest

from trainer import cli

Said = tuple[int, str, str]
Longtake = Callable[..., Said]


def speaking(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    """Returns a function that runs a command and returns its exit code and what it said."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["longtake", *map(str, arguments)])
        capfd.readouterr()
        try:
            code = cli.main()
        except SystemExit as stop:  # As --help ends.
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return call


def refusal(said: Said) -> str:
    """Checks that a command was refused in one line; returns it."""
    assert said[0] == 2
    lines = [line for line in said[2].splitlines() if not line.startswith("note: ")]
    assert len(lines) == 1, said[2]
    return lines[0]
