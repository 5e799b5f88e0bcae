"""The options for measuring answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from preprocessing.errors import InputError
from trainer.metrics import Bootstrap, ClassificationScorer, RelaxedScorer
from trainer.metrics.published_relaxed import require_phases


@dataclass(frozen=True)
class Measures:
    """The options for measuring answers.

    Attributes:
        ignored: names of classes that make no segments.
        relax: seconds around a change in which boundaries are relaxed; None for no relaxation.
        bug_compatible: True to relax as the published script does.
        bootstrap: the number of samples for intervals; 0 for none.

    Raises:
        InputError: a value makes no sense.
    """

    ignored: tuple[str, ...] = ()
    relax: float | None = None
    bug_compatible: bool = False
    bootstrap: int = Bootstrap.samples

    def __post_init__(self) -> None:
        if self.relax is not None and not 0 < self.relax < math.inf:
            raise InputError(f"--relax {self.relax}: expected seconds, more than 0")
        if self.bug_compatible and self.relax is None:
            raise InputError(
                "--relaxed-bug-compatible needs --relax; the published script has --relax 10"
            )
        if self.bootstrap < 0:
            raise InputError(f"--bootstrap {self.bootstrap}: expected samples, 0 for no intervals")

    def require(self, task: str, classes: Sequence[str], segmental: bool) -> None:
        """Checks that the options fit a task.

        Args:
            task: the task's name.
            classes: names of the classes.
            segmental: True if there is an answer for each step.

        Raises:
            InputError: an option is about segments or classes that do not exist.
        """
        asked = "ignore-classes" if self.ignored else "relax" if self.relax is not None else ""
        if asked and (task != "classification" or not segmental):
            answers = "an answer a step" if segmental else "one answer a sequence"
            raise InputError(
                f"--{asked} is about segments, and {task} with {answers} has none; leave it out"
            )
        for name in self.ignored:
            if name not in classes:
                known = ", ".join(classes)
                raise InputError(f"--ignore-classes {name}: no such class; there are {known}")
        if self.bug_compatible:
            require_phases(classes)

    def classification(self, classes: Sequence[str], segmental: bool) -> ClassificationScorer:
        """Makes a scorer that measures by these options.

        Args:
            classes: names of the classes.
            segmental: True if there is an answer for each step.
        """
        relaxed = None
        if self.relax is not None:
            relaxed = RelaxedScorer(classes, self.relax, self.bug_compatible)
        ignored = {classes.index(name) for name in self.ignored}
        return ClassificationScorer(classes, segmental, ignored, relaxed)
