"""A timeline: when the frames of a video are shown, by its packets and by its decoder.

    packets, as stored      0.00  0.12  0.04  0.08  0.24  ...     announced, sooner or later
    frames, as decoded      0.00  0.04        0.12  0.24  ...     placed; 0.08 never came

A frame that never came is lost if the decoder reported an error; otherwise its packet only says
that the picture before stays on screen. Pure arithmetic on times, in seconds.
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
LONGEST_HOLD = 3600.0
# Seconds by which the last frame may be shown longer than any other without a word.
HOLD_TOLERANCE = 1.0
# Seconds for which no screen shows a frame.
LEAST_HOLD = 1e-3
# Seconds ahead at which the next frame must agree that the clock is right.
SUSPECT = 60.0


class Timeline:
    """Gives each decoded frame its time, and counts announced frames that never came.

    Args:
        usual: seconds for which a frame is shown if nothing says otherwise.
        counted: True to give frames the announced times in order, if their own cannot be trusted.
        end: the second at which the last frame ends by the header, 0 if it does not say.

    Attributes:
        lost: seconds that were announced and for which no frame came, because of errors.
        unfinished: the number of frames lost after the last one that came.
        displaced: the number of frames left out, for going back in time or far ahead alone.
        squeezed: the number of frames, among several in a row, shown too briefly to be seen.
        begin: the second at which the first frame is shown; None before it.
        until, latest: when the last placed frame ends, and begins; -inf before the first.
        placed: the number of frames placed.
        longest: the longest time in seconds from one frame to the next.
        unfounded: seconds that only the last frame itself claims to be shown.
    """

    def __init__(self, usual: float, counted: bool = False, end: float = 0.0):
        self.usual = usual
        self.counted = counted
        self.end = end
        self.lost = 0.0
        self.unfinished = 0
        self.displaced = 0
        self.squeezed = 0
        self.begin: float | None = None
        self.until = -math.inf
        self.latest = -math.inf
        self.placed = self._count = 0
        self.longest = 0.0
        self.unfounded = 0.0
        self._said = -math.inf
        self._doubled = False
        self._short = False
        self._first = math.inf
        self._announced_until = -math.inf
        self._failed_until = -math.inf
        self._stays_until = -math.inf
        self._announced: list[tuple[float, float, bool]] = []

    def announce(self, time: float, seconds: float, wanted: bool = True) -> None:
        """Notes that a packet announces a frame.

        Args:
            time: the second from which the frame is shown.
            seconds: how long the frame is shown; 0 if unknown.
            wanted: False if the frame need not come; it is then lost if the wanted one before is.
        """
        self._count += 1
        self._announced_until = max(self._announced_until, time)
        self._first = min(self._first, time)
        heapq.heappush(self._announced, (time, seconds, wanted))

    def stay(self, time: float, seconds: float) -> None:
        """Notes that a packet leaves the picture unchanged.

        Args:
            time: the second from which the packet counts.
            seconds: how long it counts; 0 if unknown.
        """
        if self.counted:
            self._extend(time, seconds)
        else:
            heapq.heappush(self._announced, (time, seconds, False))

    def fail(self) -> None:
        """Notes a decoding error: frames announced so far that never come count as lost."""
        self._failed_until = self._announced_until

    def withdraw(self, time: float) -> None:
        """Notes that the packet that announced ``time`` cannot be decoded."""
        for place, (announced, seconds, wanted) in enumerate(self._announced):
            if announced == time and (self.counted or not wanted):
                del self._announced[place]
                heapq.heapify(self._announced)
                self.lost += self._lasting(seconds)
                return

    def place(
        self, time: float | None, seconds: float, following: float | None = None
    ) -> float | None:
        """Places a decoded frame, and returns when it is shown; None if it must be left out.

        Args:
            time: the second from which the frame says it is shown; None if it does not say.
            seconds: how long the frame says it is shown; 0 if it does not say.
            following: the time that the next frame says; None if there is none.
        """
        if self.counted:
            time = heapq.heappop(self._announced)[0] if self._announced else None
        if time is None:
            time = max(self.until, 0.0)
        said, doubled = time, abs(time - self._said) < TOLERANCE and not self._doubled
        # Of two frames with one time, the second is shown right after the first.
        time = self.latest + TOLERANCE if doubled else time
        if time <= self.latest or self._is_astray(time, following):
            self.displaced += 1
            self._forget(time)
            return None
        self._said, self._doubled = said, doubled
        if not self.counted:
            self._settle(time)
        if self.begin is not None:
            self.longest = max(self.longest, time - self.latest)
            short, self._short = self._short, time - self.latest < LEAST_HOLD
            self.squeezed += short and self._short
            self.lost += max(time - held_until(self.latest, self.until, self.end), 0.0)
        self.latest = time
        self.placed += 1
        self.begin = time if self.begin is None else self.begin
        self.until = time + self._lasting(seconds)
        return time

    def finish(self, heard: float = 0.0) -> None:
        """Ends the timeline; the last frame may be shown until ``heard``, the end of the sound."""
        if self.begin is not None:
            self._shorten(self.begin, heard)
        before = self.lost
        self.unfinished = self._settle(math.inf)
        if self.begin is not None:
            self.until = max(self.until, self._stays_until)
        missing = self.end - max(self.until, 0.0)
        if missing > 2 * self.usual:
            self.lost = max(self.lost, before + missing)

    def _shorten(self, begin: float, heard: float) -> None:
        """Shortens a last frame that claims to stand longest, since no later frame confirms it."""
        if self.until <= max(self.latest + (self.longest or SUSPECT) + HOLD_TOLERANCE, heard):
            return
        frames = max(self._count, self.placed)  # Also those that were passed over.
        mean = (self.latest - begin) / (frames - 1) if self.longest else SUSPECT
        said, self.until = self.until, max(self.latest + mean, heard)
        self.unfounded = said - self.until
        if self.end > self.until:
            self.end = max(self.until, self.end - self.unfounded)

    @property
    def remarks(self) -> list[str]:
        """Oddities that are no damage, complete after ``finish``."""
        if self.begin is None:
            return []
        late = 0.0 if self.lost else self.begin - self._first
        told = {
            f"its last picture claims to stand for {self.unfounded:.0f} s more than the others, "
            "but nothing follows it; it is held as long as they are on average": self.unfounded > 0,
            f"a picture stood for {self.longest:.0f} s": self.longest > SUSPECT,
            f"the pictures of its first {late:.2f} s refer to some before its beginning and are "
            "not shown": late > self.usual,
        }
        return [words for words, true in told.items() if true]

    def _lasting(self, seconds: float) -> float:
        return seconds if seconds > TOLERANCE else self.usual

    def _is_astray(self, time: float, following: float | None) -> bool:
        """Returns True if a frame is far ahead, beyond the header's end, and the next disagrees."""
        if self.begin is None or time <= max(self.until + SUSPECT, self.end + 1):
            return False
        if following is None:
            return time > self.until + LONGEST_HOLD
        return following < time

    def _settle(self, time: float) -> int:
        """Forgets what was announced up to ``time``; returns the number of wanted frames lost."""
        missing, losing = 0, False
        while self._announced and self._announced[0][0] < time + TOLERANCE:
            announced, seconds, wanted = heapq.heappop(self._announced)
            # A second field, or a frame that is shown already, is not lost.
            if announced >= time - TOLERANCE or announced <= self.until - TOLERANCE:
                continue
            losing = losing or (wanted and announced <= self._failed_until)
            missing += wanted and losing
            if losing:
                self.lost += self._lasting(seconds)
            else:
                self._extend(announced, seconds)
        return missing

    def _extend(self, time: float, seconds: float) -> None:
        """Keeps the last frame on screen, unless ``time`` is far ahead of all others."""
        lasting = min(self._lasting(seconds), max(self.longest, self.usual))
        if time <= max(self.until, self._stays_until) + SUSPECT:
            self._stays_until = max(self._stays_until, time + lasting)

    def _forget(self, time: float) -> None:
        self._announced = [item for item in self._announced if abs(item[0] - time) > TOLERANCE]
        heapq.heapify(self._announced)


