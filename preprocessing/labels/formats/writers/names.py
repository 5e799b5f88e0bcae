"""Text files with a name a line, a line a frame, as ms-tcn and its kin read them."""

from pathlib import Path

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.writers.base import Writer, frame_count, frame_range, rate
from preprocessing.labels.formats.writing import Annotated

BETWEEN = ","


def write(partial: Path, content: Annotated) -> None:
    """Writes the class of each frame; a line without a name where there is no label.

    Where classes overlap, a line has their names with commas between them.

    Args:
        partial: the text file.
        content: one video, and what is said about it, without points.

    Raises:
        InputError: a frame has several names, one of which has a comma.
    """
    (video,) = content.videos
    said, fps = content.of(video), rate(video)
    lines, several = [""] * frame_count(video, said), False
    for one in said:
        first, end = frame_range(one, fps)
        for frame in range(first, end):
            there = lines[frame]
            if not there:
                lines[frame] = one.label
            elif one.label not in (there, *there.split(BETWEEN)):
                lines[frame], several = f"{there}{BETWEEN}{one.label}", True
    if several:
        _require_plain({one.label for one in said})
    partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _require_plain(names: set[str]) -> None:
    """Checks that commas stand only between names, for there are several in a line.

    Raises:
        InputError: a name has one.
    """
    mixed = sorted(name for name in names if BETWEEN in name)
    if mixed:
        raise InputError(
            f"the class {shorten(mixed[0])!r} has a comma, which parts the names of classes that "
            "overlap; rename it, or give --priority so that no classes overlap"
        )


NAMES = Writer(
    *("names", "a name a frame (ms-tcn)", ".txt", write, "files"),
    points=False,
    joins=True,
    framed=True,
    empty=False,
)
