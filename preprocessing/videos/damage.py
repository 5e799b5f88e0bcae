"""Damage: the faults of a video that could be decoded all the same."""

from dataclasses import dataclass

WHOLE_SHARE = 0.95
LOST_SECONDS = 1.0
LOST_SHARE = 0.05


@dataclass(frozen=True)
class Damage:
    """Faults that were found while a video was decoded from beginning to end.

    Attributes:
        errors: packets that could not be decoded.
        corrupt_frames: frames that the decoder could only guess in part.
        lost_seconds: seconds for which there should be a frame and is none.
        unfinished_frames: frames announced after the last one that came.
        displaced_frames: frames left out because their time lies before one already shown, or far
            beyond the video's end, and such as are shown for too short to be seen.
        seconds: how long the video should be.
        first_error: the decoder's message for the first of the errors.
        remarks: oddities that are no damage.
    """

    errors: int = 0
    corrupt_frames: int = 0
    lost_seconds: float = 0.0
    unfinished_frames: int = 0
    displaced_frames: int = 0
    seconds: float = 0.0
    first_error: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of the video's time that was decoded, 0 to 1."""
        return max(0.0, 1 - self.lost_seconds / self.seconds) if self.seconds else 1.0

    @property
    def found(self) -> bool:
        """True if there is damage; a little lost time is none, since headers often claim more."""
        lost = self.lost_seconds > min(LOST_SECONDS, LOST_SHARE * self.seconds)
        frames = self.corrupt_frames + self.unfinished_frames + self.displaced_frames
        return bool(self.errors or frames or lost)

    @property
    def _why_displaced(self) -> str:
        if self.share >= WHOLE_SHARE:
            return ""
        return (
            " (their times go back or hardly on, as after joining clips whose time scales differ; "
            "join them again with re-encoding, or bring them to one time scale first)"
        )

    def __str__(self) -> str:
        """Returns one line, empty if there is no damage."""
        if not self.found:
            return ""
        parts = [
            f"not decodable: {_count(self.errors, 'packet')}" if self.errors else "",
            f"corrupt: {_count(self.corrupt_frames, 'frame')}" if self.corrupt_frames else "",
            f"out of time: {_count(self.displaced_frames, 'frame')}{self._why_displaced}"
            if self.displaced_frames
            else "",
            f"missing at the end: {_count(self.unfinished_frames, 'frame')}"
            if self.unfinished_frames
            else "",
            f"lost: {self.lost_seconds:.1f} of {self.seconds:.1f} s",
            f"first error: {self.first_error}" if self.first_error else "",
        ]
        return "; ".join(part for part in parts if part)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
