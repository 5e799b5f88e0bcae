"""H.264 whose fields are pictures of their own, written bit by bit.

Each macroblock holds its samples as they are (I_PCM), so no encoder is needed (ITU-T H.264, 7.3).
"""

SETTINGS_OF_SEQUENCE, SETTINGS_OF_PICTURE, KEY_SLICE, SLICE = 7, 8, 5, 1
MACROBLOCKS = 2  # Of a field: 32 x 16 samples.


def number(value: int) -> str:
    """An unsigned Exp-Golomb code."""
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def octets(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def unit(kind: int, body: bytes) -> bytes:
    """A NAL unit; three bytes that look like a start code are parted by a 3."""
    safe = bytearray()
    for byte in body:
        if safe[-2:] == b"\0\0" and byte < 4:
            safe.append(3)
        safe.append(byte)
    return b"\0\0\0\1" + bytes([0x60 | kind]) + bytes(safe)


def settings() -> bytes:
    # Main profile, 32 x 32, order of output as stored; fields allowed.
    sequence = f"{77:08b}{0:08b}{30:08b}" + number(0) + number(0) + number(2) + number(1) + "0"
    sequence += number(1) + number(0) + "0" + "0" + "1" + "0" + "0" + "1"
    picture = number(0) + number(0) + "0" + "0" + 3 * number(0) + "0" + "00" + 3 * number(0)
    picture += "1" + "0" + "0" + "1"
    return unit(SETTINGS_OF_SEQUENCE, octets(sequence)) + unit(SETTINGS_OF_PICTURE, octets(picture))


def field(frame: int, bottom: bool, brightness: int) -> bytes:
    """One field: a key picture if it is the top one."""
    bits = number(0) + number(7) + number(0) + "0000" + "1" + str(int(bottom))
    bits += "0" if bottom else number(frame % 2) + "00"
    bits += number(0) + number(1)
    body = b""
    for _ in range(MACROBLOCKS):
        body += octets(bits + number(25)) + bytes([brightness]) * 256 + bytes([128]) * 128
        bits = ""
    return unit(SLICE if bottom else KEY_SLICE, body + b"\x80")


def fields(frames: int) -> list[bytes]:
    """Top and bottom fields in turn, each frame brighter than the one before."""
    return [
        (b"" if bottom else settings()) + field(frame, bottom, 30 + 4 * frame)
        for frame in range(frames)
        for bottom in (False, True)
    ]
