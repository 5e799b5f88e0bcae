"""What was made of a video before an interruption is used, and changes no bit of what is made."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from colour_videos import MeanColor, backbone, config, contents, film, videos
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.extraction.begun import Begun, begun_path
from preprocessing.extraction.command import extract
from preprocessing.files.strays import BEGUN_SECONDS, remove_strays
from preprocessing.store.sequence_info import Origin

assert backbone
assert videos
ORIGIN = Origin("v.mp4", "content", "4.0", "test", "0", "{}")
GENERATOR = np.random.default_rng(0)
BATCHES = [
    (np.arange(4.0 * number, 4 * number + 4), GENERATOR.normal(size=(4, 3)).astype("float16"))
    for number in range(3)
]


def keep(folder: Path, batches: list = BATCHES, **other: object) -> Path:
    """A file as an interruption leaves it."""
    with suppress(KeyboardInterrupt), begin(folder, **other) as begun:
        for times, features in batches:
            begun.add(times, features)
        raise KeyboardInterrupt
    return begun_path(folder / "v.h5")


def begin(folder: Path, origin: Origin = ORIGIN, dtype: str = "float16", batch: int = 4) -> Begun:
    return Begun(folder / "v.h5", origin, (1,), 3, dtype, batch)


def taken(folder: Path, **other: object) -> int:
    with suppress(KeyboardInterrupt), begin(folder, **other) as begun:
        for times, features in BATCHES:
            if (found := begun.take(times)) is not None:
                np.testing.assert_array_equal(found, features)
        raise KeyboardInterrupt
    return begun.taken


def test_batches_that_were_kept_are_taken(tmp_path):
    assert taken(tmp_path) == 0
    keep(tmp_path)
    assert taken(tmp_path) == taken(tmp_path) == 12


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_gives_what_was_before_the_damage_or_nothing(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("store")
    path = keep(folder)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[place:]
    path.write_bytes(content)
    assert taken(folder) in (0, 4, 8)
    # What follows is added behind what was good.
    with suppress(KeyboardInterrupt), begin(folder) as begun:
        for times, features in BATCHES:
            if begun.take(times) is None:
                begun.add(times, features)
        raise KeyboardInterrupt
    assert taken(folder) == 12


@pytest.mark.parametrize(
    "other",
    [
        {"batch": 3},
        {"dtype": "float32"},
        {"origin": Origin("v.mp4", "other", "4.0", "test", "0", "{}")},
        {"origin": Origin("v.mp4", "content", "8.0", "test", "0", "{}")},
        {"origin": Origin("v.mp4", "content", "4.0", "test", "1", "{}")},
    ],
    ids=str,
)
def test_what_was_made_otherwise_is_not_taken(tmp_path, other):
    keep(tmp_path)
    assert taken(tmp_path, **other) == 0


def test_other_times_end_what_is_taken(tmp_path):
    keep(tmp_path)
    with begin(tmp_path) as begun:
        assert begun.take(BATCHES[0][0]) is not None
        assert begun.take(BATCHES[1][0] + 1e-9) is None
        assert begun.take(BATCHES[1][0]) is None
    assert begun.taken == 4


@pytest.mark.parametrize(
    ("error", "stays"),
    [(None, False), (InputError, False), (OSError, True), (RuntimeError, True)],
)
def test_it_goes_when_the_work_is_done_or_the_video_is_to_blame(tmp_path, error, stays):
    path = keep(tmp_path)
    with suppress(InputError, OSError, RuntimeError), begin(tmp_path):
        if error:
            raise error
    assert path.exists() == stays


def test_where_it_cannot_be_written_nothing_is_kept_and_nothing_else_happens(tmp_path):
    with begin(tmp_path) as begun:
        begun._file.close()
        begun.add(*BATCHES[0])


def test_it_is_a_stray_once_the_video_is_done_or_it_is_old(tmp_path):
    path = keep(tmp_path)
    assert remove_strays(tmp_path) == 0
    os.utime(path, (0, path.stat().st_mtime - BEGUN_SECONDS - 1))
    assert remove_strays(tmp_path) == 1
    path = keep(tmp_path)
    os.utime(path, (0, path.stat().st_mtime - 10))
    (tmp_path / "v.h5").touch()
    assert remove_strays(tmp_path) == 1
    (tmp_path / "v.h5").touch()
    os.utime(tmp_path / "v.h5", (0, 0))
    keep(tmp_path)
    assert remove_strays(tmp_path) == 0


@pytest.mark.parametrize("fps", ["native", 3.0])
def test_an_interrupted_video_costs_no_batch_twice_and_is_the_same(
    videos, backbone, monkeypatch, capsys, fps
):
    film(videos / "a.mp4", 21)
    options = {"fps": fps, "batch_size": 2}
    extract(config(videos / "a.mp4", store="whole", **options))
    batches = len(backbone.batches)
    backbone.batches.clear()
    describe = MeanColor.__call__

    def stop(self, frames):
        if len(self.batches) == 3:
            raise KeyboardInterrupt
        return describe(self, frames)

    with monkeypatch.context() as patched:
        patched.setattr(MeanColor, "__call__", stop)
        with pytest.raises(KeyboardInterrupt):
            extract(config(videos / "a.mp4", store="store", **options))
    assert contents(videos / "store") == {}
    (result,) = extract(config(videos / "a.mp4", store="store", **options))
    assert "a.mp4: 6 steps made before an interruption are used" in capsys.readouterr().err
    assert len(backbone.batches) == batches
    assert result.frames == result.steps
    whole, again = (videos / name / "a.h5" for name in ("whole", "store"))
    assert again.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in (videos / "store").iterdir()) == ["a.h5"]
