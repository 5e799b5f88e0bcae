"""Times the count of the classes of many sequences, the table before a training.

Run from the repository root: python scripts/bench/labels.py --sequences 20000
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.label_check import check_labels
from preprocessing.labels.reading import read_labels_alone
from preprocessing.labels.writing import write_intervals
from preprocessing.store.sequence_info import Origin, SequenceInfo

CLASSES, INTERVALS, FPS, STEPS = 48, 30, 4.0, 700


def made_labels(folder: Path, sequences: int) -> Labels:
    """Writes intervals of random classes, and reads them."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(sequences):
        edges = np.sort(generator.uniform(0, STEPS / FPS, INTERVALS + 1)).tolist()
        names = generator.integers(0, CLASSES, INTERVALS).tolist()
        for name, start, end in zip(names, edges[:-1], edges[1:], strict=True):
            rows.append((f"s{number}", start, end, f"class {name}"))
    write_intervals(folder / "labels.csv", rows)
    return read_labels_alone(LabelOptions(folder / "labels.csv"))


def made_info(number: int) -> SequenceInfo:
    """Describes a sequence that needs no file."""
    origin = Origin("", "", str(FPS), "test", "", "{}")
    last = (STEPS - 1) / FPS
    return SequenceInfo(
        f"s{number}", STEPS, 1, "float16", 0.0, last, 0.0, STEPS, "", 1.0, 1, origin, 1 / FPS
    )


def main() -> None:
    """Prints the seconds that each part takes, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=20_000)
    sequences = parser.parse_args().sequences
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        labels = made_labels(Path(folder), sequences)
        read = time.perf_counter()
        infos = [made_info(number) for number in range(sequences)]
        cut = [sequences * share // 20 for share in (14, 17)]
        parts = {"train": infos[: cut[0]], "validation": infos[cut[0] : cut[1]]}
        counted = time.perf_counter()
        check = check_labels(labels, {**parts, "test": infos[cut[1] :]})
        lines = check.lines(most=None)
        ended = time.perf_counter()
    seconds = {"made and read": read - begun, "table and warnings": ended - counted}
    rounded = {name: round(value, 2) for name, value in seconds.items()}
    print(json.dumps({"sequences": sequences, "lines": len(lines), "seconds": rounded}))


if __name__ == "__main__":
    main()
