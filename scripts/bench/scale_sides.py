"""Sides of ``scale.py``; the last line printed is JSON, in seconds and bytes."""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

LENGTH, DIMENSION, UNITS, CLASSES = 64, 1280, 256, 7
WARM, STEPS, PARTS = 5, 40, 25
SEQUENCES, OF_THEIR_OWN, SEQUENCE_STEPS = 512, 16, 7_200
HOUR_STEPS = 14_400
BATCHES_SKIPPED, BATCHES = 6, 36


def pair(lanes: str) -> dict[str, float]:
    """Two replicas, each a process with a core of its own, over the loopback interface."""
    ports = ",".join(map(str, free_ports(2)))
    command = [sys.executable, __file__, "step", lanes, "1", ports]
    both = [subprocess.Popen([*command, f"{n}"], stdout=subprocess.PIPE) for n in range(2)]
    said = [process.communicate()[0] for process in both]
    if any(process.returncode for process in both):
        raise SystemExit("a replica failed")
    found: dict[str, float] = json.loads(said[0].splitlines()[-1])
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def step(lanes: str, cores: str, ports: str = "", index: str = "0") -> dict[str, float]:
    """Steps of one process, on all cores or on one; of several, their parts as well."""
    workers = [f"127.0.0.1:{port}" for port in filter(None, ports.split(","))]
    if cores == "1":
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(index)]})
    if workers:
        place = {"type": "worker", "index": int(index)}
        os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": workers}, "task": place})
    import numpy as np

    from preprocessing.terminal.quiet import import_tensorflow
    from trainer.batches.chunk_batch import ChunkBatches
    from trainer.config import TrainConfig
    from trainer.devices.processes import Processes
    from trainer.devices.strategy import find_devices
    from trainer.layout import Layout
    from trainer.model.build import build_model
    from trainer.step.optimizers import make_optimizer
    from trainer.step.train_step import TrainStep
    from trainer.task import Classification

    tf = import_tensorflow()
    config = TrainConfig(
        *(Path(name) for name in ("store", "labels", "run")),
        units=UNITS,
        layers=1,
        chunk_length=LENGTH,
        dropout=0.0,
        strategy="multiworker" if workers else "local",
        normalize="none",
    )
    devices = find_devices(config)
    task = Classification(tuple(f"c{number}" for number in range(CLASSES)))
    with devices.scope():
        model = build_model(config, Layout(task=task), DIMENSION, ())
        optimizer = make_optimizer(config)
    stepper = TrainStep(model, optimizer, task, devices)
    rows, chance = int(lanes) * max(1, len(workers)), np.random.default_rng(0)
    shape = (rows, LENGTH)
    batch = ChunkBatches(
        (),
        chance.standard_normal((*shape, DIMENSION), "float32").astype("float16"),
        np.zeros((*shape, 0), "float32"),
        chance.integers(0, CLASSES, shape).astype("int32"),
        np.ones(shape, "float32"),
        np.zeros((1, rows), bool),
    )
    carry = stepper.initial_carry(rows)

    def update() -> None:
        nonlocal carry
        sums, carry = stepper.update_many(stepper.load(batch), 0, 1, carry)
        np.asarray(sums)

    found = {
        "step": seconds(update, STEPS),
        "gradient_bytes": 4.0 * sum(np.prod(v.shape) for v in stepper.variables),
    }
    if devices.replicated:
        for name, part in parts(tf, stepper, stepper.load(batch), carry).items():
            found[name] = seconds(part, PARTS)
        Processes(devices).leave()
    return found


def parts(tf: Any, step: Any, loaded: Any, carry: Any) -> dict[str, Callable[[], Any]]:
    """What a step of several replicas consists of: own gradients, adding up, applying."""
    from trainer.devices.replicas import total

    replicas = step.devices
    zeros = [tf.zeros(variable.shape) for variable in step.variables]

    @tf.function
    def gradients() -> Any:
        def own(loaded: Any, carry: Any) -> Any:
            return step._own_gradients(loaded.batch(0), carry)[0][0]

        return replicas.one(replicas.run(own, loaded, carry))

    @tf.function
    def adding() -> Any:
        summed = replicas.run(lambda: total([tf.identity(zero) for zero in zeros]))
        return replicas.one(summed)[0][0, 0]

    @tf.function
    def empty() -> Any:
        return replicas.one(replicas.run(lambda: total(tf.zeros(()))))

    @tf.function
    def applying() -> Any:
        step.optimizer.apply(zeros, step.variables)
        return step.optimizer.iterations + 0

    calls = {"gradients": gradients, "adding": adding, "empty": empty, "applying": applying}
    return {name: lambda call=call: call().numpy() for name, call in calls.items()}


def seconds(call: Callable[[], Any], times: int) -> float:
    """The median time of a call, once it has been made a few times."""
    spent = []
    for number in range(WARM + times):
        begun = time.perf_counter()
        call()
        if number >= WARM:
            spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def make(folder: str) -> dict[str, float]:
    """Writes a store of sequences of half an hour, most of them links to a few, and one hour."""
    import noise
    import numpy as np

    from preprocessing.store.sequence_info import SUFFIX

    root = Path(folder)
    noise.write_sequence(root / f"hour{SUFFIX}", HOUR_STEPS, DIMENSION, np.random.default_rng(1))
    noise.make(root, [SEQUENCE_STEPS] * OF_THEIR_OWN, DIMENSION)
    rows = (root / "labels.csv").read_text().splitlines()
    for number in range(OF_THEIR_OWN, SEQUENCES):
        one = f"s{number % OF_THEIR_OWN:02d}"
        (root / "store" / f"s{number}{SUFFIX}").hardlink_to(root / "store" / f"{one}{SUFFIX}")
        own = [row for row in rows if row.startswith(f"{one},")][:CLASSES]
        rows += [row.replace(one, f"s{number}", 1) for row in own]
    (root / "labels.csv").write_text("\n".join([*rows, ""]))
    names = [path.stem for path in sorted((root / "store").glob(f"*{SUFFIX}"))]
    (root / "splits.json").write_text(json.dumps({"train": names, "test": []}))
    hour = (root / f"hour{SUFFIX}").stat().st_size / HOUR_STEPS
    return {"bytes_a_step": hour, "bytes_a_label": len("\n".join(rows)) / (len(rows) - 1)}


def read(folder: str, own: str, every: str) -> dict[str, float]:
    """How long one of several processes takes to fill a batch, of which it reads its own lanes.

    Args:
        folder: what ``make`` made.
        own: lanes of the process.
        every: lanes of all processes, whose labels it needs to know.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from trainer.config import TrainConfig
    from trainer.plan.epochs import training_plan
    from trainer.training.data import load_data

    root, lanes = Path(folder), int(every)
    config = TrainConfig(
        root / "store", root / "labels.csv", root / "run", splits=root / "splits.json"
    )
    begun = time.perf_counter()
    data = load_data(config).train.only(slice(0, int(own)))
    loaded = time.perf_counter() - begun
    spent, wanted = [], BATCHES_SKIPPED + BATCHES
    plan = islice(training_plan(config, data.lengths, lanes, 0), wanted)
    begun = time.perf_counter()
    for batches in data.read(plan):
        now = time.perf_counter()
        spent += [(now - begun) / len(batches)] * len(batches)
        begun = time.perf_counter()
    return {
        "batch": statistics.median(spent[BATCHES_SKIPPED:]),
        "load_a_sequence": loaded / SEQUENCES,
    }


SIDES: dict[str, Callable[..., dict[str, float]]] = {
    "pair": pair,
    "step": step,
    "make": make,
    "read": read,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](*sys.argv[2:])))
