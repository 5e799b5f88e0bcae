import math
import random

from hypothesis import given
from hypothesis import strategies as st

from trainer.config import TrainConfig
from trainer.plan.dealing import deal, groups_of_similar
from trainer.plan.epochs import training_plan

costs_of = st.lists(st.integers(1, 60), min_size=1, max_size=40)


@given(costs_of, st.integers(1, 9), st.text(max_size=3))
def test_every_sequence_is_dealt_to_one_lane(costs: list[int], lanes: int, seed: str) -> None:
    hands = [list(queue) for queue in deal(costs, lanes, seed)]
    assert len(hands) == lanes
    assert sorted(sequence for hand in hands for sequence in hand) == list(range(len(costs)))


@given(costs_of, st.integers(1, 9), st.text(max_size=3))
def test_no_lane_could_hand_its_smallest_sequence_to_the_emptiest_with_profit(
    costs: list[int], lanes: int, seed: str
) -> None:
    hands = [list(queue) for queue in deal(costs, lanes, seed)]
    totals = [sum(costs[sequence] for sequence in hand) for hand in hands]
    full = max(range(lanes), key=lambda lane: totals[lane])
    gap = totals[full] - min(totals)
    if gap > max(1, sum(totals) / lanes * 0.002):
        assert min(costs[sequence] for sequence in hands[full]) >= gap


@given(costs_of, st.integers(1, 9), st.text(max_size=3))
def test_groups_hold_every_sequence_once(costs: list[int], size: int, seed: str) -> None:
    groups = groups_of_similar(costs, size, seed)
    assert sorted(sequence for group in groups for sequence in group) == list(range(len(costs)))
    assert all(len(group) <= size for group in groups)


def surgery_lengths(seed: int, count: int = 40, mean: float = 2300, sd: float = 1000) -> list[int]:
    """Log-normal, as lengths of real operations are."""
    spread = math.log(1 + (sd / mean) ** 2)
    chance = random.Random(seed)
    return [
        max(1, round(chance.lognormvariate(math.log(mean) - spread / 2, math.sqrt(spread))))
        for _ in range(count)
    ]


def test_lanes_are_full_on_lengths_of_real_operations(tmp_path) -> None:
    """Of 8 lanes of 64 steps, 97 % are real steps; padding to the longest would give half."""
    lanes = 8
    config = TrainConfig(tmp_path, tmp_path, tmp_path, chunk_length=64)
    for seed in range(10):
        lengths = surgery_lengths(seed)
        shares, orders = [], set()
        for epoch in range(3):
            plan = list(training_plan(config, lengths, lanes, epoch))
            shares.append(sum(lengths) / (64 * lanes * len(plan)))
            begun = [c.sequence for lineup in plan for c in lineup.chunks if c and c.reset]
            orders.add(tuple(begun))
        assert sum(shares) / len(shares) >= 0.97
        assert len(orders) == 3
