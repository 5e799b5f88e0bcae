"""PyTorch's side of ``train.py``; needs PyTorch, NumPy and h5py only. Prints JSON."""

import json
import statistics
import sys
import time
from pathlib import Path

BEGUN = time.perf_counter()

import h5py  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

CLASSES = 7


class Chunks(torch.utils.data.Dataset):
    """Chunk ``i // lanes`` of sequence ``i % lanes``: batches in order are lanes side by side."""

    def __init__(self, folder: Path, length: int):
        self.paths, self.length = sorted((folder / "store").glob("*.h5")), length
        with h5py.File(self.paths[0]) as file:
            self.chunks = len(file["features"]) // length
        self.files: list[h5py.File] = []
        steps = self.chunks * length
        self.labels = torch.from_numpy(np.arange(steps) * CLASSES // steps)

    def __len__(self) -> int:
        return self.chunks * len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.files:
            self.files = [h5py.File(path) for path in self.paths]
        chunk, lane = divmod(index, len(self.paths))
        steps = slice(chunk * self.length, (chunk + 1) * self.length)
        return torch.from_numpy(self.files[lane]["features"][steps]), self.labels[steps]


class Network(torch.nn.Module):
    """An LSTM and a linear layer."""

    def __init__(self, dimension: int, units: int):
        super().__init__()
        self.lstm = torch.nn.LSTM(dimension, units, batch_first=True)
        self.head = torch.nn.Linear(units, CLASSES)

    def forward(self, features, state):
        hidden, state = self.lstm(features, state)
        return self.head(hidden), state


def main(
    folder: Path, lanes: int, length: int, dimension: int, units: int, epochs: int, workers: int
) -> dict[str, float]:
    """Truncated back-propagation: the state goes on, detached."""
    data = Chunks(folder, length)
    loader = torch.utils.data.DataLoader(
        data, batch_size=lanes, num_workers=workers, persistent_workers=workers > 0
    )
    network = Network(dimension, units)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    times, start = [], 0.0
    for _ in range(epochs):
        begun = time.perf_counter()
        state = (torch.zeros(1, lanes, units), torch.zeros(1, lanes, units))
        for features, labels in loader:
            outputs, state = network(features.float(), state)
            loss = loss_of(outputs.flatten(0, 1), labels.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            state = tuple(part.detach() for part in state)
            start = start or time.perf_counter() - BEGUN
        times.append(time.perf_counter() - begun)
    rate = lanes * length * data.chunks / statistics.median(times[1:])
    return {"frames_per_second": rate, "start": start}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:]))))
