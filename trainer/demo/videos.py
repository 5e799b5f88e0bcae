"""Sample videos of a job that only a model with a memory can label.

    seconds   0         3            9                15                     60
              order A | press A    | wheel A        | belt A   ...         |
              order B | belt B     | press B        | wheel B  ...         |

In the first seconds a coloured disc is shown, blue (order A) or orange (order B). Then machines
follow each other, in random order, and what each is called depends on the disc, to the end of the
video. Once the disc is gone, the two kinds of video look alike.
"""

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.files.whole_file import whole_file, write_whole
from preprocessing.labels.writing import write_intervals

SIZE = (192, 256)
FPS = 8
START_SECONDS = 3.0
SCENE_SECONDS = (4.0, 8.0)
WALL = 96
CENTRE = (SIZE[1] // 2, SIZE[0] // 2)
ORDERS = {"A": (200, 120, 30), "B": (30, 130, 230)}
TEST_SHARE, VALIDATION_SHARE = 0.25, 0.125

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """A stretch of a sample video.

    Attributes:
        start: its beginning in seconds.
        end: its end in seconds.
        name: ``order`` or the machine that is shown.
        order: ``A`` or ``B``.
    """

    start: float
    end: float
    name: str
    order: str

    @property
    def label(self) -> str:
        """The label of the stretch."""
        return f"{self.name} {self.order}"


@dataclass(frozen=True)
class Samples:
    """The paths of the sample videos, their labels and their splits."""

    videos: Path
    labels: Path
    splits: Path


def make_samples(folder: Path, count: int, seconds: float, seed: int) -> Samples:
    """Makes sample videos, their labels and splits; videos that are there are kept.

    Args:
        folder: gets ``videos/``, ``labels.csv`` and ``splits.json``.
        count: number of videos; every part of the splits has as many of order A as of B.
        seconds: length of each.
        seed: the seed of everything random.

    Raises:
        InputError: the folder holds samples made with other numbers.
    """
    samples = Samples(folder / "videos", folder / "labels.csv", folder / "splits.json")
    samples.videos.mkdir(parents=True, exist_ok=True)
    _require_same(folder / "samples.json", {"count": count, "seconds": seconds, "seed": seed})
    rows: list[tuple[str, float, float, str]] = []
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        name = f"job{number:03d}"
        scenes = list(_scenes(seconds, "AB"[number % 2], chance))
        rows += [(name, scene.start, scene.end, scene.label) for scene in scenes]
        path = samples.videos / f"{name}.mp4"
        if not path.exists():
            with whole_file(path) as partial:
                _write_video(partial, scenes, chance)
    write_intervals(samples.labels, rows)
    write_whole(samples.splits, json.dumps(_splits(count), indent=1) + "\n")
    return samples


def _require_same(path: Path, numbers: dict[str, float]) -> None:
    """Writes down the settings of the samples, or checks that they are the same."""
    if not path.exists():
        write_whole(path, json.dumps(numbers) + "\n")
        return
    try:
        before = read_json(path, "what the samples are made with")
    except InputError:
        before = "something else"
    if before != numbers:
        raise InputError(
            f"{path.parent} holds samples of {before!s:.200}, not {numbers}; give another --out"
        )


def _scenes(seconds: float, order: str, chance: random.Random) -> Iterator[Scene]:
    yield Scene(0.0, START_SECONDS, "order", order)
    now, name = START_SECONDS, ""
    while now < seconds:
        name = chance.choice([machine for machine in MACHINES if machine != name])
        end = min(now + round(chance.uniform(*SCENE_SECONDS) * FPS) / FPS, seconds)
        yield Scene(now, end, name, order)
        now = end


def _splits(count: int) -> dict[str, list[str]]:
    names = [f"job{number:03d}" for number in range(count)]
    test, validation = (max(2, round(count * s / 2) * 2) for s in (TEST_SHARE, VALIDATION_SHARE))
    return {
        "train": names[test + validation :],
        "validation": names[test : test + validation],
        "test": names[:test],
    }


def _write_video(partial: Path, scenes: list[Scene], chance: random.Random) -> None:
    """Writes H.264, which browsers play too."""
    noise = np.random.default_rng(chance.getrandbits(32))
    with av.open(str(partial), "w") as container:
        stream = cast(av.VideoStream, container.add_stream("libx264", rate=FPS))
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(_images(scenes)):
            grain = noise.integers(-8, 9, image.shape, np.int16)
            pixels = np.clip(image + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _images(scenes: list[Scene]) -> Iterator[Image]:
    for scene in scenes:
        for frame in range(round(scene.start * FPS), round(scene.end * FPS)):
            image = np.full((*SIZE, 3), WALL, np.uint8)
            if scene.name == "order":
                cv2.circle(image, CENTRE, 60, ORDERS[scene.order], -1, cv2.LINE_AA)
            else:
                MACHINES[scene.name](image, frame / FPS)
            yield image


def _press(image: Image, now: float) -> None:
    """Draws a ram that goes up and down over a block."""
    x, y = CENTRE
    depth = round(22 * math.sin(2.5 * now))
    cv2.rectangle(image, (x - 55, y - 90), (x + 55, y - 70), (60, 60, 60), -1)
    cv2.rectangle(image, (x - 22, y - 70), (x + 22, y - 5 + depth), (190, 190, 190), -1)
    cv2.rectangle(image, (x - 60, y + 30), (x + 60, y + 60), (40, 90, 60), -1)


def _wheel(image: Image, now: float) -> None:
    """Draws a turning wheel with spokes."""
    cv2.circle(image, CENTRE, 62, (230, 230, 230), 9, cv2.LINE_AA)
    for spoke in range(6):
        angle = now + spoke * math.pi / 3
        tip = (
            CENTRE[0] + round(60 * math.cos(angle)),
            CENTRE[1] + round(60 * math.sin(angle)),
        )
        cv2.line(image, CENTRE, tip, (230, 230, 230), 5, cv2.LINE_AA)


def _belt(image: Image, now: float) -> None:
    """Draws boxes that pass by on a belt."""
    y = CENTRE[1] + 20
    cv2.rectangle(image, (0, y), (SIZE[1], y + 14), (30, 30, 30), -1)
    for box in range(5):
        x = int(box * 70 + 35 * now) % (SIZE[1] + 70) - 70
        cv2.rectangle(image, (x, y - 42), (x + 44, y), (70, 140, 185), -1)
        cv2.rectangle(image, (x, y - 42), (x + 44, y), (40, 80, 110), 2)


MACHINES: dict[str, Callable[[Image, float], None]] = {
    "press": _press,
    "wheel": _wheel,
    "belt": _belt,
}
