"""Tells by the first bytes of a JPEG whether it may be a frame, before a decoder believes them.

A few bytes can claim a picture of gigapixels, or thousands of passes over one. So only a baseline
JPEG of one scan, three colours and the size that is expected is given to the decoder.
"""

from collections.abc import Iterable

BEGIN, END = b"\xff\xd8", b"\xff\xd9"
BASELINE, SCAN = 0xC0, 0xDA
COLOURS = 3
# Of a frame's pixels as they are; what is packed so badly that it takes more is not read.
MOST_SHARE, SLACK = 2, 1 << 14
# Eight frames of 4K; a file may say anything, and room is made for what it says.
MOST_PIXELS = 1 << 26
Size = tuple[int, int]  # Height and width.


def most_bytes(size: Size) -> int:
    """Returns how long a JPEG of a frame of (height, width) may be."""
    return MOST_SHARE * COLOURS * size[0] * size[1] + SLACK


def require_sound(content: bytes, size: Size) -> None:
    """Checks that a JPEG is what ``encoded`` makes of a frame of a size, without decoding it.

    Args:
        content: of a file.
        size: (height, width).

    Raises:
        ValueError: it is something else.
    """
    if not (content.startswith(BEGIN) and content.endswith(END)):
        raise ValueError("no whole JPEG")
    said = None
    for marker, segment, rest in _segments(content):
        if marker == BASELINE:
            sides = (int.from_bytes(segment[place : place + 2], "big") for place in (1, 3))
            said = (*sides, *segment[5:6])
        if marker == SCAN:
            if bytes((0xFF, SCAN)) in rest:
                raise ValueError("a JPEG of several scans")
            break
    if said != (*size, COLOURS):
        raise ValueError(
            f"a JPEG of {said or 'another kind'}, expected a baseline one of {(*size, COLOURS)}"
        )


def _segments(content: bytes) -> Iterable[tuple[int, bytes, bytes]]:
    """Yields the marker and the content of each segment of a JPEG, and what comes behind it."""
    place = len(BEGIN)
    while place + 4 <= len(content):
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        if content[place] != 0xFF or length < 2:
            raise ValueError("no JPEG")
        stop = place + 2 + length
        yield content[place + 1], content[place + 4 : stop], content[stop:]
        place = stop
