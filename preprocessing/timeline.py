"""When the frames of a video are shown: what its packets announce, and what the decoder gives.

packets, as stored      0.00  0.12  0.04  0.08  0.24  ...     announced, sooner or later
frames, as decoded      0.00  0.04        0.12  0.24  ...     placed; 0.08 was lost

Pure arithmetic on times, in seconds; it knows nothing of decoders.
"""

import heapq
import math
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

TOLERANCE = 1e-4
LOOK_AHEAD = 64


class Timeline:
    """Gives each decoded frame its time, and counts what was announced and never came.

    Args:
        usual: seconds that a frame is shown if nothing says otherwise.
        counted: the file's presentation times cannot be trusted; the frames, which come in the
            right order, get the announced times in their order.

    Attributes:
        lost: seconds announced for which no frame came.
        backward: frames left out because they would go back in time.
        until: when the last frame placed stops being shown; -inf before the first.
    """

    def __init__(self, usual: float, counted: bool = False):
        self.usual = usual
        self.counted = counted
        self.lost = 0.0
        self.backward = 0
        self.begin: float | None = None
        self.until = -math.inf
        self._latest = -math.inf
        self._announced: list[tuple[float, float]] = []

    def announce(self, time: float, seconds: float) -> None:
        """A packet says that a frame is shown from ``time`` on for ``seconds`` (0: not known)."""
        heapq.heappush(self._announced, (time, seconds))

    def withdraw(self, time: float) -> None:
        """The packet that announced this time cannot be decoded."""
        if not self.counted:
            return
        for entry in self._announced:
            if entry[0] == time:
                self._announced.remove(entry)
                heapq.heapify(self._announced)
                self.lost += entry[1] or self.usual
                return

    def place(self, time: float | None, seconds: float) -> float | None:
        """A frame was decoded that says it is shown from ``time`` on for ``seconds``.

        Returns:
            When it is shown; None if that would go back in time.
        """
        if self.counted or time is None:
            time = heapq.heappop(self._announced)[0] if self._announced else max(self.until, 0.0)
        else:
            self._lose_before(time)
        if time <= self._latest:
            self.backward += 1
            return None
        self._latest = time
        self.begin = time if self.begin is None else self.begin
        self.until = time + (seconds or self.usual)
        return time

    def finish(self, end: float) -> None:
        """There are no more frames; ``end`` is when the header says that the last one ends."""
        before = self.lost
        self._lose_before(math.inf)
        missing = end - max(self.until, 0.0)
        if missing > 2 * self.usual:
            self.lost = max(self.lost, before + missing)

    def _lose_before(self, time: float) -> None:
        while self._announced and self._announced[0][0] < time + TOLERANCE:
            announced, seconds = heapq.heappop(self._announced)
            # A second field, or a frame that is shown already, is not lost.
            if announced < time - TOLERANCE and announced > self.until - TOLERANCE:
                self.lost += seconds or self.usual


@dataclass(frozen=True)
class Announced:
    """A packet with its times in seconds.

    Attributes:
        time: from when on its frame is shown; None if the file does not say.
        stored: its decoding time: no later packet shows a frame before it.
        seconds: for how long its frame is shown; 0 if the file does not say.
    """

    time: float | None
    stored: float | None
    seconds: float
    packet: Any


def mark_shown(
    packets: Iterable[Announced], is_shown: Callable[[float, float], bool]
) -> Iterator[tuple[Announced, bool]]:
    """Tells for each packet whether its frame may be wanted, before it is decoded.

    Args:
        packets: in the order in which they are stored.
        is_shown: whether a frame that is shown from one time to another is wanted.

    Yields:
        The packets in their order, each with False if its frame is certainly not wanted.
    """
    waiting: deque[Announced] = deque()
    times: list[float] = []
    for packet in packets:
        waiting.append(packet)
        if packet.time is None or packet.stored is None:
            while waiting:
                yield waiting.popleft(), True
            continue
        insort(times, packet.time)
        del times[: -2 * LOOK_AHEAD]
        while waiting:
            begin = waiting[0].time or 0.0
            after = bisect_right(times, begin)
            # Only when all still to come are shown later is the next time known for certain.
            if after < len(times) and times[after] <= packet.stored:
                yield waiting.popleft(), is_shown(begin, times[after])
            elif len(waiting) > LOOK_AHEAD:
                yield waiting.popleft(), True
            else:
                break
    while waiting:
        yield waiting.popleft(), True


def any_instant(origin: float, fps: float, begin: float, end: float) -> bool:
    """Whether an instant ``origin + k / fps`` may fall between two times; yes if in doubt."""
    count = math.ceil((begin - TOLERANCE - origin) * fps)
    return origin + count / fps <= end + TOLERANCE
