"""What a model has to know of the data that it was made for."""

import json
from dataclasses import asdict, dataclass

from preprocessing.errors import InputError
from preprocessing.store.sequence_info import Making, SequenceInfo
from trainer.task import Regression, Task, make_task


@dataclass(frozen=True)
class ModelFacts:
    """What a trained model takes and answers.

    Attributes:
        classes: names, in the order of its outputs.
        dimension: F of the store.
        fps, backbone, backbone_digest, settings: how its features were made; see ``Origin``.
        task: what it was trained for.
        target_moments: mean and variance of each column of a regression.
        feature_moments: mean and variance of each feature of the training split, if needed.
        data_digest: of the sequences and labels that it was trained and validated on.
        features_digest: of what they hold, see there; empty if the model sees no features, and in
            older runs.
        model_digest: of the file of a model of one's own.
    """

    classes: tuple[str, ...]
    dimension: int
    fps: str
    backbone: str
    backbone_digest: str
    settings: str
    task: str = "classification"
    target_moments: tuple[tuple[float, ...], ...] = ()
    feature_moments: tuple[tuple[float, ...], ...] = ()
    data_digest: str = ""
    features_digest: str = ""
    model_digest: str = ""

    @classmethod
    def of(cls, task: Task, info: SequenceInfo, data_digest: str) -> "ModelFacts":
        """For a model trained on sequences made like ``info``."""
        moments = (task.mean, task.variance) if isinstance(task, Regression) else ()
        return cls(
            task.classes,
            info.dimension,
            *info.origin.recipe,
            task=task.name,
            target_moments=moments,
            data_digest=data_digest,
        )

    def is_of_same_data(self, other: "ModelFacts") -> bool:
        """Whether both are of the same sequences, labels and features, as far as is known."""
        known = self.features_digest and other.features_digest
        return self.data_digest == other.data_digest and (
            not known or self.features_digest == other.features_digest
        )

    def to_json(self) -> str:
        """As it stands in run.json."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @property
    def learned_task(self) -> Task:
        """The task with all that was learned of it from the training split."""
        return make_task(self.task, self.classes, self.target_moments)

    def require(self, info: SequenceInfo) -> None:
        """Checks that a sequence can go through the model.

        Raises:
            InputError: it was made otherwise than the training sequences.
        """
        expected = Making(
            self.fps, self.backbone, self.backbone_digest, self.settings, self.dimension
        )
        if different := expected.difference(info.making):
            name, wanted, found = different
            raise InputError(
                f"{info.sequence_id} was made with {name} {found}, the model was trained on "
                f"{wanted}; extract it with the settings of the training store"
            )
