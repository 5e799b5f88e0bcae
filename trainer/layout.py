"""Layouts: which steps of a sequence become the model's inputs and targets.

A batch of one lane whose chunk covers steps 4 to 7 of a sequence, T = 5, by what the model sees:

    inputs      features          past                targets (horizon 0)     (horizon 2)
    features    x4 x5 x6 x7 0     (none)              y4 y5 y6 y7 -           y6 y7 y8 y9 -
    labels      (none)            y3 y4 y5 y6 0       the same
    both        x3 x4 x5 x6 0     y3 y4 y5 y6 0       the same

With a horizon below 0, or backward, steps are those of a passage; see ``trainer.plan.passage``.

Where the lane resets there is no step before the first: its features and its past are those of
nothing known. The model sees features and past side by side.
"""

from dataclasses import dataclass

from trainer.config import TrainConfig
from trainer.task import Task


@dataclass(frozen=True)
class Layout:
    """Turns steps of a sequence into inputs and targets.

    Attributes:
        task: the task.
        inputs: ``features``, ``labels`` or ``both``.
        outputs: ``frame``, or ``sequence`` for one answer at the last step.
        horizon: a step's target is the label this many steps later; below 0, that many earlier.
        unknown_features: features for the time before a sequence begins, those of the mean step;
            zeros if empty.
        direction: ``forward``, or ``backward`` for time reversed.
    """

    task: Task
    inputs: str = "features"
    outputs: str = "frame"
    horizon: int = 0
    unknown_features: tuple[float, ...] = ()
    direction: str = "forward"

    @classmethod
    def of(
        cls, config: TrainConfig, task: Task, unknown_features: tuple[float, ...] = ()
    ) -> "Layout":
        """Makes the layout of a configuration.

        Args:
            config: the options of ``train``.
            task: the task.
            unknown_features: see the class.
        """
        seen = (config.inputs, config.outputs, config.horizon)
        return cls(task, *seen, unknown_features, config.direction)

    @property
    def backward(self) -> bool:
        """True if the model takes the steps of a sequence from the last to the first."""
        return self.direction == "backward"

    @property
    def sees_features(self) -> bool:
        """True if the model gets features."""
        return self.inputs != "labels"

    @property
    def past_size(self) -> int:
        """P, the size of a past label; 0 if labels are no inputs."""
        return 0 if self.inputs == "features" else self.task.size

    def feature_size(self, dimension: int) -> int:
        """Returns F for a store of that dimension; 0 if the model sees no features."""
        return dimension if self.sees_features else 0
