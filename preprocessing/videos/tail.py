"""The last packets of a video, to be decoded once more where emptying the decoder failed.

    packets     ... K . . . . K . . . x .      K: refers to none before; x: does not decode
    given       ... . . . .                    by threads that work ahead, until x
    again                   . . . .   .        by one thread, from a K on

An error shortly before a decoder with several threads is emptied, or meanwhile, ends it, often
without a word, and what the other threads hold is not given. One thread gives all that decodes.
"""

from collections import deque
from typing import Any

import av

LEAST, MOST = 32, 2000  # Packets: more than are under way in any decoder; kept at most.
MOST_BYTES = 64 << 20  # Of all of them.
NEAR = 4 * LEAST  # Packets from an error that may do harm to the end, as it may be told early.
STAYS = "stays"


def stays(packet: Any) -> Any:
    """Marks a packet that leaves the picture before it unchanged."""
    packet.opaque = STAYS
    return packet


def changed(frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
    """Drops a picture that the emptied decoder repeats for such a packet."""
    return [frame for frame in frames if frame.opaque != STAYS]


class Tail:
    """Remembers the last packets, and which of them gave a picture.

    Attributes:
        failure: the error that one of the last packets gave when it was decoded again.
    """

    def __init__(self) -> None:
        self._packets: list[Any] = []
        self._keyframes: deque[int] = deque()
        self._given: deque[Any] = deque(maxlen=NEAR)
        self._dropped = self._count = self._bytes = 0
        self._spoilt = -NEAR
        self._latest = 0
        self._due: deque[int] = deque(maxlen=LEAST)
        self.failure: av.error.FFmpegError | None = None

    def add(self, packet: Any, wanted: bool) -> None:
        """Notes and numbers a packet that is about to be decoded.

        Args:
            packet: the packet.
            wanted: True if its frame is needed.
        """
        if packet.opaque != STAYS:
            packet.opaque = self._count
            self._due.extend([self._count] if wanted else [])
        if packet.is_keyframe:
            self._keyframes.append(self._count)
        self._packets.append(packet)
        self._bytes += packet.size
        self._count += 1
        while len(self._keyframes) > 1 and self._keyframes[1] <= self._count - LEAST:
            self._keyframes.popleft()
            self._forget(self._keyframes[0])
        if len(self._packets) > MOST or self._bytes > MOST_BYTES:
            self._keyframes.clear()
            self._forget(self._count)

    def give(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Notes frames that were decoded, and returns them."""
        self._given.extend(frame.opaque for frame in frames if frame.opaque is not None)
        self._latest = max([self._latest, *(frame.pts or 0 for frame in frames)])
        return frames

    def spoil(self) -> None:
        """Notes a decoding error."""
        self._spoilt = self._count

    @property
    def spoilt(self) -> bool:
        """True if there was an error near the end."""
        return self._count - self._spoilt < NEAR

    @property
    def incomplete(self) -> bool:
        """True if frames of the last packets may be missing."""
        recent = (number for number in self._due if number >= self._count - LEAST)
        return self.spoilt or not set(recent) <= set(self._given)

    def again(self, context: Any) -> list[av.VideoFrame]:
        """Returns the frames that are still missing, decoded by a new decoder."""
        frames: list[av.VideoFrame] = []
        for packet in [*self._packets, None]:
            try:
                frames += context.decode(packet)
            except av.error.FFmpegError as error:
                near = packet in self._packets[-LEAST:]
                self.failure = error if near else self.failure
        given = [place for place, frame in enumerate(frames) if frame.opaque in self._given]
        if not given:  # Told by their times where the numbers were lost on the way.
            return [frame for frame in frames if (frame.pts or 0) > self._latest]
        return changed(frames[given[-1] + 1 :])

    def _forget(self, number: int) -> None:
        gone = number - self._dropped
        self._bytes -= sum(packet.size for packet in self._packets[:gone])
        del self._packets[:gone]
        self._dropped = number
