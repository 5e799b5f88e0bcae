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
# A frame after which nothing comes for so long, by no header's word, is not shown for ever.
LONGEST_HOLD = 60.0


class Timeline:
    """Gives each decoded frame its time, and counts what was announced and never came.

    Args:
        usual: seconds that a frame is shown if nothing says otherwise.
        counted: the file's presentation times cannot be trusted; the frames, which come in the
            right order, get the announced times in their order.
        end: when the last frame ends by the header, 0 if it does not say.

    Attributes:
        lost: seconds announced for which no frame came.
        unfinished: frames announced after the last one that came.
        displaced: frames left out because they would go back in time, or far ahead alone.
        begin: when the first frame is shown; None before it.
        until: when the last frame placed stops being shown; -inf before the first.
    """

    def __init__(self, usual: float, counted: bool = False, end: float = 0.0):
        self.usual = usual
        self.counted = counted
        self.end = end
        self.lost = 0.0
        self.unfinished = 0
        self.displaced = 0
        self.begin: float | None = None
        self.until = -math.inf
        self._latest = -math.inf
        self._suspect = -math.inf
        self._losing = False
        self._announced: list[tuple[float, float, bool]] = []

    def announce(self, time: float, seconds: float, wanted: bool = True) -> None:
        """A packet says that a frame is shown from ``time`` on for ``seconds`` (0: not known).

        Args:
            wanted: False if the frame need not come; it then counts as lost if the wanted one
                before it is.
        """
        heapq.heappush(self._announced, (time, seconds, wanted))

    def withdraw(self, time: float) -> None:
        """The packet that announced this time cannot be decoded."""
        for place, (announced, seconds, wanted) in enumerate(self._announced):
            if announced == time and (self.counted or not wanted):
                del self._announced[place]
                heapq.heapify(self._announced)
                self.lost += seconds or self.usual
                return

    def place(self, time: float | None, seconds: float) -> float | None:
        """A frame was decoded that says it is shown from ``time`` on for ``seconds``.

        Returns:
            When it is shown; None if that cannot be.
        """
        if self.counted:
            time = heapq.heappop(self._announced)[0] if self._announced else None
        if time is None:
            time = max(self.until, 0.0)
        if time <= self._latest or self._is_astray(time):
            self.displaced += 1
            return None
        if not self.counted:
            self._lose_before(time)
        if self.begin is not None:
            self.lost += max(time - held_until(self._latest, self.until, self.end), 0.0)
        self._losing = False
        self._latest = time
        self.begin = time if self.begin is None else self.begin
        self.until = time + (seconds or self.usual)
        return time

    def finish(self) -> None:
        """There are no more frames."""
        before = self.lost
        self.unfinished = self._lose_before(math.inf)
        missing = self.end - max(self.until, 0.0)
        if missing > 2 * self.usual:
            self.lost = max(self.lost, before + missing)

    def _is_astray(self, time: float) -> bool:
        """Whether a frame is far ahead of all, beyond the header's end, and the first to be so."""
        if self.begin is None or time <= max(self.until + LONGEST_HOLD, self.end + 1):
            return False
        alone = abs(time - self._suspect) > LONGEST_HOLD
        self._suspect = time
        return alone

    def _lose_before(self, time: float) -> int:
        """Forgets what was announced up to ``time``; returns how many wanted frames never came."""
        missing = 0
        while self._announced and self._announced[0][0] < time + TOLERANCE:
            announced, seconds, wanted = heapq.heappop(self._announced)
            # A second field, or a frame that is shown already, is not lost.
            if announced >= time - TOLERANCE or announced <= self.until - TOLERANCE:
                continue
            self._losing = self._losing or wanted
            missing += wanted
            if self._losing:
                self.lost += seconds or self.usual
        return missing


def held_until(begin: float, until: float, end: float) -> float:
    """How long a frame may stay on screen, at most, until the next one comes.

    Args:
        begin, until: when the frame is shown, by what it says itself.
        end: when the video ends by its header.
    """
    return max(until, begin + LONGEST_HOLD, end)


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
