"""Features of poses: tracks of SLEAP (.analysis.h5) or DeepLabCut (.csv) to an array a video.

    python pose_features.py POSES FEATURES --fps 30

Reads each such file of the folder POSES and writes FEATURES/<video>.npy, <float32>[frames, F]:
for each animal its keypoints seen from its own middle, in units of its own size, how fast each of
them moves, and which of them were seen; for each two animals the way from one to the other. So
features do not depend on where in the picture an animal is, nor on how large it is there. Change
what you like: this is a beginning.
"""

import argparse
import csv
import itertools
import re
import sys
from pathlib import Path

import h5py
import numpy as np

SURE = 0.6  # Keypoints of DeepLabCut that are less likely count as not seen.
COORDINATES = ("x", "y", "likelihood")
MOST_TIMES = 100  # As many frames as rows, at most: of others there are no positions.


def read_sleap(path):
    """Returns coordinates [frames, animals, keypoints, 2], NaN where a keypoint was not seen."""
    with h5py.File(path) as file:
        return np.transpose(file["tracks"], (3, 0, 2, 1))


def read_deeplabcut(path):
    """Returns the same of a table with three lines of names, or four with several animals."""
    with path.open(newline="") as file:
        names = list(itertools.islice(rows := csv.reader(file), 3))
        if len(names) < 3 or names[0][:1] != ["scorer"]:
            raise ValueError("no table of DeepLabCut, which begins with scorer")
        if names[1][:1] == ["individuals"]:
            names.append(next(rows, []))
        rows = [row for row in rows if any(row)]
    if not rows or not all(row[0].isdigit() for row in rows):
        raise ValueError("rows have no numbers of frames: labels of pictures are no tracks")
    values = np.array([[float(cell or "nan") for cell in row[1:]] for row in rows])
    columns = list(zip(*(line[1:] for line in names[1:]), strict=True))
    if len(names) == 3:
        columns = [("animal", *column) for column in columns]
    animals = list(dict.fromkeys(animal for animal, _, _ in columns))
    points = list(dict.fromkeys(point for _, point, _ in columns))
    frames = np.array([int(row[0]) for row in rows])  # They need not begin with 0.
    if frames.max() > MOST_TIMES * len(rows):
        raise ValueError(f"{len(rows)} rows, and the last is of frame {frames.max()}")
    found = np.full((frames.max() + 1, len(animals), len(points), 3), np.nan)
    for number, (animal, point, kind) in enumerate(columns):
        if kind not in COORDINATES:
            raise ValueError(f"a column of {kind!r}; expected {', '.join(COORDINATES)}")
        place = COORDINATES.index(kind)
        found[frames, animals.index(animal), points.index(point), place] = values[:, number]
    return np.where(found[..., 2:] >= SURE, found[..., :2], np.nan)


def filled(track):
    """Returns a coordinate over time [frames] whose gaps are bridged by straight lines."""
    seen = np.flatnonzero(np.isfinite(track))
    return np.interp(np.arange(len(track)), seen, track[seen])


def features(poses, fps):
    """Returns features [frames, F] of coordinates [frames, animals, keypoints, 2].

    Raises:
        ValueError: a keypoint of an animal was never seen, so that nothing can stand for it.
    """
    seen = np.isfinite(poses).all(-1)
    if not seen.any(0).all():
        never = ", ".join(
            f"{point} of animal {animal}" for animal, point in np.argwhere(~seen.any(0))
        )
        raise ValueError(f"never seen: keypoint {never} (from 0); leave it out of all files")
    poses = np.apply_along_axis(filled, 0, poses)
    middles = poses.mean(2, keepdims=True)
    sizes = np.median(np.linalg.norm(poses - middles, axis=-1), axis=(0, 2))
    sizes = np.maximum(sizes, 1e-6)[None, :, None, None]
    speeds = np.gradient(poses, 1 / fps, axis=0) / sizes
    pairs = itertools.combinations(range(poses.shape[1]), 2)
    ways = [(middles[:, b] - middles[:, a])[:, 0] / sizes.mean() for a, b in pairs]
    parts = [(poses - middles) / sizes, np.linalg.norm(speeds, axis=-1), seen, *ways]
    return np.concatenate([part.reshape(len(poses), -1) for part in parts], 1).astype("float32")


def main():
    """Converts a folder."""
    parser = argparse.ArgumentParser(description="features of poses of SLEAP or DeepLabCut")
    parser.add_argument("poses", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("--fps", type=float, required=True, help="frames a second of the videos")
    given = parser.parse_args()
    if not given.poses.is_dir() or given.fps <= 0:
        parser.error(f"expected a folder and frames a second, got {given.poses} and {given.fps}")
    given.features.mkdir(parents=True, exist_ok=True)
    paths = sorted([*given.poses.glob("*.analysis.h5"), *given.poses.glob("*.csv")])
    if not paths:
        parser.error(
            f"{given.poses} holds neither *.analysis.h5 (SLEAP: File, Export Analysis HDF5) nor "
            "*.csv (DeepLabCut: save as CSV); folders below it are not looked into"
        )
    failed, done, shape = 0, {}, None
    for path in paths:
        name = re.sub(r"DLC_.*$|\.analysis$", "", path.stem)
        try:
            if name in done:
                raise ValueError(f"{name} was made of {done[name]} already")
            poses = read_sleap(path) if path.suffix == ".h5" else read_deeplabcut(path)
            array = features(poses, given.fps)
            if shape not in (None, poses.shape[1:]):
                raise ValueError("other animals or keypoints than in the files before it")
        except (ValueError, KeyError, OSError) as error:
            print(f"left out: {path}: {error}", file=sys.stderr)
            failed += 1
            continue
        done[name], shape = path, poses.shape[1:]
        np.save(given.features / f"{name}.npy", array)
        seen = np.isfinite(poses).mean()
        print(f"{name}: {len(array)} frames, {poses.shape[1]} animals, F = {array.shape[1]}")
        print(f"    {100 * seen:.1f} % of keypoints seen")
    sys.exit(3 if failed else 0)


if __name__ == "__main__":
    main()
