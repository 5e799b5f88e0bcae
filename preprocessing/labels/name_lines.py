"""Lines that are names of classes, and lines that are a table or a list and look like that.

0<tab>silence     begins with a number and a mark: a table
80 219 G1         begins with a number, another one each line: a table
Frame<tab>Phase   a header, and so is a first line that is the word for a column
milk              one of 300 names in 300 lines: no classes, of which each shows in many lines
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from preprocessing.errors import shorten
from preprocessing.files.numerals import is_number

# A number at the beginning, and what is between it and the rest.
NUMBERED = re.compile(r"([-+]?\d{1,30}(?:\.\d{0,30})?)(\s*[\t,;|]|\s+)(?=\S)")
MARKS = re.compile(r"[\t,;|]")
# From so many lines on, a class shows in ten lines at least, on average.
LINES = 100
LINES_A_CLASS = 10
# Of so many of the first lines most tell what all are.
LOOKED_AT = 1000
MOST = 0.9
FEW = 3
SHOWN = 40
# Names of columns; a class may be called so as well, but not in the first line only.
COLUMNS = {
    *("frame", "frames", "time", "timestamp", "start", "begin", "end", "stop", "duration", "onset"),
    *("label", "labels", "class", "classes", "phase", "phases", "step", "gesture", "behavior"),
    *("behaviour", "behaviors", "behaviours", "action", "activity", "event", "category", "tool"),
    *("sequence", "video", "file", "filename", "subject", "annotation"),
}


def why_no_names(lines: Sequence[str], many: bool) -> str:
    """Returns why lines are no names of classes, in words that go on from "it is"; empty if none.

    Args:
        lines: the lines of a file, without spaces around them.
        many: whether a line may hold several names, with commas between them.
    """
    said = [line for line in lines[:LOOKED_AT] if line]
    if not said:
        return ""
    if _is_header(said[0], said[1:], many):
        return f"a table: its first line, {shown(said[0])}, is a header"
    if _is_numbered(said, many):
        return f"a table: lines begin with numbers, such as {shown(said[-1])}"
    return ""


def why_no_classes(names: Collection[str], lines: int) -> str:
    """Returns why names are too many for classes, in words that go on from "it is"; or nothing.

    Args:
        names: all that occur.
        lines: how many lines show them.
    """
    if lines <= LINES or len(names) * LINES_A_CLASS <= lines:
        return ""
    return (
        f"no list of classes: {len(names):,} names in {lines:,} lines, such as "
        f"{shown(next(iter(sorted(names)[-1:]), ''))}"
    )


def names_of(lines: Iterable[str], many: bool) -> set[str]:
    """Returns the names that lines show.

    Args:
        lines: lines of names.
        many: whether a line may hold several, with commas between them.
    """
    different = set(lines)
    if many:
        different = {name.strip() for line in different for name in line.split(",")}
    return different - {""}


def shown(line: str) -> str:
    """Returns a line for a message: in one line, short, and with its marks to be seen.

    Args:
        line: any text.
    """
    return ascii(shorten(line, SHOWN)) if not line.isprintable() else repr(shorten(line, SHOWN))


def _is_header(first: str, others: Sequence[str], many: bool) -> bool:
    fields = [field.strip().strip("\"'#").lower() for field in MARKS.split(first)]
    elsewhere = {name.lower() for name in names_of(others, many)}
    if len(fields) == 1 or (many and not re.search(r"[\t;|]", first)):
        # A line with commas is a set of names, if others show the same ones too.
        return fields[0] in COLUMNS and bool(others) and fields[0] not in elsewhere
    return any(word in COLUMNS for field in fields for word in re.findall(r"\w+", field))


def _is_numbered(lines: Sequence[str], many: bool) -> bool:
    """Returns whether most lines begin with a number that is a time, and no part of a name."""
    found = [match for line in lines if (match := NUMBERED.match(line))]
    if len(found) < MOST * len(lines):
        return False
    marks = Counter(match[2].strip(" ") for match in found)
    mark, count = marks.most_common(1)[0]
    if count < MOST * len(lines):
        return False
    if mark == "," and many and all(_is_set(line) for line in lines):
        return False
    if mark:
        return True
    return len(lines) >= FEW and len({match[1] for match in found}) == len(lines)


def _is_set(line: str) -> bool:
    """Returns whether a line may be a set of classes that are called by numbers, such as 1,3."""
    parts = [part.strip() for part in line.split(",")]
    return len(set(parts)) == len(parts) and all(
        part.isdigit() and len(part) < FEW for part in parts if is_number(part) or not part
    )
