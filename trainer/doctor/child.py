"""Checks in processes of their own, which may end in any way."""

import subprocess
import sys
from pathlib import Path

from trainer.doctor.finding import cause

SECONDS = 240.0


def run_child(module: str, folder: Path, *arguments: str) -> str:
    """Runs a module of this folder as a program; returns what went wrong, empty if nothing did.

    Args:
        module: its name.
        folder: its last argument, where it leaves what it found.
        *arguments: those before.
    """
    command = [sys.executable, "-m", module, *arguments, str(folder)]
    shown = {folder: "FOLDER"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS:.0f} s"
    except OSError as error:
        return cause(str(error), shown)
    if done.returncode < 0:
        return f"the process was killed by signal {-done.returncode}: {cause(done.stderr, shown)}"
    return cause(done.stderr, shown) if done.returncode else ""
