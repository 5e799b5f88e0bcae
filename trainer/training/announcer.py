"""The lines that a training prints, but for the one of each epoch."""

import time
from shlex import quote

from preprocessing.errors import counted
from preprocessing.labels.splits import PARTS
from preprocessing.terminal.console import say
from trainer.devices.replicas import Devices
from trainer.run.checkpoint import Progress
from trainer.run.folder import Run
from trainer.training.data import Data
from trainer.training.epoch_line import best_of

NAMED = 100  # Classes, when training begins.


class Announcer:
    """Says what is trained; silent in all processes but the one that writes.

    Args:
        begun: ``time.perf_counter()`` when training was asked for.
        speaks: whether this process does.
    """

    def __init__(self, begun: float, speaks: bool):
        self.begun, self.speaks = begun, speaks
        self._updated = False

    def say(self, line: str) -> None:
        """Says a line."""
        if self.speaks:
            say(line)

    def beginning(self, data: Data, lanes: int, devices: Devices) -> None:
        """Says what is trained on, so that a stray class or a forgotten video is seen at once.

        Args:
            data: what is trained on.
            lanes: B of all devices together.
            devices: that share each batch.
        """
        validation = data.validation.infos if data.validation else []
        more = len(data.facts.classes) - NAMED
        names = ", ".join(data.facts.classes[:NAMED]) + (f" and {more} more" if more > 0 else "")
        kind = "columns" if data.facts.task == "regression" else "classes"
        self.say(
            f"{counted(len(data.train.infos), 'sequence')} to train on in {counted(lanes, 'lane')}"
            f"{f' on {devices.count} devices' if devices.replicated else ''}, "
            f"{len(validation)} to validate, {len(data.splits.test)} to test; "
            f"{len(data.facts.classes)} {kind}: {names}"
        )
        if data.groups:  # Few of them say little of others.
            parts = ((part, {data.groups[name] for name in data.splits[part]}) for part in PARTS)
            self.say(f"groups: {', '.join(f'{len(own)} in {part}' for part, own in parts if own)}")
        for line in data.check.lines():
            self.say(line)

    def going_on(self, progress: Progress) -> None:
        """Says where a run that was begun before goes on."""
        self.say(f"going on in epoch {progress.epoch + 1} after {progress.updates} updates")

    def first_update(self) -> None:
        """Says once how long it took until the first update, or pass, was made."""
        if not self._updated:
            self.say(f"first update after {time.perf_counter() - self.begun:.1f} s")
        self._updated = True


def say_finished(run: Run, patience: int, was_finished: bool) -> None:
    """Says how a run ended, and what to do next.

    Args:
        run: which is finished.
        patience: epochs without a better one after which it was to stop.
        was_finished: whether it was so before it was asked for.
    """
    progress = run.progress
    best = best_of(run.history, progress.best_epoch)
    if progress.best_epoch and progress.epoch - progress.best_epoch >= patience:
        best += f" (no better one in --patience {patience} epochs)"
    said = "was already finished" if was_finished else "is finished"
    epochs = counted(progress.epoch, "epoch")
    say(f"{run.path} {said}: {epochs}{best}; next: longtake evaluate {quote(str(run.path))}")
