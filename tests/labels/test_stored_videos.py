"""Videos of a store, as annotation tools know them."""

from pathlib import Path

import numpy as np
import pytest

from preprocessing.labels.formats.writing import Video
from preprocessing.labels.stored_videos import stored_video
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path

NTSC = 30000 / 1001


def stored(
    root: Path, times: np.ndarray, backbone: str, frames: tuple[list[int], int] | None
) -> Video:
    """Returns the video of a sequence with steps at some times, which show some frames."""
    origin = Origin("/videos/a.mp4", "", "2", backbone, "", "{}")
    path = sequence_path(root, "a")
    with SequenceWriter(path, 1, origin, start_time=float(times[0])) as writer:
        features = np.zeros((len(times), 1))
        if frames is None:
            writer.append(times, features)
        else:
            writer.source_frames = frames[1]
            writer.append(times, features, np.array(frames[0]))
    store = FeatureStore(root)
    return stored_video(store, store.info("a"))


def test_the_rate_is_that_of_the_video_not_of_the_steps(tmp_path: Path) -> None:
    shown = [0, 15, 30, 45, 60]
    times = np.round(np.array(shown) / NTSC, 3) + 7.0  # As Matroska rounds them.
    video = stored(tmp_path, times, "net", (shown, 75))
    assert video.fps == pytest.approx(NTSC, abs=1e-6)
    assert video.frames == 75
    assert video.path == Path("/videos/a.mp4")
    assert video.seconds == pytest.approx(2.5, abs=0.01)


def test_frames_of_features_are_steps(tmp_path: Path) -> None:
    video = stored(tmp_path, np.arange(9) / 4, "import-npy", None)
    assert (video.path, video.fps, video.seconds) == (None, 4.0, 2.25)


def test_a_store_that_does_not_say_which_frames_it_shows_has_no_rate(tmp_path: Path) -> None:
    assert stored(tmp_path, np.arange(9) / 4, "net", None).fps is None


def test_a_link_leads_from_the_file_to_the_video(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    path = tmp_path / "videos" / "a.mp4"
    assert Video("x", path).link(tmp_path / "out") == path.as_posix()  # It is not there.
    path.touch()
    assert Video("x", path).link(tmp_path / "out" / "deep") == "../../videos/a.mp4"
    assert Video("x", path).link(tmp_path / "videos") == "a.mp4"
    assert Video("day/x").link(tmp_path) == "day/x"
