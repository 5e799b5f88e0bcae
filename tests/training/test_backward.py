"""A run that goes backward is one that goes forward on recordings that were reversed."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from interrupted import config_for, require_same
from made_stores import write_sequence

from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.sequence_set import SequenceSet
from trainer.predictions.inference import predict
from trainer.training.command import train

LENGTHS = {"s0": 31, "s1": 17, "s2": 24, "s3": 19, "s4": 12}
SPLITS = {"train": ["s0", "s1", "s2"], "validation": ["s3"], "test": ["s4"]}
WAYS: dict[str, dict[str, Any]] = {
    "carry": {"horizon": -3, "burn_in": 2, "dropout": 0.3},
    "chunk edges that move": {"random_phase": True, "horizon": -3},
    "full": {"gradient": "full", "normalize": "running", "horizon": -3},
    "windows": {"state": "reset", "stride": 4, "cell": "gru", "accumulate": 2},
    "labels as inputs": {"inputs": "both"},
    "one answer": {"outputs": "sequence"},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same recordings and lines of labels, as they are and reversed."""
    root, chance = tmp_path_factory.mktemp("backward"), np.random.default_rng(5)
    for name, steps in LENGTHS.items():
        features = chance.normal(size=(steps, 3))
        lines = np.where(features.cumsum(0)[:, 0] > 0, "up", "down")
        for folder, turn in (("forth", 1), ("back", -1)):
            write_sequence(root / folder / "store", name, features[::turn])
            path = root / folder / "labels" / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines[::turn]))
            (root / folder / "splits.json").write_text(json.dumps(SPLITS))
            quick = {part: ids for part, ids in SPLITS.items() if part != "validation"}
            (root / folder / "carry.json").write_text(json.dumps(quick))
    return root / "forth", root / "back"


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[] if way == "carry" else [pytest.mark.slow]) for way in WAYS],
)
def test_backward_is_forward_on_reversed_files_bit_for_bit(
    folders: tuple[Path, Path], tmp_path: Path, way: str
) -> None:
    forth, back = folders
    runs = []
    for folder, direction in ((forth, "backward"), (back, "forward")):
        given = (folder / "store", folder / "labels")
        splits = folder / ("carry.json" if way == "carry" else "splits.json")
        options = {**WAYS[way], "direction": direction, "splits": splits}
        runs.append(train(config_for(given, tmp_path / direction, **options)))
        store = FeatureStore(folder / "store")
        labels = read_labels(runs[-1].config.label_options, store)
        data = SequenceSet(store, [store.info("s4")], labels, runs[-1].layout)
        predict(runs[-1], data, tmp_path / f"{direction}.h5")
    require_same(*runs)
    with h5py.File(tmp_path / "backward.h5") as one, h5py.File(tmp_path / "forward.h5") as other:
        for name in ("probabilities", "predicted", "true"):
            np.testing.assert_array_equal(one["s4"][name], other["s4"][name][()][::-1])
