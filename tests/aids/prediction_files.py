"""Small files of predictions for tests of what is made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np

from preprocessing.files.hdf5_file import LAYOUT
from preprocessing.store.sequence_info import Origin, SequenceInfo, settings_text
from trainer.config import TrainConfig

KINDS = {
    "classification": {"probabilities": "float32", "predicted": "int32", "true": "int32"},
    "multilabel": {"probabilities": "float32", "predicted": "int8", "true": "int8"},
    "regression": {"predicted": "float32", "true": "float32"},
}
SCORES = {"classification": "accuracy", "multilabel": "accuracy", "regression": "mae"}
FPS = 4.0


def write_predictions(
    path: Path,
    classes: Sequence[str],
    sequences: Mapping[str, Mapping[str, Any]],
    task: str = "classification",
    horizon: int = 0,
    times: Mapping[str, Sequence[float]] | None = None,
) -> Path:
    """Writes what ``predict`` would; answers of classes follow from their probabilities.

    Steps come four a second but where ``times`` has others for a sequence.
    """
    with h5py.File(path, "w", libver=LAYOUT) as file:
        file.attrs.update({"classes": list(classes), "task": task, "horizon": horizon})
        for sequence_id, arrays in sequences.items():
            if "predicted" not in arrays:
                arrays = {**arrays, "predicted": _answers(task, arrays["probabilities"])}
            for name, kind in KINDS[task].items():
                if name in arrays:
                    file[f"{sequence_id}/{name}"] = np.asarray(arrays[name], kind)
            if "decoded" in arrays:
                decoded = np.asarray(arrays["decoded"], KINDS[task]["predicted"])
                file[f"{sequence_id}/decoded"] = decoded
            own = (times or {}).get(sequence_id, np.arange(len(arrays["true"])) / FPS)
            file[f"{sequence_id}/timestamps"] = np.asarray(own, float)
    return path


def _answers(task: str, probabilities: Any) -> Any:
    scores = np.asarray(probabilities)
    return scores.argmax(-1) if task == "classification" else scores >= 0.5


def run_of(task: str) -> Any:
    """What a report asks of a run."""
    row = {"epoch": 1, "loss": 2.5, "val_loss": None, SCORES[task]: 0.5}
    return SimpleNamespace(
        path=Path("runs/first"),
        labels_path=Path("runs/first/labels.json"),
        config=TrainConfig(Path("store"), Path("labels.csv"), Path("runs/first"), task=task),
        progress=SimpleNamespace(best_epoch=1),
        splits=SimpleNamespace(train=["x"]),
        history=[row] * 2,
        calibration=None,
    )


def sequence_info(
    sequence_id: str, source: Path | str, fingerprint: str, start_time: float = 0.0
) -> SequenceInfo:
    """A stored sequence of which only the video matters."""
    origin = Origin(str(source), fingerprint, str(FPS), "test", "0", settings_text())
    return SequenceInfo(sequence_id, 1, 1, "float32", 0.0, 0.0, start_time, 1, "", 1.0, 1, origin)
