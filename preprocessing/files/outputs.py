"""Names that the user gives for what is written, looked at before any work is done."""

from pathlib import Path

from preprocessing.errors import InputError


def require_folder(option: str, path: Path, gets: str = "") -> None:
    """Checks that a folder is there or can be made.

    Args:
        option: what named it, for messages.
        path: the folder.
        gets: what goes into it, for messages.

    Raises:
        InputError: it, or what it would lie in, is a file.
    """
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            purpose = f", which gets {gets}" if gets else ""
            raise InputError(f"{option} {path}: {place} is a file; expected a folder{purpose}")


def require_file(option: str, path: Path, example: str) -> None:
    """Checks that a file is there or can be made.

    Args:
        option: what named it, for messages.
        path: the file.
        example: a name such as is expected.

    Raises:
        InputError: it is a folder, or what it would lie in is a file.
    """
    if path.is_dir():
        raise InputError(
            f"{option} {path} is a folder; expected the name of a file, such as {path / example}"
        )
    require_folder(f"{option} {path}:", path.parent)
