"""Trains a backbone on one device and on two halves of this machine's processor; prints how far
apart the weights are.

two_devices_finetuning.py FOLDER (with what ``write_frame_task`` and ``save_network`` write)
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from frame_tasks import finetuning

from preprocessing.terminal.quiet import import_tensorflow
from trainer.training.command import train


def main(folder: Path) -> None:
    tf = import_tensorflow()
    (processor,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, halves)
    for way in ({}, {"gradient": "full"}):
        config = finetuning(folder, dropout=0.0, normalize="none", epochs=1, **way)
        weights = []
        for devices, lanes in (("one", 2), ("all", 1)):
            run = folder / f"{devices}-{len(way)}"
            made = train(replace(config, run=run, devices=devices, lanes=lanes))
            weights.append(made.checkpoints.latest().group("variables"))
        pairs = zip(*weights, strict=True)
        print(json.dumps({"apart": float(max(np.abs(a - b).max() for a, b in pairs))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
