"""Remarks on memory beyond a chunk that did not help."""

from collections.abc import Iterator, Sequence

from trainer.advice.remark import Remark
from trainer.run.folder import Run
from trainer.run.validated import Validated, known_validated

# From here on the carry is worth something: of all steps, or of the error that there is without.
GAIN = 0.01
LONGER = 4


def on_carry(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if the carry was measured, and was no better than a reset at each chunk.

    Args:
        runs: that were trained.
    """
    known = [(run, found) for run in runs if (found := known_validated(run))]
    measured = [(run, found) for run, found in known if found.reset is not None]
    if not measured or any(_helps(found) for _, found in measured):
        return
    run, found = measured[0]
    config, length = run.config, run.config.chunk_length
    learns = f"--chunk-length {LONGER * length} or --gradient full teaches it, "
    if config.gradient == "full":
        learns = ""
    text = (
        f"on validation {found.compared}: memory beyond {length} steps is no help; {learns}--state "
        "reset does without"
    )
    yield Remark(text, "docs/guide.md#carry-or-reset")


def _helps(found: Validated) -> bool:
    """Returns True if answers are better with the carry than without it."""
    if found.carried is None or found.reset is None:
        return True
    if found.score == "mae":
        return found.carried < (1 - GAIN) * found.reset
    return found.carried >= found.reset + GAIN
