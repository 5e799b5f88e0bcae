"""A video as a camera makes it: 720p H.264, moving textured scenes, sensor noise.

Up to a minute is drawn and encoded; a longer video repeats its packets with later times.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (720, 1280)
FPS = 30
BITS_PER_SECOND = 4_500_000
SCENE_SECONDS = 10
DRAWN_SECONDS = 60
NOISE_DEVIATION = 3.0

Plane = NDArray[np.uint8]


def make(path: Path, seconds: int) -> Path:
    """Writes the video unless it is there already.

    Args:
        path: the new file.
        seconds: up to ``DRAWN_SECONDS``, or a multiple of it.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = min(seconds, DRAWN_SECONDS)
    one, partial = path.with_name(f"one-{path.name}"), path.with_name(f"partial-{path.name}")
    _encode(one, drawn)
    _repeat(one, partial, drawn, seconds // drawn)
    one.unlink()
    return partial.replace(path)


def _encode(path: Path, seconds: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "medium"})
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = BITS_PER_SECOND
        for planes in _draw(seconds * FPS):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))


def _repeat(source: Path, path: Path, seconds: int, times: int) -> None:
    """Copies the packets of a video several times, each later by its length."""
    with av.open(str(path), "w") as container:
        stream = None
        for turn in range(times):
            with av.open(str(source)) as original:
                template = original.streams.video[0]
                stream = stream or container.add_stream_from_template(template)
                for packet in original.demux(template):
                    if packet.pts is None:
                        continue
                    later = round(turn * seconds / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = stream
                    container.mux(packet)


def _draw(frames: int) -> Iterator[Plane]:
    """Yields ``<uint8>[1080, 1280]``: a plane of light and two quarter planes of colour."""
    chance = np.random.default_rng(0)
    grain = [
        chance.normal(0, NOISE_DEVIATION, (SIZE[0] + 64, SIZE[1] + 64)).astype("int8")
        for _ in range(4)
    ]
    for frame in range(frames):
        scene, time = divmod(frame, SCENE_SECONDS * FPS)
        if time == 0:
            wall, things, colours = _scene(scene)
        light = _pan(wall, SIZE, 2 * time, time // 2).copy()
        for number, thing in enumerate(things):
            _place(light, thing, number, time)
        noise = _pan(grain[frame % 4], SIZE, *chance.integers(0, 64, 2))
        light = cv2.add(light, noise, dtype=cv2.CV_8U)
        half = (SIZE[0] // 2, SIZE[1] // 2)
        chroma = [_pan(colour, half, time, time // 4) for colour in colours]
        yield np.concatenate([light, np.concatenate(chroma).reshape(-1, SIZE[1])])


def _scene(number: int) -> tuple[Plane, list[Plane], list[Plane]]:
    """A wall larger than the picture, things that move in front of it, and two colours."""
    chance = np.random.default_rng(number)
    wall = _texture(chance, (SIZE[0] + 256, SIZE[1] + 1024), 20, 235)
    sizes = chance.integers(60, 220, (5, 2))
    things = [_texture(chance, (int(height), int(width)), 0, 255) for height, width in sizes]
    half = (SIZE[0] // 2 + 128, SIZE[1] // 2 + 512)
    return wall, things, [_texture(chance, half, 96, 160, finest=32) for _ in range(2)]


def _texture(
    chance: np.random.Generator, size: tuple[int, int], low: int, high: int, finest: int = 2
) -> Plane:
    """Noise at several scales, the coarse ones strongest."""
    total = np.zeros(size, np.float32)
    scale = 128
    while scale >= finest:
        grid = chance.normal(size=(size[0] // scale + 2, size[1] // scale + 2)).astype("float32")
        total += scale**0.7 * cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC)
        scale //= 2
    stretched = cv2.normalize(total, None, low, high, cv2.NORM_MINMAX)
    return np.asarray(stretched.astype("uint8"))


def _pan(image: Plane, size: tuple[int, int], x: int, y: int) -> Plane:
    """The part of an image that is in view; beyond its edge the view turns back."""
    top = _to_and_fro(y, image.shape[0] - size[0])
    left = _to_and_fro(x, image.shape[1] - size[1])
    return image[top : top + size[0], left : left + size[1]]


def _place(light: Plane, thing: Plane, number: int, time: int) -> None:
    height, width = thing.shape
    top = _to_and_fro(90 * number + (number + 1) * time, SIZE[0] - height)
    left = _to_and_fro(200 * number + (2 * number + 3) * time, SIZE[1] - width)
    light[top : top + height, left : left + width] = thing


def _to_and_fro(position: int, limit: int) -> int:
    position = int(position) % (2 * limit)
    return min(position, 2 * limit - position)
