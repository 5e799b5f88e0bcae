"""The plan of an epoch, and that of an evaluation: pure arithmetic."""

import random
from collections.abc import Iterator, Sequence

from trainer.config import TrainConfig
from trainer.plan.dealing import deal, groups_of_similar
from trainer.plan.lanes import fixed_lengths, group_plans, inference_plan, lane_plan, varied_lengths
from trainer.plan.lineup import Lineup, Plan
from trainer.plan.windows import Windows, window_inference_plan, window_plan


def training_plan(config: TrainConfig, lengths: Sequence[int], lanes: int, epoch: int) -> Plan:
    """Plans an epoch whose gradients end at chunk edges; the order is another in each epoch.

    Args:
        config: of the run.
        lengths: steps of each training sequence.
        lanes: B.
        epoch: counted from 0.
    """
    seed = f"{config.seed}/{epoch}"
    if config.state == "reset":
        return window_plan(lengths, lanes, _windows(config, seed), seed)
    length = config.chunk_length
    queues = deal([-(-steps // length) for steps in lengths], lanes, seed)
    edges = varied_lengths(length, seed) if config.random_phase else fixed_lengths(length)
    return lane_plan(lengths, queues, edges, config.burn_in)


def training_groups(
    config: TrainConfig, lengths: Sequence[int], lanes: int, epoch: int, done: int = 0
) -> Iterator[list[Lineup]]:
    """Plans an epoch of full gradients: groups of whole sequences, without the first ``done``.

    Args:
        config: of the run.
        lengths: steps of each sequence.
        lanes: B.
        epoch: counted from 0.
        done: groups of this epoch that were trained on before an interruption.
    """
    groups = groups_of_similar(lengths, lanes, f"{config.seed}/{epoch}")
    return group_plans(lengths, groups[done:], lanes, config.chunk_length, config.burn_in)


def evaluation_plan(config: TrainConfig, lengths: Sequence[int], lanes: int) -> Plan:
    """Plans inference: every step answered once, with the carry or in windows, as in training.

    Args:
        config: of the run.
        lengths: steps of each sequence.
        lanes: B.
    """
    if config.state == "carry":
        return inference_plan(lengths, lanes, config.chunk_length)
    windows = Windows(config.chunk_length, config.window_stride, config.burn_in)
    return window_inference_plan(lengths, lanes, windows)


def updates_an_epoch(config: TrainConfig, lengths: Sequence[int], lanes: int) -> int:
    """Counts the updates of the first epoch; later ones may have a few more or fewer.

    Batches in which nothing is asked for count too, as they do in ``Progress.updates``.

    Args:
        config: of the run.
        lengths: steps of each sequence.
        lanes: B.
    """
    if config.gradient == "full":
        items = -(-len(lengths) // lanes)
    else:
        items = sum(1 for _ in training_plan(config, lengths, lanes, 0))
    return -(-items // config.accumulate)


def _windows(config: TrainConfig, seed: str) -> Windows:
    shift = 0
    if config.random_phase:
        shift = random.Random(f"{seed}/shift").randrange(config.window_stride)
    return Windows(config.chunk_length, config.window_stride, config.burn_in, shift)
