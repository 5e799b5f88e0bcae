"""In which order a network takes frames, or clips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.backbones.layout import layout_of
from preprocessing.errors import InputError
from preprocessing.videos.clip import AskedClip, Clip

lengths = st.one_of(st.none(), st.integers(4, 9))


@given(st.lists(lengths, min_size=3, max_size=4), st.data())
def test_a_layout_is_read_off_a_shape(rest: list[int | None], data: st.DataObject) -> None:
    places = (1, 3) if len(rest) == 3 else (1, 2, 4)
    channels = data.draw(st.sampled_from(places))
    shape = list(rest)
    shape.insert(channels, 3)
    layout = layout_of(shape)
    assert layout is not None
    *length, height, width = rest[1:]
    assert (layout.batch, layout.size) == (rest[0], (height or 224, width or 224))
    assert layout.length == (length[0] if length else None)
    frames = np.zeros([n or 5 for n in (*rest, 3)], np.uint8)
    assert layout.laid_out(frames).shape == tuple(n or 5 for n in shape)


@pytest.mark.parametrize(
    "shape", [(None, 8, 8, 1), (None, 3, 8, 3), (None, 144), (None, 3, 3, 8, 8), (1, 3) * 3, ()]
)
def test_what_is_no_layout_or_may_be_two_is_none(shape: tuple[int | None, ...]) -> None:
    assert layout_of(shape) is None


def test_the_network_and_the_user_agree_on_a_clip() -> None:
    fixed, free = layout_of((None, 16, 8, 8, 3)), layout_of((None, 3, None, 8, 8))
    assert fixed
    assert free
    assert fixed.clip("x", AskedClip()) == Clip(16, 1)
    assert fixed.clip("x", AskedClip(16, 2)) == Clip(16, 2)
    assert free.clip("x", AskedClip(4, 3)) == Clip(4, 3)
    with pytest.raises(InputError, match="takes clips of 16 frames, --clip 8 asks for others"):
        fixed.clip("x", AskedClip(8))
    with pytest.raises(InputError, match="takes clips of any length; say how many frames with"):
        free.clip("x", AskedClip())
    with pytest.raises(InputError, match=r"would keep 1500000001 frames, expected 67108864"):
        fixed.clip("x", AskedClip(16, 10**8))
    with pytest.raises(InputError, match=r"takes 1000000000 frame\(s\) of 8 x 8 at once"):
        free.clip("x", AskedClip(10**9))
