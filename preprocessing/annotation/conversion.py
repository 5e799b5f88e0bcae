"""Labels written in the format of another program."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from preprocessing.annotation.options import LabelsConfig
from preprocessing.annotation.said import Said, all_said
from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.outputs import require_file, require_folder
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.files import write_annotated
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.labels.formats.writing import Annotated, Video
from preprocessing.labels.overlaps import first_of
from preprocessing.labels.stored_videos import stored_video
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note, say


def convert(config: LabelsConfig, name: str, out: Path) -> None:
    """Writes labels in another format.

    Args:
        config: the options of the command.
        name: the format.
        out: the file, or the folder, that is written.

    Raises:
        InputError: the labels cannot be read or written so, or there is something at ``out``.
    """
    writer = WRITERS[name]
    require_new(writer, out)
    store = FeatureStore(config.store) if config.store else None
    said = all_said(config.label_options, store)
    _require_ended(said)
    _leave_out_early(said)
    if config.priority:
        said.by_sequence = {
            sequence_id: _first(several, config.priority)
            for sequence_id, several in said.by_sequence.items()
        }
    videos = tuple(
        _video(config, said, sequence_id, store) for sequence_id in sorted(said.by_sequence)
    )
    content = Annotated(videos, said.by_sequence, said.classes, out.stem)
    for remark in write_annotated(writer, out, content):
        note(remark)
    written = sum(writer.points or one.end is not None for one in said.all)
    labels = counted(written, "label")
    say(f"{labels} of {counted(len(videos), 'sequence')} written to {out} ({writer.title})")


def require_new(writer: Writer, out: Path) -> None:
    """Checks that there is nothing where labels are to be written.

    Args:
        writer: the format.
        out: the file, or the folder.

    Raises:
        InputError: there is something; or it lies in a file.
    """
    if writer.shape == "file":
        require_file("--out", out, f"labels{writer.suffix}")
    else:
        require_folder("--out", out, writer.title)
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InputError(f"--out {out} is there already; give another --out, or move it away")


def _require_ended(said: Said) -> None:
    """Checks that all states have ends.

    Raises:
        InputError: one has none.
    """
    for one in said.all:
        if one.end == OPEN:
            raise InputError(
                f"{shorten(one.label)!r} of {shorten(one.media)} begins at {one.start:.6g} s and "
                "is never ended; end it where it ends, or take it out"
            )


def _leave_out_early(said: Said) -> None:
    """Leaves out, in place, what lies before the beginning of a video, with a note."""
    before = len(said.all)
    for sequence_id, several in said.by_sequence.items():
        said.by_sequence[sequence_id] = [
            one._replace(start=max(one.start, 0.0))
            for one in several
            if (one.start >= 0 if one.end is None else one.end > 0)
        ]
    if left := before - len(said.all):
        note(f"{counted(left, 'label')} before the beginning of the video: left out")


def _first(several: list[Annotation], priority: tuple[str, ...]) -> list[Annotation]:
    """Returns what is left where of classes that overlap the first wins; points are left alone.

    Args:
        several: of one sequence.
        priority: names of classes.
    """
    points = [one for one in several if one.end is None]
    rows = [(one.start, one.end, one.label) for one in several if one.end is not None]
    media = several[0].media if several else ""
    kept = [Annotation(media, *row) for row in first_of(rows, priority)]
    return sorted([*kept, *points], key=lambda one: one.start)


def _video(config: LabelsConfig, said: Said, sequence_id: str, store: FeatureStore | None) -> Video:
    """Returns the video of a sequence: the store's, or the one that label files name."""
    named = _named(config.labels, said.media, sequence_id)
    fps = said.fps.get(sequence_id, config.label_fps)
    if store is None or sequence_id not in store:
        return Video(sequence_id, named, fps=fps)
    video = stored_video(store, store.info(sequence_id))
    if video.path is None or (named and os.path.exists(named) and not video.path.exists()):
        video = replace(video, path=named)
    return replace(video, fps=config.label_fps, frames=None) if config.label_fps else video


def _named(labels: tuple[Path, ...], media: Mapping[str, str], sequence_id: str) -> Path | None:
    """Returns the video that label files name: beside one of them, if it is there."""
    written = media.get(sequence_id)
    if not written or written == sequence_id or "://" in written or "\0" in written:
        return None
    path = Path(written.replace("\\", "/"))
    for folder in (one if one.is_dir() else one.parent for one in labels):
        if os.path.isfile(beside := folder / path):  # False also for names that no file can have.
            return beside
    return path
