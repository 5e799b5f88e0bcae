"""The Python sides of the extraction benchmark; each runs in a process of its own.

python sides.py SIDE ARGUMENTS...   prints JSON
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measure import clock
from numpy.typing import NDArray

SIZE = (224, 224)
BATCH = 32
WARM_BATCHES = 3

Pixels = NDArray[np.uint8]
Decoder = Callable[[Path, float | None], Iterator[Pixels]]


def opencv(path: Path, fps: float | None, threads: int | None = None) -> Iterator[Pixels]:
    """Frames by cv2.VideoCapture; those that are not wanted are grabbed and not converted."""
    import cv2

    options = [cv2.CAP_PROP_N_THREADS, threads] if threads else []
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, options)
    due = 0.0
    while capture.grab():
        if fps and capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 < due - 1e-3:
            continue
        due += 1 / fps if fps else 0.0
        image = cv2.resize(capture.retrieve()[1], SIZE, interpolation=cv2.INTER_AREA)
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def opencv_threads(path: Path, fps: float | None) -> Iterator[Pixels]:
    """The same with a thread for each core."""
    return opencv(path, fps, len(os.sched_getaffinity(0)))


def pyav(path: Path, fps: float | None) -> Iterator[Pixels]:
    """Frames by PyAV as its documentation shows it, with threads."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        due = 0.0
        for frame in container.decode(stream):
            if fps and frame.time < due - 1e-3:
                continue
            due += 1 / fps if fps else 0.0
            yield frame.to_ndarray(
                format="rgb24", width=SIZE[1], height=SIZE[0], interpolation="AREA"
            )


def longtake(path: Path, fps: float | None) -> Iterator[Pixels]:
    """Frames by Longtake."""
    from preprocessing.videos.reader import VideoReader

    with VideoReader(path, fps, [SIZE]) as video:
        for sample in video:
            yield sample.pixels[0]


DECODERS: dict[str, Decoder] = {
    "opencv": opencv,
    "opencv-threads": opencv_threads,
    "pyav": pyav,
    "longtake": longtake,
}


def decode(name: str, path: str, fps: str) -> dict[str, float]:
    """Decodes a video; the mean of the pixels shows that all sides saw the same."""
    import av  # noqa: F401  (imported before the clock starts)
    import cv2  # noqa: F401

    import preprocessing.videos.reader  # noqa: F401

    samples, total = 0, 0.0
    with clock() as spent:
        for pixels in DECODERS[name](Path(path), None if fps == "native" else float(fps)):
            samples += 1
            total += pixels[::32, ::32].mean()
    return {**spent, "samples": samples, "mean": total / samples}


def backbone(batches: str, features: str) -> dict[str, float]:
    """EfficientNet-Lite0 as Longtake runs it."""
    from preprocessing.backbones import load_backbone

    network = load_backbone("efficientnet-lite0")
    frames = pictures()
    for _ in range(WARM_BATCHES):
        made = network([frames])
    np.save(features, made)
    with clock() as spent:
        for _ in range(int(batches)):
            network([frames])
    return {**spent, "frames": BATCH * int(batches)}


def pictures() -> Pixels:
    """A batch of noise with some structure, the same for every network."""
    noise = np.random.default_rng(0).integers(0, 256, (BATCH, 28, 28, 3), np.uint8)
    return np.repeat(np.repeat(noise, 8, 1), 8, 2)


def whole(path: str, fps: str) -> dict[str, float]:
    """Extracts a video into a store, by a network that is compiled before the clock starts."""
    from preprocessing import ExtractConfig, extract
    from preprocessing.backbones import load_backbone

    config = ExtractConfig((Path(path),), Path(), fps=float(fps))
    network = load_backbone(config.backbone)
    network([np.zeros((config.batch_size, *size, 3), np.uint8) for size in network.sizes])
    with tempfile.TemporaryDirectory() as store:
        config = ExtractConfig(config.inputs, Path(store), fps=config.fps)
        with clock() as spent:
            (result,) = extract(config)
    return {**spent, "frames": result.steps}


SIDES: dict[str, Callable[..., dict[str, float]]] = {
    "decode": decode,
    "backbone": backbone,
    "whole": whole,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](*sys.argv[2:])))
