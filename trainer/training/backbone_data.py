"""Looks up what a store of frames needs of a training, and what of the backbone is on record."""

from dataclasses import replace
from typing import TYPE_CHECKING

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore, no_features
from preprocessing.store.sequence_info import SequenceInfo
from trainer.backbone.frame_stores import seen
from trainer.config import TrainConfig
from trainer.run.facts import ModelFacts
from trainer.task import Task

if TYPE_CHECKING:
    from trainer.backbone.trained import TrainedBackbone
    from trainer.devices.replicas import Devices


def opened_backbone(
    config: TrainConfig, store: FeatureStore, info: SequenceInfo, devices: "Devices | None"
) -> "TrainedBackbone | None":
    """Opens the backbone that is to be trained; None where there are features.

    Args:
        config: names it.
        store: where the sequences are.
        info: one of them, which is like all others.
        devices: that get a copy of it; one by default.

    Raises:
        InputError: the store holds features and a backbone is asked for, or the other way round.
    """
    if info.frame_size is None:
        if config.finetune:
            raise InputError(
                f"--finetune {config.finetune}: {store.root} holds features, of which no backbone "
                "can be trained; extract with --backbone frames:224 first"
            )
        return None
    if not config.finetune:
        raise no_features(store.root)
    # Who only waits for trainings asks what they train on, without TensorFlow.
    from trainer.backbone.trained import open_backbone
    from trainer.devices.one_device import OneDevice

    with (devices or OneDevice()).scope():
        return open_backbone(config, info.frame_size)


def facts_of(
    task: Task, info: SequenceInfo, data_digest: str, backbone: "TrainedBackbone | None"
) -> ModelFacts:
    """Makes the facts of a model, and of the backbone that is trained with it.

    Args:
        task: of the model.
        info: one of the sequences that it is trained on.
        data_digest: digest of the sequences and labels.
        backbone: if one is trained; its own digest is known once it is written.
    """
    if backbone is None:
        return ModelFacts.of(task, info, data_digest)
    (after,) = seen([info], backbone.dimension)
    return replace(
        ModelFacts.of(task, after, data_digest),
        frames=info.origin.backbone,
        frames_settings=info.origin.settings,
        begun_from=" ".join(backbone.begun_from),
    )


def require_base(base: ModelFacts, info: SequenceInfo, backbone: "TrainedBackbone | None") -> None:
    """Checks that a sequence can go through the model of the run that is continued.

    Args:
        base: of that run.
        info: the sequence.
        backbone: that is trained on its frames, if one is.

    Raises:
        InputError: it was made in another way, or by another backbone.
    """
    if backbone is None:
        base.require(info)
        return
    had = (base.backbone, base.backbone_digest)
    if had != backbone.begun_from or base.dimension != backbone.dimension:
        raise InputError(
            f"--finetune {' '.join(backbone.begun_from)}: the run of --continue-from answers by "
            f"features of {' '.join(had)}; give that backbone"
        )
    if base.fps != info.origin.fps:
        raise InputError(
            f"{info.sequence_id} has {info.origin.fps} frames a second, the run of --continue-from "
            f"was trained on {base.fps}; extract it with --fps {base.fps}"
        )


def require_room(config: TrainConfig, lanes: int, devices: "Devices") -> None:
    """Checks that a group of frames has room for one of each lane.

    Args:
        config: says how many frames there are in a group.
        lanes: of all devices together.
        devices: that share them.

    Raises:
        InputError: there are more lanes on a device.
    """
    own = devices.rows_for(lanes) // devices.count
    if config.finetune and own > config.frames_at_once:
        raise InputError(
            f"--frames-at-once {config.frames_at_once} with {own} lanes on a device: a group holds "
            f"a frame of each lane at least; give --frames-at-once {own} or more, or fewer --lanes"
        )
