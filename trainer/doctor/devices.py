"""The devices that compute, and whether they compute the same."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.doctor.child import run_child
from trainer.doctor.finding import Finding

# How far weights may be from those of the CPU in float32, as a share of the way that they went.
# GPUs multiply float32 with 10 bits of mantissa (TF32), as many as float16 has; bfloat16 has 7 and
# is eight times coarser. Ten times what was measured on a CPU: 0.1 % of float16, 0.8 % of bfloat16.
TOLERANCES = {"float32": 0.01, "mixed_float16": 0.01, "mixed_bfloat16": 0.08}
REFERENCE = "CPU 0 float32"
FOR_GPUS = 'in the folder of Longtake: pip install ".[cuda]"'
Weights = Mapping[str, NDArray[np.float32]]


def device_findings(folder: Path) -> Iterator[Finding]:
    """Yields, for each device and precision, how fast it is, and whether its weights are right.

    Args:
        folder: an empty one, for what the processes of the checks write.
    """
    if failure := run_child("updates", folder, "CPU"):
        again = "in the folder of Longtake: pip install --force-reinstall ."
        yield Finding("CPU", "failed", failure, again)
        return
    facts, weights = _read(folder, "CPU")
    yield from _judged(facts, weights, weights)
    if not facts["driver"]:
        yield Finding("GPU", "missing", "there is no NVIDIA driver; the CPU computes")
        return
    if failure := run_child("updates", folder, "GPU"):
        yield Finding("GPU", "failed", failure, FOR_GPUS)
        return
    facts, found = _read(folder, "GPU")
    if not facts["updates"]:
        yield Finding("GPU", "failed", "the driver is there, TensorFlow finds no GPU", FOR_GPUS)
    yield from _judged(facts, weights, found)


def _read(folder: Path, kind: str) -> tuple[dict[str, Any], Weights]:
    with np.load(folder / f"{kind}.npz", allow_pickle=False) as file:
        return json.loads((folder / f"{kind}.json").read_text()), dict(file)


def _judged(facts: Mapping[str, Any], right: Weights, found: Weights) -> Iterator[Finding]:
    """Compares weights with those of the CPU.

    Args:
        facts: of each device and precision.
        right: has those of the CPU.
        found: has those of these devices.
    """
    begun, ended = right[f"{REFERENCE} begun"], right[REFERENCE]
    way = float(np.linalg.norm(ended - begun))
    for one in facts["updates"]:
        device, _, precision = one["key"].rpartition(" ")
        name = ", ".join(filter(None, (device, one["device_name"], precision)))
        figure = f"{one['steps_a_second']:,.0f} steps/s"
        if device.startswith("GPU"):
            build = facts["build"]
            figure += f"; {one['recurrent']}; for CUDA {build.get('cuda_version', '?')}, cuDNN "
            figure += build.get("cudnn_version", "?")
        apart = float(np.linalg.norm(found[one["key"]] - ended)) / way
        if one["key"] != REFERENCE:
            figure += f"; weights {apart:.2%} off those of the CPU in float32"
        if apart <= TOLERANCES[precision]:  # NaN is not.
            yield Finding(name, "ok", figure)
        else:
            yield Finding(name, "failed", figure, _instead(device, precision))


def _instead(device: str, precision: str) -> str:
    """Returns what to do where weights are wrong."""
    least = f"expected at most {TOLERANCES[precision]:.0%}"
    if precision != "float32":
        return f"{least}: do not train with --precision {precision}"
    if device.startswith("GPU"):
        return f"{least}: compute on the CPU (CUDA_VISIBLE_DEVICES=-1), and tell us"
    return f"{least}: install again, in an environment of its own"
