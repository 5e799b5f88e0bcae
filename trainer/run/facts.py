"""The facts about the training data that belong to a model."""

import json
from dataclasses import asdict, dataclass

from preprocessing.errors import InputError
from preprocessing.store.sequence_info import Making, SequenceInfo, shown_apart
from trainer.task import Regression, Task, make_task


@dataclass(frozen=True)
class ModelFacts:
    """The inputs and answers of a trained model.

    Attributes:
        classes: names, in the order of its outputs.
        dimension: F of the store.
        fps, backbone, backbone_digest, settings: how its features were made; see ``Origin``.
        task: the task that it was trained for.
        target_moments: mean and variance of each column of a regression.
        feature_moments: mean and variance of each feature of the training split, if needed.
        data_digest: digest of the sequences and labels for training and validation.
        features_digest: digest of their features; empty if the model sees no features, and in older
            runs.
        frames_digest: digest of the numbers of frames that their steps show, by which lines of
            labels are found; empty if there are none, and in older runs.
        model_digest: digest of the file of a user's own model.
        frames: what stands for the backbone in a store of frames, if the backbone was trained on
            them; else empty.
        frames_settings: the settings of that store.
        begun_from: name and digest of the backbone before it was trained.
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
    frames_digest: str = ""
    model_digest: str = ""
    frames: str = ""
    frames_settings: str = ""
    begun_from: str = ""

    @classmethod
    def of(cls, task: Task, info: SequenceInfo, data_digest: str) -> "ModelFacts":
        """Makes the facts of a model.

        Args:
            task: its task.
            info: one of the sequences that it is trained on.
            data_digest: digest of the sequences and labels.
        """
        moments = (task.mean, task.variance) if isinstance(task, Regression) else ()
        return cls(
            task.classes,
            info.dimension,
            *info.origin.method,
            task=task.name,
            target_moments=moments,
            data_digest=data_digest,
        )

    def is_of_same_data(self, other: "ModelFacts") -> bool:
        """Returns True if both have the same sequences, labels and features, as far as is known."""
        known = self.features_digest and other.features_digest
        return self.data_digest == other.data_digest and (
            not known or self.features_digest == other.features_digest
        )

    def to_json(self) -> str:
        """Returns the content of run.json."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @property
    def learned_task(self) -> Task:
        """The task, with the moments learned from the training split."""
        return make_task(self.task, self.classes, self.target_moments)

    def require(self, info: SequenceInfo) -> None:
        """Checks that a sequence can go through the model.

        Raises:
            InputError: its features were made in another way than those of training.
        """
        expected = Making(
            self.fps, self.backbone, self.backbone_digest, self.settings, self.dimension
        )
        if info.frame_size and self.frames:
            expected = Making(self.fps, self.frames, "", self.frames_settings, info.dimension)
        if different := expected.difference(info.making):
            name, *values = different
            trained, made = shown_apart(name, *values)
            raise InputError(
                f"{info.sequence_id} was made with {name} {made}, the model was trained on "
                f"{trained}; {info.origin.command} it with the settings of the training store"
            )
