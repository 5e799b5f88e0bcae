"""The processes that train together: what one of them knows, and must not decide alone.

They make the same calls in the same order, and each waits for all others at every one of them. So
whatever depends on a clock, on a signal or on a disk is asked for here before it is acted upon.
"""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import ArrayLike, NDArray

from preprocessing.errors import InputError, Stopped
from preprocessing.terminal.quiet import import_tensorflow
from trainer.devices.one_device import OneDevice
from trainer.devices.replicas import Devices
from trainer.model.carry import Tensor
from trainer.run.interruption import HEED_SECONDS

tf = import_tensorflow()

# What waiting for a process that is gone raises.
LOSSES: tuple[type[Exception], ...] = (tf.errors.UnavailableError, tf.errors.AbortedError)
LOSSES += (tf.errors.CancelledError, tf.errors.DeadlineExceededError)


class Processes:
    """All that train together; this one alone if there are no devices elsewhere.

    Args:
        devices: of all of them; one by default.

    Attributes:
        count: how many there are.
        number: of this one, from 0.
    """

    def __init__(self, devices: Devices | None = None):
        self._devices = devices = devices or OneDevice()
        self.count = devices.count // len(devices.own)
        self.number = devices.own[0] // len(devices.own)
        self._calls, self._next_asked, self._asked_at = 0, 1, time.monotonic()
        self._met = False
        self._sum = tf.function(self._sum_body, autograph=False)

    @property
    def chief(self) -> bool:
        """True in the one process that writes."""
        return self.number == 0

    def total(self, values: ArrayLike) -> NDArray[np.float64]:
        """Adds up what each process has, as ``<float64>``."""
        values = np.asarray(values, "float64")
        if self.count == 1:
            return values
        summed: NDArray[np.float64] = self._sum(tf.constant(values)).numpy()
        return summed

    def _sum_body(self, values: Tensor) -> Tensor:
        def mine(values: Tensor) -> tuple[Tensor, tuple[()]]:
            return tf.identity(values), ()

        summed, _ = self._devices.add_up(mine, values)
        return summed / len(self._devices.own)

    def agree(self, *flags: bool) -> list[bool]:
        """Returns, for each flag, whether some process raises it."""
        return [bool(count > 0) for count in self.total(flags)]

    def agree_seldom(self, *flags: bool) -> list[bool]:
        """Asks as ``agree`` does, about once a second; in between, no flag counts as raised.

        It is for flags that stay raised until they are heeded.
        """
        if self.count == 1:
            return list(flags)
        self._calls += 1
        if self._calls < self._next_asked:
            return [False] * len(flags)
        now = time.monotonic()
        *said, seconds = self.total([*flags, now - self._asked_at])
        calls = self._calls * HEED_SECONDS * self.count / max(seconds, 1e-9)
        self._calls, self._next_asked, self._asked_at = 0, max(1, int(calls)), now
        return [bool(count > 0) for count in said]

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Waits until all have done what is within; if one could not, none goes on.

        Raises:
            InputError: another process could not.
            Stopped: another process was stopped.
        """
        try:
            yield
        except Exception as error:
            self.agree(True, isinstance(error, Stopped))
            self.wait_for_all()
            raise
        failed, stopped = self.agree(False, False)
        if failed:
            self.wait_for_all()
        if stopped:
            raise Stopped("another process was stopped; start the same command again to go on")
        if failed:
            raise InputError("another process could not begin, for the reason that it gives")

    def require_same(self, **things: object) -> None:
        """Checks that all processes have the same, by what ``repr`` says.

        Raises:
            InputError: something differs.
        """
        digests = [zlib.crc32(repr(thing).encode()) for thing in things.values()]
        differs = self.agree(*(self.total(digests) / self.count != digests))
        names = [name for name, so in zip(things, differs, strict=True) if so]
        self._met = True
        if names:
            self.wait_for_all()
            raise InputError(
                f"the processes that train together have not the same {' and '.join(names)}; give "
                "all of them the same options, and folders in which all of them see the same"
            )

    def wait_for_all(self) -> None:
        """Waits for all processes; who ends earlier takes what it has not sent yet with it."""
        with suppress(tf.errors.OpError):
            self.agree(False)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Turns the loss of another process into ``Stopped``.

        Raises:
            InputError: it was lost before anything was compared.
        """
        try:
            yield
        except LOSSES as error:
            if self.count == 1:
                raise
            if not self._met:
                raise InputError(
                    f"the {self.count} processes did not come together ({type(error).__name__}); "
                    "start all of them, each with the same list of workers"
                ) from None
            raise Stopped(
                f"another process was lost ({type(error).__name__}); the last checkpoint, if there "
                "is one, is kept; start the same command again in all of them to go on"
            ) from None
