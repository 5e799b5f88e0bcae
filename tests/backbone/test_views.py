from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import frames_of

from trainer.backbone.views import View, draw_view

ALL = ("crop", "mirror", "colour")
quick = settings(deadline=None, max_examples=100)
kinds = st.sets(st.sampled_from(ALL))
FRAME = frames_of(1, size=(20, 32))[0]


@quick
@given(kinds, st.integers(0, 2**32 - 1), st.integers(0, 1000), st.text())
def test_a_view_is_the_same_whenever_it_is_drawn_and_frames_keep_their_size(
    chosen, seed, epoch, name
):
    view = draw_view(chosen, seed, epoch, name)
    assert view == draw_view(chosen, seed, epoch, name)
    assert view(FRAME).shape == FRAME.shape
    np.testing.assert_array_equal(view(FRAME), view(FRAME.copy()))
    top, left, height, width = view.box
    assert top >= 0
    assert left >= 0
    assert top + height <= 1 + 1e-9
    assert left + width <= 1 + 1e-9


@quick
@given(kinds, st.integers(0, 1000))
def test_one_kind_does_not_depend_on_which_others_are_asked_for(chosen, epoch):
    view, full = draw_view(chosen, 0, epoch, "s"), draw_view(ALL, 0, epoch, "s")
    none = View()
    assert view.box == (full if "crop" in chosen else none).box
    assert view.mirrored == ("mirror" in chosen and full.mirrored)
    assert view.contrast == (full if "colour" in chosen else none).contrast


def test_nothing_asked_for_leaves_a_frame_as_it_is():
    np.testing.assert_array_equal(draw_view((), 0, 0, "s")(FRAME), FRAME)


def test_views_differ_from_epoch_to_epoch_and_from_sequence_to_sequence():
    views = {draw_view(ALL, 0, epoch, name) for epoch in range(20) for name in ("a", "b")}
    assert len(views) == 40


def test_every_other_sequence_is_mirrored():
    counts = Counter(draw_view(("mirror",), 0, epoch, "s").mirrored for epoch in range(400))
    assert counts[True] == pytest.approx(200, abs=50)


def test_a_mirror_exchanges_left_and_right_only():
    np.testing.assert_array_equal(View(mirrored=True)(FRAME), FRAME[:, ::-1])


def test_a_crop_shows_a_part_at_full_size():
    halves = np.zeros((20, 32, 3), np.uint8)
    halves[:, 16:] = 200
    shown = View(box=(0.25, 0.5, 0.5, 0.5))(halves)
    assert (shown == 200).all()


def test_colours_change_as_they_are_called():
    grey = np.full((4, 4, 3), 128, np.uint8)
    assert (View(contrast=1.2, saturation=0.8)(grey) == 128).all()
    assert (View(brightness=0.5)(grey) == 64).all()
    red = np.zeros((4, 4, 3), np.uint8) + np.array([200, 40, 40], np.uint8)
    assert np.ptp(View(saturation=0.0)(red)[0, 0]) == 0
    bright = View(brightness=2.0)(red)
    assert bright[0, 0].tolist() == [255, 80, 80]
