"""A file for HDF5 to write to that survives a full disk.

The HDF5 library cannot close a file after a failed write: it raises again and again, and ends the
process with a segmentation fault. So the library is told that every write succeeded, and the
caller asks for the failure afterwards.
"""

import io
from pathlib import Path
from typing import Any


class GuardedFile(io.FileIO):
    """A file that remembers the first failed write, and reports it only when asked.

    Args:
        partial: the file's name; it is created anew.
    """

    def __init__(self, partial: Path):
        super().__init__(partial, "w+")
        self._failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Writes all bytes, or remembers the failure."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self._failure = self._failure or error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Sets the size, or remembers the failure."""
        try:
            return super().truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size or 0

    def require_success(self) -> None:
        """Raises the first failed write, if there was one.

        Raises:
            OSError: the error of the system, with the file's name.
        """
        if self._failure:
            raise OSError(self._failure.errno, self._failure.strerror, str(self.name))
