"""The numbers of frames in the order in which they are shown, whether they were decoded or not.

announced, as stored    0.00  0.12  0.04  0.08
decoded                 0.00        0.04        0.12        0.08 was not wanted, or damaged
numbers                 0           1           3

What is wanted, and neither comes nor fails, is no frame: the second field of one that is stored in
two, or a picture before the first from which a decoder can begin.
"""

import heapq
import math

from preprocessing.videos.timeline import TOLERANCE


class FrameNumbers:
    """Numbers frames by counting what packets announce; what is counted is forgotten.

    A frame whose packet has no time is counted when it is taken.
    """

    def __init__(self) -> None:
        self._announced: list[tuple[float, bool]] = []
        self._announced_until = self._failed_until = -math.inf
        self._before = 0
        self._taken = 0
        self._in_fields = False

    def announce(self, time: float, wanted: bool = True) -> None:
        """Notes that a packet announces a frame which is shown from ``time`` on.

        Args:
            time: seconds.
            wanted: False if the decoder may pass over the frame.
        """
        heapq.heappush(self._announced, (time, wanted))
        self._announced_until = max(self._announced_until, time)

    def fail(self) -> None:
        """Notes a decoding error: each frame announced so far counts, even if it never comes."""
        self._failed_until = self._announced_until

    def take(self, time: float) -> int:
        """Returns the number of a frame that is shown from ``time`` on, later than all before."""
        passed = silent = 0
        while self._announced and self._announced[0][0] < time - TOLERANCE:
            if self._is_silent(*heapq.heappop(self._announced)):
                silent += 1
            else:
                passed += 1
        if self._taken and not passed:
            self._in_fields = silent == 1
        self._before += self._frames(passed)
        self._taken += 1
        if self._announced and self._announced[0][0] <= time + TOLERANCE:
            heapq.heappop(self._announced)
        self._before += 1
        return self._before - 1

    @property
    def count(self) -> int:
        """Counts all frames, once the video was read to its end."""
        return self._before + self._frames(sum(not self._is_silent(*it) for it in self._announced))

    def _is_silent(self, time: float, wanted: bool) -> bool:
        return wanted and time > self._failed_until

    def _frames(self, passed: int) -> int:
        return passed // 2 if self._in_fields else passed
