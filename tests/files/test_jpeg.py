import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preprocessing.files.jpeg import decoded, decoded_all, encoded, shrunken
from preprocessing.files.jpeg_header import most_bytes, require_sound

SIZE = (24, 40)
quick = settings(deadline=None, max_examples=100)


def frame(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth colours, since JPEG is not made for noise."""
    small = np.random.default_rng(seed).integers(60, 180, (3, 5, 3), np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC)


@quick
@given(st.integers(0, 100), st.integers(24, 70), st.integers(24, 70), st.integers(60, 100))
def test_a_frame_comes_back_as_it_was_but_for_the_loss_of_jpeg(seed, height, width, quality):
    given_frame = frame(seed, (height, width))
    again = decoded(encoded(given_frame, quality), (height, width))
    assert again.shape == given_frame.shape
    assert np.abs(again.astype(int) - given_frame).mean() < 16


def test_red_stays_red():
    red = np.full((*SIZE, 3), (220, 30, 10), np.uint8)
    np.testing.assert_allclose(decoded(encoded(red, 95), SIZE), red, atol=4)


def test_several_frames_are_those_that_were_given_in_their_order():
    contents = [encoded(frame(seed), 90) for seed in range(20)]
    for one, content in zip(decoded_all(contents, SIZE), contents, strict=True):
        np.testing.assert_array_equal(one, decoded(content, SIZE))


def test_a_small_one_is_an_eighth():
    assert shrunken(encoded(frame(0), 90), SIZE).shape == (3, 5, 3)


@quick
@given(st.integers(0, 30), st.integers(1, 100))
def test_no_frame_is_longer_than_any_may_be(seed, quality):
    noise = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
    assert len(encoded(noise, quality)) < most_bytes((64, 64))


WHOLE = encoded(frame(1), 90)
progressive = cv2.imencode(".jpg", frame(1), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1))[1].tobytes()
grey = cv2.imencode(".jpg", frame(1)[..., 0])[1].tobytes()
scan = WHOLE.index(b"\xff\xda")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        WHOLE[:-2],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-2] + WHOLE[scan:],
        encoded(frame(1, (24, 48)), 90),
        encoded(frame(1, (4000, 4000)), 90),
        progressive,
        grey,
        cv2.imencode(".png", frame(1))[1].tobytes(),
    ],
)
def test_what_is_no_frame_of_its_size_is_not_decoded(content):
    with pytest.raises(ValueError, match="JPEG"):
        require_sound(content, SIZE)


@quick
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
@example(scan + 5, 0)
def test_damage_gives_a_frame_of_the_right_size_or_an_error(place, value):
    content = WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]
    try:
        assert decoded(content, SIZE).shape == (*SIZE, 3)
    except ValueError as error:
        assert "JPEG" in str(error)  # noqa: PT017 (either is right)


def test_a_turned_photo_is_not_turned():
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    turned = WHOLE[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + WHOLE[2:]
    np.testing.assert_array_equal(decoded(turned, SIZE), decoded(WHOLE, SIZE))
