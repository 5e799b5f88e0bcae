"""Videos with the answers drawn into them: ``predict --overlay``."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import av

from preprocessing.errors import InputError
from preprocessing.files.failures import FailureLog
from preprocessing.files.inputs import find_sources
from preprocessing.files.strays import remove_strays
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note, progress
from preprocessing.videos.pictures import shown_size
from preprocessing.videos.reader import SUFFIXES, VideoReader, expected_samples
from trainer.overlay.answers import TimedAnswers
from trainer.overlay.drawing import Drawing
from trainer.overlay.file import overlay_file
from trainer.predictions.reader import Answers, open_answers

SUFFIX = ".mp4"
# Lines that a picture has at least, so that letters on it can be read.
FEWEST_LINES = 240
LONGEST_SIDE = 4096


def require_apart(folder: Path, inputs: Iterable[Path]) -> None:
    """Checks that overlays neither replace the videos of which they are made nor join them.

    Args:
        folder: the folder of the overlays.
        inputs: videos, and folders of them.

    Raises:
        InputError: an overlay would be one of the videos, or lie in a folder of them.
    """
    inputs, place = list(inputs), folder.resolve()
    for path in inputs:
        if path.is_dir() and place.is_relative_to(path.resolve()):
            raise InputError(
                f"{folder} lies in {path}, so the next run would take overlays for videos; give "
                "--out a folder outside the videos"
            )
    sources = find_sources(inputs, SUFFIXES, "videos")
    taken = {_identity(source.path): source.path for source in sources if source.path.exists()}
    for out in (folder / f"{source.sequence_id}{SUFFIX}" for source in sources):
        if out.exists() and (video := taken.get(_identity(out))):
            raise InputError(
                f"the overlay {out} would replace the video {video}; give --out a folder outside "
                "the videos"
            )


def draw_overlays(
    folder: Path, videos: Mapping[str, Path], infos: Mapping[str, SequenceInfo], predictions: Path,
    once: bool,
) -> list[str]:  # fmt: skip
    """Writes ``folder/<sequence_id>.mp4`` for each video.

    Args:
        folder: the folder of the overlays.
        videos: the videos by sequence id.
        infos: the sequences.
        predictions: their ``predictions.h5``.
        once: True if there is one answer per sequence.

    Returns:
        Why some could not be drawn, a line each; ``folder/failures.csv`` has them, too.
    """
    remove_strays(folder)
    failures, reasons = FailureLog(folder, videos.values()), []
    total = sum(expected_samples(path, None) for path in videos.values())
    with (
        open_answers(predictions) as answers,
        progress(total=total, unit="frame", desc="overlay") as bar,
    ):
        for sequence_id, path in videos.items():
            timed = TimedAnswers(answers, sequence_id, once)
            out = folder / f"{sequence_id}{SUFFIX}"
            try:
                draw_overlay(out, path, infos[sequence_id], answers, timed, bar.update)
            except (InputError, OSError, av.error.FFmpegError) as error:
                failures.add(path, getattr(error, "kind", type(error).__name__), str(error))
                reasons.append(f"no overlay of {path}: {error}")
                note(f"failed: {reasons[-1]}")
    return reasons


def draw_overlay(
    out: Path,
    video: Path,
    info: SequenceInfo,
    answers: Answers,
    timed: TimedAnswers,
    advance: Callable[[int], object],
) -> None:
    """Writes one video, frame by frame; it has its name only when it is whole.

    Args:
        out: the new file.
        video: the video.
        info: its sequence.
        answers: the opened file of predictions.
        timed: the answers to the sequence.
        advance: called with the number of frames each time some were written.

    Raises:
        VideoError: the video cannot be decoded.
        OSError: the new file cannot be written.
    """
    size = drawn_size(*shown_size(video))
    span = (info.first, max(info.last, info.start_time + info.end))
    named = None
    if answers.decoded:
        named = TimedAnswers(answers, info.sequence_id, decoded=True)
    drawing = Drawing(answers.task, answers.classes, timed, size, span, named)
    with VideoReader(video, None, [size]) as reader:
        fps = expected_samples(video, None) / (reader.duration or 1.0)
        with overlay_file(out, size, fps, video, reader.start_time) as file:
            for sample in reader:
                (pixels,) = sample.pixels
                drawing.draw(pixels, sample.timestamp)
                file.add(pixels, sample.timestamp)
                advance(1)


def drawn_size(height: int, width: int) -> tuple[int, int]:
    """Returns height and width of an overlay's frames: even, and large enough to be read.

    Args:
        height: height of the video's frames.
        width: width of the video's frames.
    """
    larger = max(1.0, min(FEWEST_LINES / height, LONGEST_SIDE / max(height, width)))
    smaller = min(1.0, LONGEST_SIDE / max(height, width))
    even = (max(2, round(side * larger * smaller / 2) * 2) for side in (height, width))
    return next(even), next(even)


def _identity(path: Path) -> tuple[int, int]:
    """Returns numbers that are the same for all names of a file."""
    known = path.stat()
    return known.st_dev, known.st_ino
