"""Clusters of machines that take work: a Dask scheduler with its workers, or Ray.

Both are asked directly. joblib's backends for them would be less code, but its Dask backend waits
for ever once a process has died of an item several times, and its Ray backend cannot hand out
results as they come and deals items to processes in turn, whether they are busy or not.
"""

import asyncio
import importlib
import logging
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from preprocessing.errors import InputError
from preprocessing.terminal.console import note

ANSWER_SECONDS = 10
GO_ON = "what is done is kept; start the same command again to go on"


class WorkerDied(Exception):  # noqa: N818
    """Several processes in turn died while they worked on an item."""

    def __init__(self) -> None:
        super().__init__(
            "each process that worked on it died: short of memory, or a library crashed"
        )


class Cluster(ABC):
    """A cluster that takes tasks; a handle stands for each task."""

    _said = ""

    @abstractmethod
    def submit(self, sealed: bytes) -> Any:
        """Submits a pickled ``(function, argument)`` to be called, and returns a handle."""

    @abstractmethod
    def wait(self, handles: Sequence[Any]) -> Iterable[Any]:
        """Returns the handles of finished tasks, or none after ``ANSWER_SECONDS``."""

    @abstractmethod
    def result(self, handle: Any) -> Any:
        """Returns the result of a task, or raises its exception.

        Raises:
            WorkerDied: several processes in turn died of it.
            InputError: the cluster went away, or lacks a module.
        """

    @staticmethod
    @abstractmethod
    def threads() -> int:
        """Returns the number of threads that the worker which calls it should use."""

    @abstractmethod
    def close(self) -> None:
        """Leaves the cluster; tasks that have not begun there are dropped."""

    def _say(self, message: str) -> None:
        """Prints a note once."""
        if message != self._said:
            note(message)
        self._said = message


class DaskCluster(Cluster):
    """The workers of a Dask scheduler.

    Args:
        address: such as ``tcp://HOST:8786``; None takes ``DASK_SCHEDULER_ADDRESS``.

    Raises:
        InputError: Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str | None):
        self._dask = _import("distributed", "dask")
        self.address = address or os.environ.get("DASK_SCHEDULER_ADDRESS", "")
        if not self.address:
            raise InputError(
                "--engine dask needs --address tcp://HOST:8786, where `dask scheduler` runs, or "
                "DASK_SCHEDULER_ADDRESS in the environment"
            )
        knock(self.address)
        try:
            asyncio.run(asyncio.wait_for(self._identity(), ANSWER_SECONDS))
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise no_answer(self.address, "Dask scheduler", error) from None
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._client = self._dask.Client(self.address, set_as_default=False)
        self._open = opener()

    async def _identity(self) -> None:
        """Asks the scheduler who it is; a ``Client`` without an answer does not end quietly."""
        async with self._dask.core.rpc(self.address) as scheduler:
            await scheduler.identity()

    def submit(self, sealed: bytes) -> Any:
        return self._client.submit(self._open, sealed, pure=False)

    def wait(self, handles: Sequence[Any]) -> Iterable[Any]:
        try:
            with self._client.as_current():
                done = self._dask.wait(handles, ANSWER_SECONDS, "FIRST_COMPLETED").done
            return set(done)
        except self._dask.TimeoutError:
            if not self._client.nthreads():
                self._say(f"no worker at {self.address}; waiting for a `dask worker`")
            return ()
        except self._dask.CancelledError:
            raise self._gone() from None

    def result(self, handle: Any) -> Any:
        try:
            return handle.result()
        except self._dask.KilledWorker:
            raise WorkerDied from None
        except (self._dask.CancelledError, self._dask.comm.CommClosedError):
            raise self._gone() from None
        except ImportError as error:
            raise lacking(self.address, error) from None

    def _gone(self) -> InputError:
        return InputError(f"the Dask scheduler at {self.address} went away: {GO_ON}")

    @staticmethod
    def threads() -> int:
        from distributed import get_worker

        return int(get_worker().state.nthreads)

    def close(self) -> None:
        self._client.close()


class RayCluster(Cluster):
    """The CPUs of a Ray cluster, one for each item.

    Args:
        address: ``HOST:6379``, ``ray://HOST:10001``, or ``auto`` for the cluster that this machine
            belongs to; None takes ``RAY_ADDRESS``, then ``auto``. Where a program has called
            ``ray.init`` itself, that cluster is used.

    Raises:
        InputError: Ray is not installed, or no cluster answers.
    """

    def __init__(self, address: str | None):
        self._ray = _import("ray", "ray")
        self.address = address or os.environ.get("RAY_ADDRESS") or "auto"
        self._joined = not self._ray.is_initialized()
        if self._joined:
            self._join()
        self._open = self._ray.remote(num_cpus=1)(opener())

    def _join(self) -> None:
        knock(self.address)
        os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")
        try:
            self._ray.init(self.address, logging_level=logging.ERROR, log_to_driver=False)
        except (OSError, ValueError, RuntimeError, SystemExit) as error:
            raise no_answer(self.address, "Ray cluster", error) from None

    def submit(self, sealed: bytes) -> Any:
        return self._open.remote(sealed)

    def wait(self, handles: Sequence[Any]) -> Iterable[Any]:
        done: list[Any] = self._ray.wait(handles, timeout=ANSWER_SECONDS)[0]
        if not done and not self._ray.cluster_resources().get("CPU"):
            self._say(f"no CPU in the Ray cluster at {self.address}; waiting for a `ray start`")
        return done

    def result(self, handle: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(handle)
        except errors.RayTaskError as error:
            if isinstance(error.cause, ImportError):
                raise lacking(self.address, error.cause) from None
            raise error.cause from error
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError):
            raise WorkerDied from None

    @staticmethod
    def threads() -> int:
        return 1

    def close(self) -> None:
        if self._joined:
            self._ray.shutdown()


def knock(address: str) -> None:
    """Refuses a HOST:PORT where nobody listens, since clients of clusters try for minutes."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        if parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise no_answer(address, "one", error) from None


def opener() -> Callable[[bytes], Any]:
    """Returns a function that clusters ship by value, since it belongs to no module.

    Only the worker unpickles its argument, a function and its argument. So a worker that lacks
    longtake reports that instead of dying, and a scheduler need not have longtake.
    """

    def run(sealed: bytes) -> Any:
        import pickle

        work, item = pickle.loads(sealed)
        return work(item)

    return run


def no_answer(address: str, who: str, error: BaseException) -> InputError:
    """Returns the error for an address where nothing, or something else, answers.

    Args:
        address: the value of ``--address``.
        who: the name of the expected service.
        error: the failure.
    """
    return InputError(f"--address {address}: no {who} answers there: {error or 'timed out'}")


def lacking(address: str, error: ImportError) -> InputError:
    """Returns the error for a worker that cannot import something.

    Args:
        address: the cluster's address.
        error: the worker's failure.
    """
    return InputError(
        f"a machine of the cluster at {address} lacks what this one has ({error}): install the "
        "same longtake on all of them"
    )


def _import(module: str, engine: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise InputError(
            f'--engine {engine} is not installed: pip install "longtake[{engine}]"'
        ) from None
