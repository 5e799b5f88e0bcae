"""The table of formats that are read and written."""

from collections.abc import Iterator

from preprocessing.labels.formats.registry import FORMATS
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.terminal.table import aligned

# Formats that the registry of readers does not have, since folders and the store are asked first.
OWN = (
    ("names", "a folder of text files, a class name a line"),
    ("labels", "a label a sequence (CSV sequence,label)"),
)
READ, WRITTEN, NOT = "read", "written", "-"


def format_lines() -> list[str]:
    """Returns a line for each format: its name, how it is used, and what it is."""
    return aligned([["format", READ, WRITTEN, "is"], *_rows()], left=4)


def _rows() -> Iterator[list[str]]:
    """Yields name, reading, writing and title of each format; writers that are no readers last."""
    titles = {one.name: one.title for one in FORMATS}
    titles |= {name: title for name, title in OWN if name not in titles}
    for name, title in titles.items():
        yield [name, READ, WRITTEN if name in WRITERS else NOT, title]
    for name, writer in WRITERS.items():
        if name not in titles:
            yield [name, NOT, WRITTEN, writer.title]
