"""A file for HDF5 to write to that survives a full disk.

The HDF5 library cannot close a file that it failed to write to: it raises again and again, and
ends the process with a segmentation fault. So it is told that all went well, and the caller asks.
"""

import io
from pathlib import Path
from typing import Any


class GuardedFile(io.FileIO):
    """A file that remembers the first failure to write and says so only when asked.

    Args:
        partial: its name; it is made anew.
    """

    def __init__(self, partial: Path):
        super().__init__(partial, "w+")
        self._failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Writes all of it, or remembers that it could not."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self._failure = self._failure or error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Sets the size, or remembers that it could not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size or 0

    def require_success(self) -> None:
        """Raises the first failure to write, if there was one.

        Raises:
            OSError: as the system said it, with the file's name.
        """
        if self._failure:
            raise OSError(self._failure.errno, self._failure.strerror, str(self.name))
