"""The second of two processes that share a file: ``python -m trainer.doctor.sharing FOLDER``."""

import sys
from pathlib import Path

from preprocessing.files.hdf5_file import open_hdf5
from preprocessing.files.lease import Busy, lease

FILE, NAME, NUMBERS = "shared.h5", "numbers", (0.0, 1.0, 2.0)


def main(folder: Path) -> None:
    """Reads a file that the first process has written, and must not get its lease.

    Args:
        folder: has the file, whose lease the first process holds.

    Raises:
        SystemExit: the file holds something else, or the lease can be had.
    """
    with open_hdf5(folder / FILE) as file:
        if tuple(file[NAME][()]) != NUMBERS:
            raise SystemExit("what was written is not what another process reads")
    try:
        with lease(folder / FILE):
            raise SystemExit("a file that one process works on can be had by another")
    except Busy:
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
