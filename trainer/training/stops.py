"""Signals and flags that may end a training early, asked in all processes of it."""

from preprocessing.errors import Stopped
from trainer.devices.processes import Processes
from trainer.run.checkpoint import Progress
from trainer.run.interruption import Interruption


class Stops:
    """Signals and other flags, which hold for all processes once one of them raises them.

    Args:
        processes: that train together.
        interruption: whether a signal came to this one.
        at_once: whether callbacks may raise a flag at any update; otherwise clocks and signals do,
            and others are asked about once a second.
    """

    def __init__(self, processes: Processes, interruption: Interruption, at_once: bool):
        self.processes, self.interruption, self.at_once = processes, interruption, at_once
        self._signalled = False

    @property
    def signal_here(self) -> bool:
        """True once a signal came to this process."""
        return bool(self.interruption)

    def signal_came(self) -> bool:
        """Says whether a signal came to any process; asked once a second."""
        if not self._signalled:
            self._signalled = self.processes.agree_seldom(self.signal_here)[0]
        return self._signalled

    def agree(self, flag: bool) -> bool:
        """Says whether any process raises a flag."""
        return self.processes.agree(flag)[0]

    def after_update(self, late: bool, stop: bool) -> tuple[bool, bool, bool]:
        """Asks what must happen between two updates.

        Args:
            late: whether this process thinks that a checkpoint is due.
            stop: whether a callback asked for the end here.

        Returns:
            The same, of any process, and whether a signal came to one.
        """
        agree = self.processes.agree if self.at_once else self.processes.agree_seldom
        late, stop, signalled = agree(late, stop, self.signal_here)
        return late, stop, signalled

    def stopped(self, progress: Progress) -> Stopped:
        """Returns the error that ends a training after its checkpoint was written."""
        return Stopped(
            f"{self.interruption.signal or 'another process was stopped'}: stopped in epoch "
            f"{progress.epoch + 1} after {progress.updates} updates, checkpoint written; start "
            "the same command again to go on"
        )
