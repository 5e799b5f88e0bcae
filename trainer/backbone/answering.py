"""The backbone of a run, where sequences that its model answers are frames."""

from preprocessing.backbones import Joined
from preprocessing.backbones.keras_file import KerasFile
from preprocessing.backbones.pixel_scale import AS_THEY_ARE
from preprocessing.errors import InputError
from trainer.backbone.frame_stores import SeenFrames, seen
from trainer.batches.sequence_set import SequenceSet
from trainer.run.folder import Run


def seen_by(run: Run, data: SequenceSet) -> SequenceSet:
    """Returns sequences as the model of a run sees them: frames by the backbone of the run.

    Features are what ``extract`` would make by ``RUN/backbone.keras`` of the same frames. Sequences
    of features are returned as they are.

    Args:
        run: the run.
        data: sequences that can go through its model.

    Raises:
        InputError: the run has no backbone.
    """
    if not any(info.frame_size for info in data.infos):
        return data
    if not run.backbone_path.is_file():
        raise InputError(
            f"{run.path} has no {run.backbone_path.name}, and the store holds frames; give a store "
            "of the features that it was trained on, or train the run to the end of an epoch"
        )
    # The file changes while the run is trained, so it is opened anew.
    backbone = Joined([KerasFile(run.backbone_path, AS_THEY_ARE)])
    facts = run.facts
    store = SeenFrames(data.store.root, data.infos, backbone)
    infos = seen(data.infos, facts.dimension, facts.backbone_digest)
    return SequenceSet(store, infos, data.labels, data.layout, data.class_weights)