def held_until(begin: float, until: float, end: float) -> float:
    """Returns the latest second until which a frame may stay on screen if no other comes.

    Args:
        begin: the second at which the frame begins, by itself.
        until: the second at which the frame ends, by itself.
        end: the second at which the video ends by its header.
    """
    return max(until, begin + LONGEST_HOLD, end)


@dataclass(frozen=True)
class Announced:
    """A packet with its times in seconds.

    Attributes:
        time, seconds: when its frame is shown, None if unknown, and for how long, 0 if unknown.
        stored: its decoding time: no later packet shows a frame before it.
        packet: the packet to decode; None if there is nothing.
        changes: True if it gives a frame; otherwise the picture before stays.
    """

    time: float | None
    stored: float | None
    seconds: float
    packet: Any
    changes: bool = True


def mark_shown(
    packets: Iterable[Announced], is_shown: Callable[[float, float], bool]
) -> Iterator[tuple[Announced, bool]]:
    """Yields the packets in their order, each with False if its frame is certainly not wanted.

    Args:
        packets: in the order in which they are stored.
        is_shown: returns True if a frame shown from one time to another is wanted.
    """
    waiting: deque[Announced] = deque()
    times: list[float] = []
    for packet in packets:
        waiting.append(packet)
        if not packet.changes:
            continue
        if packet.time is None or packet.stored is None:
            while waiting:
                yield waiting.popleft(), True
            continue
        insort(times, packet.time)
        del times[: -2 * LOOK_AHEAD]
        while waiting:
            if not waiting[0].changes:
                yield waiting.popleft(), True
                continue
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
    """Returns True if an instant ``origin + k / fps`` may lie between two times.

    Args:
        origin: the first instant in seconds.
        fps: instants per second.
        begin: the earlier time in seconds.
        end: the later time in seconds.
    """
    count = math.ceil((begin - TOLERANCE - origin) * fps)
    return origin + count / fps <= end + TOLERANCE
