"""Work on many items at once: in processes of this machine, or in those of a cluster.

items ──▶ local   joblib, --jobs processes     ─┐
      ──▶ dask    the workers of a scheduler    ├──▶ results, in the order in which they finish
      ──▶ ray     the CPUs of a Ray cluster    ─┘

A process works on one item at a time, whatever the engine, with its share of the cores.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, Literal, TypeVar

from preprocessing.cores import THREADS
from preprocessing.errors import InputError
from preprocessing.extraction.clusters import Cluster, DaskCluster, RayCluster, WorkerDied
from preprocessing.extraction.headway import Headway
from preprocessing.terminal.console import note

Item = TypeVar("Item")
Result = TypeVar("Result")
Advance = Callable[[int], object]
Work = Callable[[Item, Advance], Result]
Engine = Literal["local", "dask", "ray"]

IN_FLIGHT = 1000

_one_at_a_time = threading.Lock()


def silent(done: int) -> None:
    """Reports progress to nobody."""


def run_each(
    work: Work[Item, Result],
    items: Iterable[Item],
    lost: Callable[[Item, str], Result],
    engine: Engine = "local",
    address: str | None = None,
    jobs: int = 1,
    advance: Advance = silent,
) -> Iterator[Result]:
    """Does ``work`` on each item in other processes.

    Args:
        work: a function that the other processes can import; it gets an item, and what to call
            with how much more of it is done.
        items: the items to work on.
        lost: makes the result of an item of which processes died, and of a sentence that says so.
        engine: whose processes.
        address: address of the Dask scheduler or Ray cluster; None takes the environment's.
        jobs: processes of the engine ``local``.
        advance: called from a thread with the additional amount done; by ``local`` only.

    Yields:
        Results in the order in which they finish.

    Raises:
        InputError: the engine is not installed, does not answer, or went away.
    """
    if engine == "local":
        with Headway(len(items := list(items)), advance) as headway:
            yield from _run_here(work, items, lost, jobs, headway)
        return
    with contextlib.closing({"dask": DaskCluster, "ray": RayCluster}[engine](address)) as cluster:
        call = partial(_in_worker, work, cluster.threads)
        blamed: list[Item] = []
        for handle, item in _as_they_finish(cluster, call, items):
            try:
                result = cluster.result(handle)
            except WorkerDied:
                blamed.append(item)
            else:
                yield result
        # Alone, so that none is blamed for what another did to the worker that both were with.
        for item in blamed:
            for handle, _ in _as_they_finish(cluster, call, [item]):
                try:
                    result = cluster.result(handle)
                except WorkerDied as error:
                    result = lost(item, str(error))
                yield result


def check_engine(engine: Engine, address: str | None, jobs: int) -> None:
    """Checks that the options of an engine go together.

    Args:
        engine: the value of ``--engine``.
        address: the value of ``--address``, if given.
        jobs: the value of ``--jobs``.

    Raises:
        InputError: two options contradict each other.
    """
    if engine == "local" and address is not None:
        raise InputError(f"--address {address} is of no use to --engine local; give dask or ray")
    if engine != "local" and jobs != 1:
        raise InputError(
            f"--jobs {jobs} is for --engine local; with {engine}, the cluster's workers say how "
            "much is done at once"
        )


def _run_here(
    work: Work[Item, Result],
    items: list[Item],
    lost: Callable[[Item, str], Result],
    jobs: int,
    headway: Headway,
) -> Iterator[Result]:
    """Uses processes of this machine; an item that kills its process costs only itself.

    When a process dies, all of them end, and nobody says whose item it was. So those that may
    have been at work then are done alone, one by one, before the others go on.
    """
    import joblib

    # A process that has grown is replaced, without harm to what is done.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
    threads = partial(int, max(1, joblib.cpu_count() // jobs))
    call = partial(_in_worker, work, threads)
    rest = dict(enumerate(items))
    while rest:
        parallel = joblib.Parallel(
            jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=jobs
        )
        tasks = (
            joblib.delayed(_numbered)(call, number, item, headway.teller(number))
            for number, item in list(rest.items())
        )
        try:
            with _deaf_to_interrupts():
                results = parallel(tasks)
            for number, result in results:
                del rest[number]
                headway.look()
                yield result
        except BrokenExecutor:
            note("a process died; what was at work then is done again, one by one")
            for number in list(rest)[: 2 * jobs]:
                yield _alone(call, number, rest.pop(number), lost, headway)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Makes processes that begin in the block ignore Ctrl-C; this process ends them quietly."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Begun later it would make this process listen again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _alone(
    call: Work[Item, Result],
    number: int,
    item: Item,
    lost: Callable[[Item, str], Result],
    headway: Headway,
) -> Result:
    """Works on an item in a process that does nothing else."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            with _deaf_to_interrupts():
                future = pool.submit(call, item, headway.teller(number))
            return future.result()
        except BrokenExecutor:
            headway.forget(number)
            return lost(item, str(WorkerDied()))
        finally:
            headway.look()


def _numbered(
    call: Work[Item, Result], number: int, item: Item, advance: Advance
) -> tuple[int, Result]:
    return number, call(item, advance)


def _as_they_finish(
    cluster: Cluster, call: Callable[[Item], Any], items: Iterable[Item]
) -> Iterator[tuple[Any, Item]]:
    """Keeps up to ``IN_FLIGHT`` items with the cluster; yields handles of finished ones, items."""
    rest = iter(items)
    waiting: dict[Any, Item] = {}
    while True:
        new = itertools.islice(rest, IN_FLIGHT - len(waiting))
        waiting.update({cluster.submit(pickle.dumps((call, item))): item for item in new})
        if not waiting:
            return
        for handle in cluster.wait(list(waiting)):
            yield handle, waiting.pop(handle)


def _in_worker(
    work: Work[Item, Result], threads: Callable[[], int], item: Item, advance: Advance = silent
) -> Result:
    """Works on an item; this runs in another process."""
    os.environ.setdefault(THREADS, str(threads()))
    with _one_at_a_time:
        return work(item, advance)
