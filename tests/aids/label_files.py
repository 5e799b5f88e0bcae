"""Label files of annotation tools, written for tests, and what is read of them."""

from pathlib import Path

from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Reading
from preprocessing.labels.formats.registry import format_of


def read_as(path: Path, name: str) -> Reading:
    """Reads a file whose content must tell that it is of a format.

    Args:
        path: the file.
        name: of the format.
    """
    found = format_of(path, LabelChoices())
    assert found is not None
    assert found.name == name
    return found.read(path, LabelChoices())


def written(path: Path, content: str | bytes) -> Path:
    """Writes a file, and returns its path.

    Args:
        path: the file.
        content: text, in UTF-8, or bytes.
    """
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(annotations: list[Annotation]) -> list[tuple[str, float, float | None, str]]:
    """Returns media, beginning, end and label of annotations, with times to a millisecond.

    Args:
        annotations: of any reading.
    """
    return [
        (one.media, round(one.start, 3), None if one.end is None else round(one.end, 3), one.label)
        for one in annotations
    ]
