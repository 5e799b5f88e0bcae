"""The number of processor cores that a process may use."""

import os

THREADS = "TF_NUM_INTRAOP_THREADS"


def share_of_cores() -> int:
    """Returns the number of threads that this process may use for a backbone."""
    import joblib

    return int(os.environ.get(THREADS) or joblib.cpu_count())
