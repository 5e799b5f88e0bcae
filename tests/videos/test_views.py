"""Views resize each frame of a video once, however many backbones see it."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.videos import views
from preprocessing.videos.clip import Clip
from preprocessing.videos.views import Views

clips = st.one_of(st.none(), st.builds(Clip, st.integers(1, 6), st.integers(1, 4)))


class Counted:
    """Stands for ``resized``: a picture is the number of its frame."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.calls: list[tuple[int, tuple[int, int]]] = []
        monkeypatch.setattr(views, "resized", self)

    def __call__(self, frame: av.VideoFrame, size: tuple[int, int]) -> np.ndarray:
        self.calls.append((frame.pts, size))
        return np.full((1, size[0], 3), frame.pts, np.uint8)


def numbered(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(16, 16, "rgb24")
    frame.pts = number
    return frame


@given(st.lists(st.tuples(st.integers(2, 3), clips), min_size=1, max_size=4), st.integers(1, 25))
def test_a_clip_is_every_strideth_frame_up_to_the_last_and_the_first_stands_in(
    wanted: list[tuple[int, Clip | None]], count: int
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        counted = Counted(monkeypatch)
        sizes = [(side, side) for side, _ in wanted]
        seen = Views(sizes, [clip for _, clip in wanted])
        assert seen.needs_all == any(clip for _, clip in wanted)
        for number in range(count):
            view = seen.see(numbered(number))
            for (side, clip), pixels in zip(wanted, view.pixels(), strict=True):
                pixels = pixels if clip else (pixels,)
                assert all(picture.shape == (1, side, 3) for picture in pixels)
                length, stride = clip or (1, 1)
                back = range((length - 1) * stride, -1, -stride)
                assert [p[0, 0, 0] for p in pixels] == [max(0, number - n) for n in back]
        of_clips = {(side, side) for side, clip in wanted if clip}
        alone = sum(clip is None for _, clip in wanted)
        assert len(counted.calls) == count * (len(of_clips) + alone)


def test_clips_share_their_pictures_and_no_more_are_kept_than_one_spans() -> None:
    seen = Views([(4, 4), (4, 4)], [Clip(3, 2), Clip(2, 2)])
    shown = [seen.see(numbered(number)).pixels() for number in range(9)]
    assert shown[8][0][1] is shown[6][0][2] is shown[6][1][1]
    assert [len(kept) for kept in seen._kept.values()] == [Clip(3, 2).span] == [5]


def test_a_view_stays_what_it_was_when_more_frames_come() -> None:
    seen = Views([(2, 2)], [Clip(2)])
    with pytest.MonkeyPatch.context() as monkeypatch:
        Counted(monkeypatch)
        first, _ = seen.see(numbered(1)), seen.see(numbered(2))
        assert [picture[0, 0, 0] for picture in first.pixels()[0]] == [1, 1]
