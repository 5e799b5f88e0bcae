"""The state of a stream between two starts: its position and the carry."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.run.archive import DAMAGE, read_archive, write_archive
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.streaming.deciding import DecidingFollower
from trainer.streaming.waiting import GROUP, Waiting


class StreamState:
    """The position in a source, kept in a file or only in memory.

    Args:
        path: the file, which may be missing; None keeps nothing.
        run: the run of the model.

    Attributes:
        timestamp: the time of the last step that came, in seconds of the source; -inf before it.
        origin: the second since 1970 that is 0 of a live source.

    Raises:
        InputError: the file is damaged, or was written with another model.
    """

    def __init__(self, path: Path | None, run: Run):
        self.path = path
        self.timestamp = -math.inf
        self.origin: float | None = None
        self._source, self._model = "", ""
        self._saved: Checkpoint | None = None
        if path:
            digest = hashlib.sha256()
            for member in run.answering:
                digest.update(member.model_path.read_bytes())
            self._model = digest.hexdigest()
            if path.exists():
                self._read(path, run)

    def _read(self, path: Path, run: Run) -> None:
        try:
            plain, arrays = read_archive(path)
            model, self._source = str(plain["model"]), str(plain["source"])
            self.timestamp = float(plain["timestamp"])
            self.origin = None if plain["origin"] is None else float(plain["origin"])
            if math.isnan(self.timestamp) or not math.isfinite(self.origin or 0):
                raise ValueError("its times are no numbers")
        except DAMAGE as error:
            raise InputError(
                f"{path} cannot be read as the state of a stream ({error}); delete it to begin anew"
            ) from None
        if model != self._model:
            raise InputError(
                f"{path} was written with another model than {run.model_path}; delete it to begin "
                "anew, or give another --state"
            )
        self._saved = Checkpoint(path, arrays)

    def restore(self, follower: DecidingFollower, waiting: Waiting) -> None:
        """Restores what the file holds.

        Args:
            follower: what answers.
            waiting: the steps that wait for their answers.

        Raises:
            InputError: the file does not fit them.
        """
        if not (saved := self._saved):
            return
        arrays = {n: array for n, array in saved.arrays.items() if not n.startswith(GROUP)}
        follower.restore(Checkpoint(saved.path, arrays))
        waiting.restore(saved, follower.steps - follower.answered)

    def begin(self, source: str) -> None:
        """Sets the source that is followed.

        Args:
            source: a URL, the number of a camera, or the fingerprint of a file.

        Raises:
            InputError: the file is of another source.
        """
        # A digest, since a URL may hold a password.
        digest = hashlib.sha256(source.encode()).hexdigest()
        if self._source not in ("", digest):
            raise InputError(
                f"{self.path} is the state of another source; give this one a file of its own with "
                "--state"
            )
        self._source = digest

    def advance(
        self, arrays: Mapping[str, NDArray[Any]], timestamp: float, origin: float | None
    ) -> None:
        """Notes that steps came; writes the file, whole or not at all.

        Args:
            arrays: what ``restore`` needs after these steps, by name.
            timestamp: the time of the last of them, in seconds.
            origin: see the class.
        """
        self.timestamp, self.origin = timestamp, origin
        if self.path:
            plain = {
                "model": self._model,
                "source": self._source,
                "timestamp": timestamp,
                "origin": origin,
            }
            write_archive(self.path, plain, dict(arrays))
