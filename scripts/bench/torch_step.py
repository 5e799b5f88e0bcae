"""PyTorch's side of ``stream.py``; needs PyTorch and NumPy only. Prints JSON."""

import json
import sys
import time

import numpy as np
import torch

CLASSES, WARM_UP = 7, 20


def main(dimension: int, units: int, steps: int) -> dict[str, float]:
    """One step of one sequence, without gradients, the state carried on."""
    lstm = torch.nn.LSTM(dimension, units, batch_first=True)
    head = torch.nn.Linear(units, CLASSES)
    noise = np.random.default_rng(0).normal(size=(8, dimension)).astype("float32")
    state, seconds = None, []
    with torch.inference_mode():
        for number in range(WARM_UP + steps):
            begin = time.perf_counter()
            outputs, state = lstm(torch.from_numpy(noise[number % 8])[None, None], state)
            torch.softmax(head(outputs), -1).numpy()
            seconds.append(time.perf_counter() - begin)
    timed = 1000 * np.array(seconds[WARM_UP:])
    return {"median_ms": float(np.median(timed)), "p95_ms": float(np.percentile(timed, 95))}


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
