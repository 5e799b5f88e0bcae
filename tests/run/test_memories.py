"""What callbacks remember is in a checkpoint, and comes back as it was."""

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from trainer.run.memories import (
    callback_memories,
    changed_memories,
    random_state,
    remind_callbacks,
    set_random_state,
)

NAMES = st.text("abc_", min_size=1, max_size=4)
SHAPES = array_shapes(max_dims=2, max_side=3)
ARRAYS = arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
MEMORIES = st.dictionaries(NAMES, PLAIN | ARRAYS | st.lists(ARRAYS, min_size=1, max_size=12))


class Remembering:
    """A callback with attributes of any kind."""

    def __init__(self, memories: dict[str, Any]):
        vars(self).update(memories)


class Other(Remembering):
    """A callback of another class."""


def assert_same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        np.testing.assert_equal(one, other)


@given(MEMORIES, MEMORIES)
def test_what_is_remembered_comes_back(one: dict[str, Any], two: dict[str, Any]) -> None:
    plain, kept = callback_memories([Remembering(one), Remembering(two)])
    new = [Remembering({}), Remembering({})]
    remind_callbacks(new, json.loads(json.dumps(plain)), kept)
    for callback, memories in zip(new, (one, two), strict=True):
        assert vars(callback).keys() == memories.keys()
        for name, value in memories.items():
            assert_same(vars(callback)[name], value)


def test_model_texts_and_sets_are_made_anew_by_the_callback() -> None:
    callback = Remembering({"model": 1, "_model": 1, "params": {}, "file": "best.h5", "seen": {1}})
    assert callback_memories([callback]) == ([{"class": "Remembering", "state": {}}], {})


def test_only_what_has_changed_since_training_began_is_kept() -> None:
    callback = Remembering({"patience": 3, "waited": 0})
    before = callback_memories([callback])
    callback.waited = 2  # type: ignore[attr-defined]
    assert changed_memories([callback], before)[0][0]["state"] == {"waited": 2}


def test_a_callback_of_another_class_gets_nothing() -> None:
    plain, kept = callback_memories([Remembering({"waited": 2, "weights": np.ones(2)})])
    other = Other({})
    remind_callbacks([other], plain, kept)
    assert vars(other) == {}


@pytest.mark.parametrize("draw", [random.random, np.random.random, random.gauss])
def test_random_generators_go_on_where_they_were(draw: Any) -> None:
    numbers = (0.0, 1.0) if draw is random.gauss else ()
    before = random_state()
    draw(*numbers)  # Of a pair that gauss makes, the second is part of the state.
    kept = json.loads(json.dumps(random_state()))
    drawn = [draw(*numbers) for _ in range(3)]
    set_random_state(kept)
    assert [draw(*numbers) for _ in range(3)] == drawn
    set_random_state(before)
