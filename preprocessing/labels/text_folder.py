"""A folder of text files: a name of a class a line, a file a sequence."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.files.folders import files_below
from preprocessing.files.text_files import read_lines
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.formats.suggestion import suggested
from preprocessing.labels.label_files import texts_of
from preprocessing.labels.name_lines import names_of, why_no_classes, why_no_names


def read_texts(options: LabelOptions) -> Iterator[tuple[str, list[str]]]:
    """Yields (sequence id, lines) of each text file in a folder, walked recursively.

    Raises:
        InputError: a file is empty, or a table, or all together are no list of classes.
    """
    many = options.task == "multilabel"
    total, names, path = 0, set[str](), options.path
    for path in texts_of(options.path):
        lines = [sys.intern(line) for line in read_lines(path, "labels")]
        # Lines without a name say nothing, unless they say that none of the classes is there.
        if not path.stat().st_size or (options.task != "multilabel" and not any(lines)):
            raise InputError(f"{path} is empty; expected a class name a line")
        if why := why_no_names(lines, many):
            raise InputError(f"{path} is {why}; expected a class name a line, or {suggested(path)}")
        total += len(lines)
        names.update(names_of(lines, many))
        yield path.relative_to(options.path).with_suffix("").as_posix(), lines
    if why := why_no_classes(names, total):
        raise InputError(
            f"{options.path} is {why}; expected a class name a line, or {suggested(path)}"
        )


def require_texts(folder: Path) -> None:
    """Checks that there are text files in a folder of labels.

    Raises:
        InputError: there are none; what there is instead is named.
    """
    if texts_of(folder):
        return
    found = Counter(path.suffix or "without a suffix" for path in files_below(folder))
    kinds = found.most_common(3)
    shown = ", ".join(f"{counted(count, 'file')} {suffix}" for suffix, count in kinds)
    raise InputError(
        f"{folder}: looked for <sequence>.txt, a class name a line, or files in formats "
        f"that `longtake labels --formats` lists, and found {shown or 'nothing'}; intervals of all "
        "sequences go into one CSV file, which is given by its name"
    )
