"""The numbers of frames in the order in which they are shown, whether they were decoded or not.

announced, as stored    0.00  0.12  0.04  0.08
decoded                 0.00        0.04        0.12        0.08 was not wanted, or damaged
numbers                 0           1           3
"""

import heapq

from preprocessing.timeline import TOLERANCE


class FrameNumbers:
    """Counts what the packets of a video announce; what is counted is forgotten.

    Of a video whose packets have no times, the frames that were decoded are counted.
    """

    def __init__(self) -> None:
        self._announced: list[float] = []
        self._before = 0
        self._taken = 0

    def announce(self, time: float) -> None:
        """A packet says that a frame is shown from ``time`` on."""
        heapq.heappush(self._announced, time)

    def take(self, time: float) -> int:
        """The number of a frame that is shown from ``time`` on, later than all before."""
        while self._announced and self._announced[0] < time - TOLERANCE:
            heapq.heappop(self._announced)
            self._before += 1
        self._taken += 1
        return self._before if self._is_announced else self._taken - 1

    @property
    def count(self) -> int:
        """All frames, once the video was read to its end."""
        return self._before + len(self._announced) if self._is_announced else self._taken

    @property
    def _is_announced(self) -> bool:
        return bool(self._announced or self._before)
