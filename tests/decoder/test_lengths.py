import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_decoders import made_lengths

from preprocessing.labels.stretches import stretches
from trainer.decoder.lengths import LengthDecoder, in_steps
from trainer.decoder.weights import Lengths

MARKS = st.lists(st.integers(0, 1), min_size=1, max_size=40)


def naive(marks: list[int], present: int, absent: int, lag: int | None) -> list[int]:
    """Each step by itself: what its stretch is once so many later steps are seen."""
    decoded, state = [], 0
    for step, mark in enumerate(marks):
        seen = marks if lag is None else marks[: step + lag + 1]
        for start, stop in zip(*stretches(np.array(seen))[1:], strict=True):
            if start <= step < stop and stop - start >= (present if mark else absent):
                state = mark
        decoded.append(state)
    return decoded


@settings(max_examples=60)
@given(MARKS, st.integers(1, 5), st.integers(1, 5), st.integers(0, 6) | st.none(), st.data())
def test_a_class_changes_where_it_does_so_for_long_enough(
    marks: list[int], present: int, absent: int, lag: int | None, data: st.DataObject
) -> None:
    decoder = LengthDecoder(Lengths((0.5,), (float(present),), (float(absent),)), 1.0, lag)
    edges = sorted(data.draw(st.sets(st.integers(0, len(marks)))))
    parts = np.split(np.array(marks, "float32")[:, None], edges)
    found = np.concatenate([*map(decoder.push, parts), decoder.finish()])
    assert found[:, 0].tolist() == naive(marks, present, absent, lag)


def test_classes_are_decoded_each_by_itself() -> None:
    generator = np.random.default_rng(0)
    lengths, answers = made_lengths(generator, 3), generator.random((50, 3))
    decoder = LengthDecoder(lengths, 1.0, None)
    together = np.concatenate([decoder.push(answers), decoder.finish()])
    for number in range(3):
        rows = (lengths.thresholds, lengths.present, lengths.absent)
        alone = LengthDecoder(Lengths(*((row[number],) for row in rows)), 1.0, None)
        column = answers[:, number : number + 1]
        found = np.concatenate([alone.push(column), alone.finish()])
        assert np.array_equal(found[:, 0], together[:, number])


def test_a_length_is_at_least_a_step() -> None:
    assert in_steps([0.0, 0.1, 0.5, 2.0], 4.0).tolist() == [1, 1, 2, 8]
