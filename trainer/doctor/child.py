"""Checks in processes of their own, which may end in any way."""

import os
import subprocess
import sys
from pathlib import Path

from trainer.doctor.finding import cause
from trainer.trainings.modules import same_modules

SECONDS = 240.0


def run_child(module: str, folder: Path, *arguments: str) -> str:
    """Runs a module of this folder as a program, in a folder that it has for itself.

    Args:
        module: its name, below ``trainer.doctor``.
        folder: where it runs, and its last argument: there it leaves what it found.
        *arguments: those before.

    Returns:
        A line on what went wrong; empty if nothing did.
    """
    own, shown = folder.absolute(), {folder.absolute(): "FOLDER"}
    command = [sys.executable, "-m", f"trainer.doctor.{module}", *arguments, str(own)]
    try:
        done = subprocess.run(
            command,
            cwd=own,
            env={**os.environ, **same_modules()},
            timeout=SECONDS,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS:.0f} s"
    except OSError as error:
        return cause(str(error), shown)
    if done.returncode < 0:
        return f"the process was killed by signal {-done.returncode}: {cause(done.stderr, shown)}"
    return cause(done.stderr, shown) if done.returncode else ""
