"""The moments of the features that a model normalises by."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from preprocessing.terminal.console import note
from trainer.backbone.frame_stores import AT_ONCE, SeenFrames, of_frames
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import BLOCK_STEPS, Moments, total_moments
from trainer.config import TrainConfig
from trainer.devices.processes import Processes
from trainer.run.folder import Run
from trainer.training.data import Data

# By which features are normalised where each costs a pass through a network.
MOST_FRAMES = 4096


def with_feature_moments(data: Data, config: TrainConfig, run: Run, processes: Processes) -> Data:
    """Learns mean and variance of the features where the model needs them.

    They are taken from the run that is continued, or from an interrupted run on the same data, so
    that the store is not read again. Otherwise each process reads its share of it.

    Args:
        data: what is trained on.
        config: says whether the model normalises, and which run is continued.
        run: the folder in which an interrupted run may be.
        processes: that train together.
    """
    if config.normalize == "none" or not data.layout.sees_features:
        return data
    known: tuple[tuple[float, ...], ...] = ()
    with processes.ready():
        if config.continue_from:
            known = Run(config.continue_from).facts.feature_moments
        elif run.facts_path.exists() and run.facts.is_of_same_data(data.facts):
            known = run.facts.feature_moments
    (unknown,) = processes.agree(not known)
    if unknown:
        moments = _moments(data, processes)
        known = (tuple(moments.mean.tolist()), tuple(moments.variance.tolist()))
    layout = replace(data.layout, unknown_features=known[0])
    plain = replace(layout, task=data.train.layout.task)
    return replace(
        data,
        facts=replace(data.facts, feature_moments=known),
        layout=layout,
        train=data.train.with_layout(plain),
        validation=data.validation and data.validation.with_layout(plain),
    )


def _moments(data: Data, processes: Processes) -> Moments:
    """Computes the moments of the training split, by the backbone as it is before training."""
    if data.backbone is None:
        return shared_moments(data.train, processes)
    infos = data.train.infos
    store = SeenFrames(data.train.store.root, of_frames(data.train), data.backbone)
    taken = list(some_stretches([info.steps for info in infos]))
    blocks = (store.features(infos[at].sequence_id, *stretch) for at, stretch in taken)
    moments = total_moments(blocks)
    frames, every = sum(stop - start for _, (start, stop) in taken), sum(data.train.lengths)
    if frames < every:
        note(f"features are normalised by {frames:,} of the {every:,} frames, spread evenly")
    return moments


def some_stretches(
    lengths: Sequence[int], most: int = MOST_FRAMES, each: int = AT_ONCE
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yields stretches of frames spread evenly over sequences; all of them if they are few.

    Args:
        lengths: of the sequences, in frames.
        most: about how many frames there may be.
        each: the most frames of a stretch.

    Yields:
        The number of a sequence; the first frame of a stretch, and the one after its last.
    """
    begins = [(at, start) for at, length in enumerate(lengths) for start in range(0, length, each)]
    every = max(1, len(begins) * each / most)
    for number in range(math.ceil(len(begins) / every)):
        at, start = begins[int(number * every)]
        yield at, (start, min(start + each, lengths[at]))


def shared_moments(data: SequenceSet, processes: Processes) -> Moments:
    """Computes the moments of the features; each process reads its share of the sequences.

    With fewer sequences than processes, each reads all.

    Args:
        data: the training split.
        processes: that train together.
    """
    every = range(len(data.infos))
    if len(every) < processes.count:
        return total_moments(data.feature_blocks(every, BLOCK_STEPS))
    with processes.ready():
        mine = every[processes.number :: processes.count]
        own = total_moments(data.feature_blocks(mine, BLOCK_STEPS))
    return own if processes.count == 1 else own.together(processes.total)
