"""Arrays as video_features writes them, several files for a video.

v_abc_resnet.npy           <number>[steps, features]; another word for each kind of features
v_abc_rgb.npy, v_abc_flow.npy                         of two streams
v_abc_timestamps_ms.npy    <float>[steps]             times in the video; not for every kind
v_abc_fps.npy              a number                   frames per second of the video; unused
"""

from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

from preprocessing.errors import InputError, OptionError
from preprocessing.files.folders import files_below
from preprocessing.files.inputs import find_sources
from preprocessing.importing.feature_files import Selection, Table
from preprocessing.importing.feature_files.arrays import table_of
from preprocessing.importing.feature_files.npy import open_array
from preprocessing.importing.layouts.base import Recording, broken

TIMES, FPS = "timestamps_ms", "fps"
UNIT = "ms"
KIND = "npy"


def is_layout(path: Path) -> bool:
    """Returns True if a folder has this layout."""
    files = files_below(path, {".npy"}, lambda error: None) if path.is_dir() else ()
    return any(file.stem.endswith((f"_{TIMES}", f"_{FPS}")) for file in files)


def recordings(
    inputs: Iterable[Path], selection: Selection, streams: Collection[str]
) -> list[Recording]:
    """Finds all videos.

    Args:
        inputs: folders, or files.
        selection: the columns to take; a column is called ``rgb:0``.
        streams: kinds of features that are joined, column by column; empty for the only one.

    Raises:
        InputError: there are none.
    """
    videos: dict[str, dict[str, Path]] = {}
    unusable = []
    for source in find_sources(inputs, {".npy"}, "feature files"):
        if source.problem:
            unusable.append(broken(source.sequence_id, source.path, InputError(source.problem)))
            continue
        video, what = _split(source.sequence_id)
        videos.setdefault(video, {})[what] = source.path
    found = [_recording(video, named, selection, streams) for video, named in videos.items()]
    return [*found, *unusable]


def _split(name: str) -> tuple[str, str]:
    """Returns the video's id and the word for the kind of features in a file."""
    if name.endswith(f"_{TIMES}"):
        return name.removesuffix(f"_{TIMES}"), TIMES
    video, _, what = name.rpartition("_")
    return (video, what) if video else (name, "")


def _recording(
    video: str, named: dict[str, Path], selection: Selection, streams: Collection[str]
) -> Recording:
    kinds = [what for what in named if what not in (TIMES, FPS)]
    first = named[kinds[0]] if kinds else next(iter(named.values()))
    try:
        chosen = {kind: named[kind] for kind in _choose(first, kinds, streams)}
    except InputError as error:
        return broken(video, first, error)
    times = named.get(TIMES)
    files = (*chosen.values(), *([times] if times else []))
    opened = partial(_open, chosen, times, selection)
    return Recording(video, files, KIND, opened, " ".join([*chosen, TIMES if times else ""]))


def _choose(path: Path, kinds: list[str], streams: Collection[str]) -> Collection[str]:
    if not kinds or "" in kinds:
        raise InputError(f"{path} is not named VIDEO_FEATURES.npy; rename it or take it away")
    if missing := [stream for stream in streams if stream not in kinds]:
        raise OptionError(
            f"{path}: there are no {missing[0]!r} features of this video; it has {', '.join(kinds)}"
        )
    if not streams and len(kinds) > 1:
        raise OptionError(
            f"{path}: this video has features {', '.join(kinds)}; choose with --streams, several "
            "to join them"
        )
    return streams or kinds


def _open(chosen: dict[str, Path], times: Path | None, selection: Selection) -> Table:
    arrays = {f"{kind}:": open_array(path) for kind, path in chosen.items()}
    return table_of(arrays, selection, open_array(times) if times else None)
