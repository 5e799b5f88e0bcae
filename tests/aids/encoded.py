"""Videos whose frames say their own number."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (8, 8)
MILLISECONDS = Fraction(1, 1000)
REGULAR = [40 * number for number in range(30)]
BRIGHTNESS_STEP = 8


def encode_numbers(path: Path, milliseconds: list[int], b_frames: int = 0) -> Path:
    encode(path, [numbered(number) for number in range(len(milliseconds))], milliseconds, b_frames)
    return path


def add_noise(container, codec: str, frames: int, **options: str) -> None:
    """Encodes 25 frames/s of noise that moves, so that every frame needs its bytes."""
    stream = container.add_stream(codec, rate=25, options=options)
    stream.width, stream.height = 64, 48
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    stream.codec_context.max_b_frames = 0 if codec == "mjpeg" else 3
    noise = np.random.default_rng(0).integers(0, 256, (frames, 48, 64, 3), np.uint8)
    for image in noise:
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
    container.mux(stream.encode(None))


def rewritten(source: Path, path: Path, change, **options: str) -> Path:
    """Copies a video packet by packet; ``change`` gets each with its number and may alter it."""
    with av.open(str(source)) as old, av.open(str(path), "w", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            copy = av.Packet(bytes(packet))
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
            copy = change(number, copy)
            copy.stream = stream
            new.mux(copy)
    return path


def numbered(number: int) -> np.ndarray:
    return np.full((48, 64, 3), number * BRIGHTNESS_STEP % 256, np.uint8)


def encode(path: Path, images: list[np.ndarray], milliseconds: list[int], b_frames: int = 0):
    """Writes a video whose frames are shown from the given times on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = MILLISECONDS
        stream.codec_context.max_b_frames = b_frames
        for image, time in zip(images, milliseconds, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
