import itertools
import os
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from torch_files import (
    GOOD,
    KINDS,
    NUMBERS,
    grouped,
    named,
    ordered,
    quick,
    read,
    saved,
    storage,
    tensor,
    value,
)

from preprocessing.backbones.torch_file import MAGIC, PROTOCOL, read_tensors
from preprocessing.errors import InputError


def test_tensors_are_read_by_name():
    body = ordered(
        kernel=tensor(storage("k"), 0, (3, 4), (4, 1)),
        steps=tensor(storage("n", "LongStorage"), 0, (), ()),
    )
    tensors = read(saved(body, k=NUMBERS, n=np.array([41], "<i8")))
    assert list(tensors) == ["kernel", "steps"]
    np.testing.assert_array_equal(tensors["kernel"], NUMBERS.reshape(3, 4))
    assert tensors["steps"].shape == ()
    assert tensors["steps"] == 41


@quick
@given(
    shape=st.lists(st.integers(1, 4), max_size=4),
    kind=st.sampled_from(sorted(KINDS)),
    offset=st.integers(0, 3),
    data=st.data(),
)
def test_a_view_of_a_storage_is_read_by_its_strides(shape, kind, offset, data):
    axes = data.draw(st.permutations(range(len(shape))))
    numbers = np.arange(offset + int(np.prod(shape)), dtype=KINDS[kind])
    view = numbers[offset:].reshape(shape).transpose(axes)
    strides = tuple(stride // numbers.itemsize for stride in view.strides)
    body = ordered(x=tensor(storage("s", kind), offset, view.shape, strides))
    tensors = read(saved(body, s=numbers))
    assert tensors["x"].dtype == numbers.dtype
    np.testing.assert_array_equal(tensors["x"], view)


def test_tensors_share_a_storage():
    body = ordered(
        head=tensor(storage("s"), 0, (2,), (1,)), tail=tensor(storage("s"), 10, (2,), (1,))
    )
    tensors = read(saved(body, s=NUMBERS))
    assert tensors["head"].tolist() == [0, 1]
    assert tensors["tail"].tolist() == [10, 11]


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (1, (3, 4), (4, 1)),
        (0, (2, 2), (11, 1)),
        (12, (), ()),
        (4, (2,), (-1,)),
        (0, (-3,), (1,)),
        (0, (1 << 62,), (1 << 62,)),
        (-13, (13,), (1,)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(offset, shape, strides):
    with pytest.raises(InputError, match="beyond its storage"):
        read(saved(ordered(x=tensor(storage("s"), offset, shape, strides)), s=NUMBERS))


def test_a_shape_that_does_not_match_its_strides_is_refused():
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(saved(ordered(x=tensor(storage("s"), 0, (3, 4), (1,))), s=NUMBERS))


class Command:
    def __init__(self, line: str):
        self.line = line

    def __reduce__(self):
        return os.system, (self.line,)


def pickles_with(position: int, bad: bytes) -> bytes:
    parts = [MAGIC, PROTOCOL, {}, {}, []]
    pickles = [pickle.dumps(part, 2) for part in parts]
    return b"".join([*pickles[:position], bad, *pickles[position + 1 :]])


@pytest.mark.parametrize("position", range(5))
def test_a_command_in_a_file_is_refused_and_not_run(tmp_path, position):
    proof = tmp_path / "proof"
    bad = pickle.dumps(Command(f"touch {proof}"), 2)
    pickle.loads(bad)
    assert proof.exists()
    proof.unlink()
    with pytest.raises(InputError, match=r"it asks for (posix|nt)\.system"):
        read(pickles_with(position, bad))
    assert not proof.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("builtins", "eval"), ("torch", "load"), ("torch._utils", "_rebuild"), ("os", "OrderedDict")],
)
def test_whatever_is_no_tensor_is_refused_by_name(module, name):
    with pytest.raises(InputError, match=f"{module}.{name}"):
        read(saved(ordered(x=named(module, name))))


def test_a_storage_of_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match=r"torch\.QInt8Storage"):
        read(saved(ordered(x=tensor(storage("s", "QInt8Storage"), 0, (1,), (1,))), s=NUMBERS))


