"""Files that a review writes beside its page: a table of stretches, and a label file of answers."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from preprocessing.files.whole_file import whole_file
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.labels.formats.writers.files import write_annotated
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.labels.formats.writing import Annotated
from preprocessing.labels.stored_videos import stored_video
from preprocessing.labels.stretches import stretches
from trainer.review.shown import Window
from trainer.review.sources import Sources
from trainer.review.stretch import Stretch

TABLE, ANSWERS = "review.csv", "answers"
FIELDS = ("rank", "sequence", "start", "end", "why", "score", "label", "answer")
DIGITS = 9


def write_table(path: Path, chosen: Sequence[Stretch]) -> None:
    """Writes ``rank,sequence,start,end,why,score,label,answer``, a stretch a line.

    Args:
        path: the CSV file.
        chosen: the most worthwhile first.
    """
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for rank, one in enumerate(chosen, start=1):
            times = (round(one.start, DIGITS), round(one.end, DIGITS))
            score = round(one.score, 4)
            writer.writerow((rank, one.sequence, *times, one.why, score, one.label, one.answer))


def answers_name(name: WriterName) -> str:
    """Returns the name of the file of answers; of the folder, where a format has several files.

    Args:
        name: the format.
    """
    writer = WRITERS[name]
    return f"{ANSWERS}{writer.suffix}" if writer.shape == "file" else ANSWERS


def write_answers(
    path: Path, name: WriterName, sources: Sources, windows: Sequence[Window]
) -> list[str]:
    """Writes the answers within the stretches as a label file, and returns remarks.

    Args:
        path: the file, or the folder if the format wants several files.
        name: the format.
        sources: has the store.
        windows: the stretches.

    Raises:
        InputError: the format cannot hold them.
    """
    said: dict[str, list[Annotation]] = defaultdict(list)
    infos = {window.info.sequence_id: window.info for window in windows}
    for window in sorted(windows, key=lambda window: window.stretch.start):
        said[window.stretch.sequence] += _annotations(window, sources.run.facts.classes)
    videos = tuple(stored_video(sources.store, infos[name]) for name in sorted(infos))
    content = Annotated(videos, said, tuple(sources.run.facts.classes), path.stem)
    return write_annotated(WRITERS[name], path, content)


def _annotations(window: Window, classes: Sequence[str]) -> list[Annotation]:
    """Returns the answers within a stretch."""
    inside = window.inside
    said, sure = window.said[inside], window.sure[inside]
    edges = window.edges[inside.start : inside.stop + 1].tolist()
    return [
        Annotation(
            window.stretch.sequence,
            edges[start],
            edges[stop],
            classes[label],
            confidence=float(sure[start:stop].mean()),
        )
        for label, start, stop in zip(*stretches(said), strict=True)
    ]
