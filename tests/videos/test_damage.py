import pytest

from preprocessing.videos.damage import Damage


def test_a_whole_video_has_nothing_to_say():
    assert not Damage(seconds=10.0).found
    assert str(Damage(seconds=10.0)) == ""
    assert Damage(seconds=10.0).share == 1


@pytest.mark.parametrize(
    "damage",
    [
        Damage(errors=1, seconds=10),
        Damage(corrupt_frames=1, seconds=10),
        Damage(displaced_frames=1, seconds=10),
        Damage(unfinished_frames=1, seconds=10),
        Damage(lost_seconds=1.1, seconds=1000),
        Damage(lost_seconds=0.6, seconds=10),
    ],
)
def test_anything_wrong_is_damage(damage):
    assert damage.found
    assert str(damage)


@pytest.mark.parametrize(("lost", "seconds"), [(0.9, 1000), (0.4, 10), (0.0, 0.0)])
def test_a_header_that_is_a_little_too_long_is_no_damage(lost, seconds):
    assert not Damage(lost_seconds=lost, seconds=seconds).found


def test_the_share_that_decoded_is_what_is_not_lost():
    assert Damage(lost_seconds=2.0, seconds=10.0).share == pytest.approx(0.8)
    assert Damage(lost_seconds=12.0, seconds=10.0).share == 0


def test_damage_is_told_in_one_line():
    damage = Damage(3, 2, 1.25, seconds=50.0, first_error="Invalid data")
    assert str(damage) == (
        "not decodable: 3 packets; corrupt: 2 frames; lost: 1.2 of 50.0 s; "
        "first error: Invalid data"
    )