@pytest.mark.parametrize("kind", ["module", 7])
def test_a_reference_to_no_storage_is_refused(kind):
    facts = named("torch", "FloatStorage"), value("s"), value("cpu"), value(0), value(None)
    reference = grouped(value(kind), *facts) + b"Q"
    with pytest.raises(InputError, match="not a storage"):
        read(saved(ordered(x=tensor(reference, 0, (1,), (1,))), s=NUMBERS))


@pytest.mark.parametrize("item", [[1, 2], None, "text", 3])
def test_an_object_that_is_no_dictionary_is_refused(item):
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(saved(value(item)))


def test_a_storage_that_nothing_refers_to_is_refused():
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(saved(ordered(), s=NUMBERS))


@pytest.mark.parametrize("length", range(0, len(GOOD), 3))
def test_a_file_that_is_cut_short_is_refused(length):
    assert read(GOOD)["kernel"].shape == (3, 4)
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(GOOD[:length])


@quick
@given(st.binary(max_size=64))
@example(bytes.fromhex("8d 00 00 00 00 00 00 00 80"))
@example(bytes.fromhex("8d 00 00 00 00 00 00 00 01"))
def test_garbage_is_refused(content):
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(content)


HUGE = {
    "text": b"X\xff\xff\xff\xff",
    "text of 2^56 characters": b"\x8d" + (1 << 56).to_bytes(8, "little"),
    "text of 2^63 characters": b"\x8d" + (1 << 63).to_bytes(8, "little"),
    "bytes": b"\x8e" + (1 << 56).to_bytes(8, "little"),
    "bytes that can change": b"\x96" + (1 << 56).to_bytes(8, "little"),
    "a number": b"\x8b\xff\xff\xff\x7f",
    "a place in memory": b"Nr\xff\xff\xff\xff\xff",
    "a frame": b"\x95" + (1 << 56).to_bytes(8, "little"),
}


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("kind", HUGE)
def test_a_length_that_the_file_does_not_have_is_not_believed(kind, place):
    tracemalloc.start()
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(pickles_with(place, b"\x80\x02" + HUGE[kind] + b"."))
    assert tracemalloc.get_traced_memory()[1] < 1 << 23
    tracemalloc.stop()


@pytest.mark.parametrize("count", [1 << 62, (1 << 63) - 1, 13, -1, -(1 << 63)])
def test_a_storage_that_the_file_does_not_have_is_refused(count):
    keys = pickle.dumps(["k"], 2)
    start = GOOD.index(keys) + len(keys)
    with pytest.raises(InputError, match=r"weights\.pth"):
        read(GOOD[:start] + count.to_bytes(8, "little", signed=True) + GOOD[start + 8 :])


def test_many_tensors_of_one_storage_take_its_memory_once():
    numbers = np.zeros(1 << 20, "<f4")
    shared = storage("s") + b"q\x00"
    views = {f"t{n}": tensor(shared, 0, (1 << 20,), (1,)) for n in range(100)}
    content = saved(ordered(**views), s=numbers)
    tracemalloc.start()
    assert len(read(content)) == 100
    assert tracemalloc.get_traced_memory()[1] < 8 * numbers.nbytes
    tracemalloc.stop()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 20, 1 << 20)])
def test_a_tensor_that_repeats_one_number_without_end_is_refused(shape):
    strides = (0,) * len(shape)
    with pytest.raises(InputError, match="beyond its storage"):
        read(saved(ordered(x=tensor(storage("s"), 0, shape, strides)), s=NUMBERS))


def test_tuples_in_tuples_are_no_key():
    """The hash of a tuple goes down to its end, and beyond that of the stack."""
    deep = b")" + b"\x85" * 150_000
    for body in (b"}" + deep + b"Ns", grouped(*[deep] * 6) + b"Q", b"]" + deep + b"a"):
        with pytest.raises(InputError, match=r"weights\.pth"):
            read(saved(body, s=NUMBERS))


@pytest.mark.parametrize("numbers", list(itertools.product([MAGIC, 1], [PROTOCOL, 1])))
def test_only_the_known_magic_number_and_protocol_are_read(numbers):
    head = b"".join(pickle.dumps(number, 2) for number in numbers)
    content = head + pickle.dumps({}, 2) + pickle.dumps({}, 2) + pickle.dumps([], 2)
    if numbers == (MAGIC, PROTOCOL):
        assert read(content) == {}
    else:
        with pytest.raises(InputError, match="first bytes"):
            read(content)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.pth"):
        read_tensors(tmp_path / "none.pth")
