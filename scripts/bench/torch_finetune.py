"""PyTorch's side of ``finetune.py``; needs what that names only. Prints JSON."""

import json
import statistics
import sys
import time
from pathlib import Path

import cv2
import h5py
import numpy as np
import torch
from efficientnet_pytorch import EfficientNet
from measure import peak_mb
from torch.utils.checkpoint import checkpoint

CLASSES = 7
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(torch.nn.Module):
    """EfficientNet-B0 without its head, a function of single frames."""

    def __init__(self):
        super().__init__()
        self.network = EfficientNet.from_name("efficientnet-b0", include_top=False)
        # The other one computes parts again by itself, to save memory.
        self.network.set_swish(memory_efficient=False)
        self.register_buffer("means", 255 * torch.tensor(MEANS).view(3, 1, 1))
        self.register_buffer("deviations", 255 * torch.tensor(DEVIATIONS).view(3, 1, 1))
        for layer in self.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.requires_grad_(False)
        self.eval()  # Fixed statistics, and no block is dropped.

    def forward(self, frames):
        """From ``<uint8>[N, 3, H, W]`` to ``<float32>[N, F]``."""
        return self.network((frames.float() - self.means) / self.deviations).flatten(1)


def decoded(files: list[h5py.File], steps: range) -> torch.Tensor:
    """Frames ``<uint8>[B * T, 3, H, W]`` of a stretch of all sequences."""
    contents = [one for file in files for one in _contents(file, steps)]
    frames = np.stack([cv2.imdecode(one, cv2.IMREAD_COLOR)[..., ::-1] for one in contents])
    return torch.from_numpy(frames).permute(0, 3, 1, 2)


def _contents(file: h5py.File, steps: range) -> list[np.ndarray]:
    ends = [0, *file["jpeg_ends"][: steps.stop].tolist()][steps.start :]
    block = file["jpeg"][ends[0] : ends[-1]]
    return np.split(block, np.array(ends[1:-1]) - ends[0])


def main(
    folder: Path, lanes: int, length: int, units: int, at_once: int, epochs: int, whole: bool
) -> dict[str, float]:
    """Truncated back-propagation: the state goes on, detached."""
    files = [h5py.File(path) for path in sorted((folder / "store").glob("*.h5"))]
    steps = len(files[0]["jpeg_ends"])
    labels = torch.arange(steps) * CLASSES // steps
    backbone = Backbone()
    lstm = torch.nn.LSTM(1280, units, batch_first=True)
    head = torch.nn.Linear(units, CLASSES)
    trained = [one for one in backbone.parameters() if one.requires_grad]
    rates = [
        {"params": trained, "lr": 1e-4},
        {"params": [*lstm.parameters(), *head.parameters()], "lr": 1e-3},
    ]
    optimizer = torch.optim.Adam(rates)
    loss_of, times = torch.nn.CrossEntropyLoss(), []
    for _ in range(epochs):
        begun = time.perf_counter()
        state = (torch.zeros(1, lanes, units), torch.zeros(1, lanes, units))
        for start in range(0, steps, length):
            frames = decoded(files, range(start, start + length))
            if whole:
                features = backbone(frames)
            else:
                groups = frames.split(at_once)
                made = [checkpoint(backbone, group, use_reentrant=False) for group in groups]
                features = torch.cat(made)
            hidden, state = lstm(features.view(lanes, length, -1), state)
            wanted = labels[start : start + length].expand(lanes, -1)
            loss = loss_of(head(hidden).flatten(0, 1), wanted.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            state = tuple(part.detach() for part in state)
        times.append(time.perf_counter() - begun)
    rate = lanes * steps / statistics.median(times[1:])
    return {"frames_per_second": rate, "peak_mb": peak_mb()}


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[2:7]]
    print(json.dumps(main(Path(sys.argv[1]), *numbers, whole="whole" in sys.argv)))
