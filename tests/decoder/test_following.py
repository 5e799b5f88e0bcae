from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_decoders import made_answers, made_decoder, made_length_decoder, reader
from numpy.typing import NDArray

from trainer.decoder.decoder import Decoder
from trainer.decoder.decoding import decode
from trainer.decoder.following import Following

SEEDS = st.integers(0, 1 << 20)


def any_decoder(seed: int, size: int, several: bool) -> Decoder:
    generator = np.random.default_rng(seed)
    return (made_length_decoder if several else made_decoder)(generator, size)


def decoded(decoder: Decoder, answers: NDArray[Any], lag: float) -> NDArray[Any]:
    steps = decoder.lag_steps(lag)
    return np.concatenate(list(decode(decoder, reader(answers), len(answers), steps, lag)))


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4), st.integers(1, 50), st.floats(0, 8), st.booleans(), st.data())
def test_steps_as_they_come_are_decoded_as_whole_sequences_are(
    seed: int, size: int, steps: int, lag: float, several: bool, data: st.DataObject
) -> None:
    decoder = any_decoder(seed, size, several)
    answers = made_answers(np.random.default_rng(seed), steps, size)
    lag_steps = decoder.lag_steps(lag) or 0
    restarts = data.draw(st.sets(st.integers(0, steps - 1)))
    following, found, late = Following(decoder, lag_steps, lag), [], 0
    for step, answer in enumerate(answers):
        if step in restarts:
            arrays = {name: array.copy() for name, array in following.arrays().items()}
            following = Following(decoder, lag_steps, lag)
            following.restore(arrays)
        found += following.push(answer)
        late = max(late, step + 1 - len(found))
    found += following.finish()
    assert late <= lag_steps
    assert np.array_equal(np.array(found), decoded(decoder, answers, lag))


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_what_comes_later_than_the_lag_changes_nothing(
    seed: int, steps: int, seen: int, several: bool
) -> None:
    decoder, generator = any_decoder(seed, 3, several), np.random.default_rng(seed)
    one = made_answers(generator, steps + seen, 3)
    other = np.concatenate([one[:seen], made_answers(generator, steps, 3)])
    lag = 2.0
    known = max(seen - (decoder.lag_steps(lag) or 0), 0)
    both = [decoded(decoder, answers, lag)[:known] for answers in (one, other)]
    assert np.array_equal(*both)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", ["states", "back", "scores", "waiting", "state", "lasted"])
@pytest.mark.parametrize("damage", ["gone", "shape", "dtype", "values"])
def test_a_state_that_is_none_is_refused(several: bool, name: str, damage: str) -> None:
    decoder = any_decoder(1, 3, several)
    following = Following(decoder, 3, 2.0)
    for answer in made_answers(np.random.default_rng(0), 9, 3):
        following.push(answer)
    arrays = dict(following.arrays())
    if name not in arrays:
        return
    array = arrays.pop(name)
    if damage == "shape":
        arrays[name] = np.concatenate([array] * 9)
    elif damage == "dtype":
        arrays[name] = array.astype("float32")
    elif damage == "values":
        arrays[name] = np.full_like(array, np.nan if name == "scores" else -2)
    with pytest.raises(ValueError, match=r"\w"):
        Following(decoder, 3, 2.0).restore(arrays)
