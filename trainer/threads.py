"""The number of threads that share an operation of TensorFlow, without importing it."""

import os

# What TensorFlow reads it from.
THREADS = "TF_NUM_INTRAOP_THREADS"


def usual_threads() -> int:
    """Returns how many there are in this process: as its environment says, or one a core."""
    told = os.environ.get(THREADS, "").strip()
    asked = int(told) if told.isdecimal() else 0
    return asked or len(os.sched_getaffinity(0))
