"""The processes of a Slurm job step, as TensorFlow wants them named.

    SLURM_STEP_NODELIST=n[9-10]  SLURM_STEP_TASKS_PER_NODE=2,1     task 0    n9:port
                                                                   task 1    n9:port+1
                                                                   task 2    n10:port

TensorFlow's own resolver puts the machines into another order than Slurm numbers its tasks, and
must be told how many GPUs there are.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from preprocessing.errors import InputError

FIRST_PORT, PORTS = 20_000, 10_000  # Below those that systems give out by themselves.


def is_step(environment: Mapping[str, str]) -> bool:
    """Says whether this process was started by ``srun``."""
    return "SLURM_STEP_TASKS_PER_NODE" in environment


def cluster_of_step(environment: Mapping[str, str]) -> dict[str, Any]:
    """Returns what ``TF_CONFIG`` should hold for this task.

    Raises:
        InputError: tasks are not numbered one machine after the other.
    """
    names = list(host_names(environment["SLURM_STEP_NODELIST"]))
    counts = list(task_counts(environment["SLURM_STEP_TASKS_PER_NODE"]))
    # Jobs that share a machine have ports of their own, as long as their numbers are near.
    first = FIRST_PORT + int(environment.get("SLURM_JOB_ID", 0)) * max(counts) % PORTS
    tasks = [
        (node, f"{name}:{first + place}")
        for node, (name, count) in enumerate(zip(names, counts, strict=True))
        for place in range(count)
    ]
    number = int(environment["SLURM_PROCID"])
    node = int(environment.get("SLURM_NODEID", tasks[number][0]))
    if tasks[number][0] != node:
        raise InputError(
            f"task {number} is on machine {node} of {environment['SLURM_STEP_NODELIST']}, expected "
            f"machine {tasks[number][0]}; start the tasks with srun --distribution=block"
        )
    return {
        "cluster": {"worker": [address for _, address in tasks]},
        "task": {"type": "worker", "index": number},
    }


def host_names(listed: str) -> Iterator[str]:
    """Yields the names in a list such as ``n[01-03,7],login``, in its order."""
    for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", listed):
        pieces = re.split(r"\[([^\]]*)\]", part)
        choices = [list(_numbers(piece)) if k % 2 else [piece] for k, piece in enumerate(pieces)]
        yield from map("".join, product(*choices))


def task_counts(listed: str) -> Iterator[int]:
    """Yields how many tasks each machine has, by a list such as ``2(x3),1``."""
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", listed):
        yield from [int(count)] * int(times or 1)


def _numbers(ranges: str) -> Iterator[str]:
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield f"{number:0{len(first)}d}"
