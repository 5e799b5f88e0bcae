"""The devices and processes that train together, found before anything is put on a device."""

import json
import os
from contextlib import suppress
from functools import cache
from typing import Any

from preprocessing.errors import InputError
from preprocessing.terminal.console import note
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.devices.one_device import OneDevice
from trainer.devices.replicas import Devices, Replicas
from trainer.devices.slurm import cluster_of_step, is_step
from trainer.run.interruption import ending_at_once

tf = import_tensorflow()


def find_devices(config: TrainConfig) -> Devices:
    """Returns the devices that a configuration asks for.

    Raises:
        InputError: several processes are asked for and nothing says which.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if config.devices == "one" and len(gpus) > 1:
        with suppress(RuntimeError):  # TensorFlow has begun with all of them; the others idle.
            tf.config.set_visible_devices(gpus[:1], "GPU")
    if config.strategy == "multiworker":
        return Replicas(_multiworker())
    if os.environ.get("TF_CONFIG"):
        note("TF_CONFIG is set, but --strategy is local: this process trains by itself")
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if config.devices == "one" or len(devices) < 2:
        return OneDevice()
    return Replicas(_mirrored(*[device.name for device in devices]))


# Once in a process: a second strategy would number its sums as the first did, and mix them up.
@cache
def _mirrored(*devices: str) -> Any:
    return tf.distribute.MirroredStrategy(devices)


@cache
def _multiworker() -> Any:
    cluster = _cluster()
    workers = [name for names in cluster.cluster_spec().as_dict().values() for name in names]
    note(f"{len(workers)} processes train together; waiting for all of them ({', '.join(workers)})")
    try:
        with ending_at_once():
            return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=cluster)
    except tf.errors.OpError as error:
        raise InputError(
            f"the processes {', '.join(workers)} did not all come together ({error.message}); "
            "start each of them once, on addresses that are free and reach each other"
        ) from None


def _cluster() -> Any:
    if not os.environ.get("TF_CONFIG"):
        if not is_step(os.environ):
            raise InputError(
                "--strategy multiworker: which processes? Set TF_CONFIG for each of them, or start "
                "them with srun; see docs/cluster.md"
            )
        os.environ["TF_CONFIG"] = json.dumps(cluster_of_step(os.environ))
    try:
        told = json.loads(os.environ["TF_CONFIG"])
        workers, task = told["cluster"]["worker"], told["task"]
        told["cluster"][task["type"]][task["index"]]
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"TF_CONFIG cannot be read ({error!r}); expected JSON such as "
            '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from None
    if without := [worker for worker in workers if ":" not in worker]:
        raise InputError(f"TF_CONFIG names workers without a port, as in host0:12345: {without}")
    if len(set(workers)) != len(workers):
        raise InputError(f"TF_CONFIG names a worker twice: {workers}")
    return tf.distribute.cluster_resolver.TFConfigClusterResolver()
