import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.groups import divided_groups
from preprocessing.labels.split_dealing import folds, leave_out, stratified_splits
from preprocessing.labels.splits import PARTS, Splits

quick = settings(deadline=None, max_examples=100)
ids_of = st.sets(st.text("abc/", min_size=1, max_size=6), min_size=3, max_size=60)
THREE = (0.6, 0.2, 0.2)


@st.composite
def fractions_of_one(draw):
    shares = draw(st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50)))
    return tuple(share / sum(shares) for share in shares)


@st.composite
def grouped_sequences(draw, fewest=3):
    """Sequences in at least so many groups, and how long each shows each class."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=fewest, max_size=12))
    classes = draw(st.integers(0, 5))
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    groups = {f"g{group}_{n}": f"g{group}" for group, size in enumerate(sizes) for n in range(size)}
    shown = generator.exponential(10, (len(groups), classes))
    shown *= generator.random((len(groups), classes)) < 0.4
    return groups, dict(zip(groups, shown, strict=True))


def everything(splits):
    return sorted([*splits.train, *splits.validation, *splits.test])


@quick
@given(ids_of, fractions_of_one(), st.integers(0, 1000))
def test_every_sequence_is_in_exactly_one_part(ids, fractions, seed):
    assert everything(stratified_splits(ids, fractions, seed)) == sorted(ids)


@quick
@given(ids_of, fractions_of_one(), st.integers(0, 1000))
def test_a_part_is_empty_if_and_only_if_its_fraction_is_zero(ids, fractions, seed):
    splits = stratified_splits(ids, fractions, seed)
    for part, fraction in zip(PARTS, fractions, strict=True):
        assert bool(splits[part]) == (fraction > 0), part


@quick
@given(ids_of, fractions_of_one(), st.integers(0, 1000), st.integers(0, 4))
def test_a_part_is_as_large_as_its_fraction_says_give_or_take_two(ids, fractions, seed, classes):
    generator = np.random.default_rng(seed)
    seconds = {name: generator.exponential(5, classes) for name in sorted(ids)}
    splits = stratified_splits(ids, fractions, seed, seconds=seconds)
    for part, fraction in zip(PARTS, fractions, strict=True):
        assert abs(len(splits[part]) - fraction * len(ids)) <= 2 + 1e-6, part


@quick
@given(grouped_sequences(), st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_in_which_ids_come_does_not_matter(sequences, seed, random):
    groups, seconds = sequences
    shuffled = sorted(groups)
    random.shuffle(shuffled)
    assert stratified_splits(shuffled, THREE, seed, groups, seconds) == stratified_splits(
        sorted(groups), THREE, seed, groups, seconds
    )


def test_another_seed_is_another_split():
    ids = [f"s{number}" for number in range(40)]
    seconds = {name: np.array([float(n), 40.0 - n]) for n, name in enumerate(ids)}
    for known in ({}, seconds):
        dealt = {stratified_splits(ids, THREE, seed, seconds=known).test for seed in range(5)}
        assert len(dealt) == 5


@quick
@given(grouped_sequences(), st.integers(0, 1000))
def test_a_group_is_in_one_part_and_each_part_has_one(sequences, seed):
    groups, seconds = sequences
    splits = stratified_splits(groups, THREE, seed, groups, seconds)
    assert not list(divided_groups(groups, splits))
    assert everything(splits) == sorted(groups)
    assert all(splits[part] for part in PARTS)


@quick
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 1000))
def test_classes_that_can_be_dealt_out_evenly_are(classes, each, seed):
    shown = np.eye(classes)
    seconds = {f"{c}-{n}": shown[c] for c in range(classes) for n in range(3 * each)}
    splits = stratified_splits(seconds, (1 / 3, 1 / 3, 1 / 3), seed, seconds=seconds)
    for part in PARTS:
        counts = Counter(name.split("-")[0] for name in splits[part])
        assert counts == {str(c): each for c in range(classes)}, part


def test_a_rare_class_is_in_training_first_then_in_the_test_then_in_validation():
    for count, parts in ((1, ("train",)), (2, ("train", "test")), (3, PARTS)):
        seconds = {f"s{n}": np.array([9.0, 5.0 * (n < count)]) for n in range(40)}
        for seed in range(10):
            splits = stratified_splits(seconds, (0.7, 0.15, 0.15), seed, seconds=seconds)
            rare = {f"s{n}" for n in range(count)}
            assert {part for part in PARTS if rare & set(splits[part])} == set(parts)


def test_stratified_parts_have_their_share_of_each_class_where_random_ones_do_not():
    generator = np.random.default_rng(0)
    ids = [f"s{n}" for n in range(60)]
    shown = generator.exponential(10, (60, 6)) * (generator.random((60, 6)) < 0.4)
    seconds = dict(zip(ids, shown, strict=True))
    total = sum(seconds.values())

    def furthest(splits):
        shares = [sum(seconds[name] for name in splits[part]) / total for part in PARTS]
        return max(np.abs(share - 1 / 3).max() for share in shares)

    thirds = (1 / 3, 1 / 3, 1 / 3)
    blind = [furthest(stratified_splits(ids, thirds, seed)) for seed in range(20)]
    seeing = [furthest(stratified_splits(ids, thirds, seed, {}, seconds)) for seed in range(20)]
    assert np.mean(seeing) < np.mean(blind) / 2


def test_too_few_sequences_or_groups_for_the_parts_are_refused():
    with pytest.raises(InputError, match=r"2 labelled sequences cannot be split into 3 parts"):
        stratified_splits(["a", "b"], THREE, 0)
    groups = {"a": "x", "b": "x", "c": "y"}
    with pytest.raises(InputError, match=r"3 labelled sequences in 2 groups .* into 3 parts"):
        stratified_splits(["a", "b", "c"], THREE, 0, groups)


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.2, 0.2), (1.2, -0.1, -0.1), (0, 0.5, 0.5), (0.9, 0.9, 0.9)]
)
def test_fractions_that_do_not_add_up_are_refused(fractions):
    with pytest.raises(InputError, match="add up to 1"):
        stratified_splits(["a", "b", "c", "d"], fractions, 0)


@quick
@given(grouped_sequences(), grouped_sequences(fewest=0), st.integers(0, 1000), st.integers(0, 9))
def test_what_was_dealt_stays_and_what_is_new_joins_its_group(before, more, seed, other_seed):
    groups, seconds = before
    kept = stratified_splits(groups, THREE, seed, groups, seconds)
    new = {f"{name}-new": group for name, group in more[0].items()}
    width = max((len(row) for row in seconds.values()), default=0)
    all_seconds = seconds | {name: np.ones(width) for name in new}
    splits = stratified_splits([*groups, *new], THREE, other_seed, groups | new, all_seconds, kept)
    for part in PARTS:
        assert set(kept[part]) <= set(splits[part])
    assert everything(splits) == sorted([*groups, *new])
    assert not list(divided_groups(groups | new, splits))


def test_sequences_that_are_gone_leave_the_others_where_they_were():
    kept = Splits(("a", "b", "gone"), ("c",), ("d", "lost"))
    assert stratified_splits(["a", "b", "c", "d"], THREE, 1, kept=kept) == Splits(
        ("a", "b"), ("c",), ("d",)
    )


def test_splits_that_divide_a_group_cannot_be_kept_by_groups():
    kept = Splits(("P1_a",), (), ("P1_b", "P2_a"))
    groups = {"P1_a": "P1", "P1_b": "P1", "P2_a": "P2"}
    expected = "the run continued from has group 'P1' in two parts (P1_a in train, P1_b in test)"
    with pytest.raises(InputError, match=re.escape(expected)):
        stratified_splits(groups, (0.5, 0, 0.5), 0, groups, kept=kept)


@quick
@given(grouped_sequences(), st.integers(2, 6), st.sampled_from([0.0, 0.2]), st.integers(0, 99))
def test_each_sequence_is_in_the_test_of_one_fold_and_groups_stay_whole(
    sequences, count, validation, seed
):
    groups, seconds = sequences
    count = min(count, len(set(groups.values())))
    try:
        made = folds(groups, groups, seconds, count, validation, seed)
    except InputError:
        # One person may have so much that all others are in one test.
        assert validation > 0
        reject()
    assert len(made) == count
    assert sorted(name for fold in made for name in fold.test) == sorted(groups)
    for fold in made:
        assert everything(fold) == sorted(groups)
        assert not list(divided_groups(groups, fold))
        assert fold.test
        assert bool(fold.validation) == (validation > 0)
    assert made == folds(sorted(groups, reverse=True), groups, seconds, count, validation, seed)


def test_folds_of_single_sequences_are_equally_large():
    made = folds([f"s{n}" for n in range(11)], {}, {}, 4, 0.25, 0)
    assert sorted(len(fold.test) for fold in made) == [2, 3, 3, 3]
    assert {len(fold.validation) for fold in made} == {2}


def test_as_many_folds_as_groups_leave_each_out_in_turn():
    groups = {f"P{group}_{n}": f"P{group}" for group in range(5) for n in range(group + 1)}
    made = folds(groups, groups, {}, 5, 0.2, 3)
    left_out = leave_out(groups, {}, 0.2, 3)
    assert [*left_out] == [f"P{group}" for group in range(5)]
    assert {fold.test for fold in made} == {fold.test for fold in left_out.values()}
    for name, fold in left_out.items():
        assert Counter(groups[member] for member in fold.test) == {name: len(fold.test)}
        assert not list(divided_groups(groups, fold))


def test_more_folds_than_groups_are_refused():
    groups = {"a": "x", "b": "x", "c": "y"}
    with pytest.raises(InputError, match="--folds 3: expected 2 to 2, as many as there are groups"):
        folds(groups, groups, {}, 3, 0.0, 0)
    with pytest.raises(InputError, match=r"the fold that tests . leaves 1 group .* 2 or more"):
        folds(groups, groups, {}, 2, 0.2, 0)
