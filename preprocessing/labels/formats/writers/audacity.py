"""Label tracks of Audacity: a line a label, seconds, nothing but its name."""

from pathlib import Path

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writing import Annotated


def write(path: Path, content: Annotated) -> None:
    """Writes ``start<TAB>end<TAB>label`` lines; a point ends where it begins.

    Args:
        path: the text file.
        content: one video, and what is said about it.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for video in content.videos:
            for one in content.of(video):
                end = one.start if one.end is None else one.end
                file.write(f"{one.start:.6f}\t{end:.6f}\t{one.label}\n")


AUDACITY = Writer("audacity", "Audacity label tracks", ".txt", write, "files", empty=False)
