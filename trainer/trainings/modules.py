"""The modules that another process imports: the same as this one, in whatever folder it runs."""

import os
import sys


def same_modules() -> dict[str, str]:
    """Returns the environment variables by which a process finds the modules of this one.

    It imports nothing from the folder in which it runs, which may be a stranger's. Python 3.10
    knows no ``PYTHONSAFEPATH``: start the process in a folder of one's own where that matters.
    """
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
