"""The moments of the features that a model normalises by."""

from dataclasses import replace

from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import Moments, learn_moments
from trainer.config import TrainConfig
from trainer.devices.processes import Processes
from trainer.run.folder import Run
from trainer.training.data import Data


def with_feature_moments(data: Data, config: TrainConfig, run: Run, processes: Processes) -> Data:
    """Learns mean and variance of the features where the model needs them.

    They are taken from the run that is continued, or from an interrupted run on the same data, so
    that the store is not read again. Otherwise each process reads its share of it.
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
        moments = shared_moments(data.train, processes)
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


def shared_moments(data: SequenceSet, processes: Processes) -> Moments:
    """Learns the moments of the features; each process reads its share of the sequences."""
    if len(data.infos) < processes.count:
        return learn_moments(data.store, data.infos)
    with processes.ready():
        own = learn_moments(data.store, data.infos[processes.number :: processes.count])
    return own if processes.count == 1 else own.together(processes.total)
