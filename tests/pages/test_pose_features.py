"""The example that makes features of poses."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pages
import pytest
import workshop

SCRIPT = pages.ROOT / "docs" / "examples" / "pose_features.py"
EXAMPLE = runpy.run_path(str(SCRIPT))


def two_animals(frames: int = 20) -> np.ndarray:
    """Returns coordinates [frames, 2, 3, 2] of two animals with three keypoints."""
    generator = np.random.default_rng(0)
    places = np.array([[[0, 0]], [[50, 9]]])
    return generator.normal(size=(frames, 2, 3, 2)).cumsum(0) + places


@pytest.mark.parametrize(("factor", "moved"), [(1, 300), (2.5, 0), (0.5, -40)])
def test_features_depend_neither_on_the_place_nor_on_the_size(factor: float, moved: float) -> None:
    poses = two_animals()
    found, other = (EXAMPLE["features"](one, 30) for one in (poses, factor * poses + moved))
    # Of each animal 3 keypoints of 2 coordinates, 3 speeds, 3 seen; and the way between them.
    assert found.shape == (20, 2 * (6 + 3 + 3) + 2)
    np.testing.assert_allclose(found, other, rtol=1e-4, atol=1e-4)


def test_what_was_not_seen_is_bridged_and_told() -> None:
    poses = two_animals()
    poses[5:8, 0, 1] = np.nan
    seen = EXAMPLE["features"](poses, 30)[:, 18:24]  # Behind 12 coordinates and 6 speeds.
    assert seen[:, 1].tolist() == [1] * 5 + [0] * 3 + [1] * 12
    poses[:, 0, 1] = np.nan
    with pytest.raises(ValueError, match="never seen: keypoint 1 of animal 0"):
        EXAMPLE["features"](poses, 30)


def test_sleap_and_deeplabcut_are_read_and_others_left_out_with_a_word(tmp_path: Path) -> None:
    poses = tmp_path / "poses"
    workshop.write_pose(poses / "mouseDLC_resnet50_x1.csv", 0)
    with h5py.File(poses / "flies.analysis.h5", "w") as file:
        file["tracks"] = two_animals().transpose(1, 3, 2, 0)
    workshop.write_pose(poses / "mouseDLC_resnet50_x1_filtered.csv", 0)
    workshop.write_rows(poses / "other.csv", [("time", "x"), (0, 1), (1, 2)])
    words = [sys.executable, SCRIPT, poses, tmp_path / "out", "--fps", "30"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "flies: 20 frames, 2 animals, F = 26",
        "    100.0 % of keypoints seen",
    ]
    assert "mouseDLC_resnet50_x1.csv: other animals or keypoints than" in done.stderr
    assert "other.csv: no table of DeepLabCut, which begins with scorer" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"flies.npy"}


def test_of_two_tables_of_one_video_the_second_is_left_out(tmp_path: Path) -> None:
    for name in ("mouseDLC_resnet50_x1", "mouseDLC_resnet50_x1_filtered"):
        workshop.write_pose(tmp_path / "poses" / f"{name}.csv", 0)
    words = [sys.executable, SCRIPT, tmp_path / "poses", tmp_path / "out", "--fps", "30"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert re.fullmatch(r"mouse: 300 frames, 1 animals, F = 8\n    9\d\.\d % .*\n", done.stdout)
    assert "x1_filtered.csv: mouse was made of" in done.stderr
