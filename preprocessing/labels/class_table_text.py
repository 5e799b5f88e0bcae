"""The table of classes and parts as lines of text, 80 letters wide."""

from collections.abc import Iterator, Sequence

import numpy as np

from preprocessing.labels.class_table import ClassTable, PartCounts

WIDTH = 80
GAP = "  "
SHORTEST_NAME = 12
COLUMNS = 3
Row = Sequence[str]


def table_lines(table: ClassTable, background: bool, most: int | None = None) -> list[str]:
    """Returns a line for each class, those that are shown longest first.

    Args:
        table: the counts.
        background: whether time without a label counts as a class.
        most: how many classes have a line; None for all.
    """
    parts = list(table.parts.values())
    order = np.argsort(-table.total.class_seconds, kind="stable").tolist()
    rows = [
        [table.classes[row], *(cell for part in parts for cell in _class_cells(part, row))]
        for row in order[:most]
    ]
    more = len(order) - len(rows)
    rest = list(_rest(parts, background))
    widths = _widths([*rows, *rest], list(table.parts))
    lines = ["seconds, stretches and sequences of each class:", _header(table, widths)]
    lines += [_line(row, widths) for row in rows]
    if more:
        lines.append(f"... and {more:,} more")
    return lines + [_line(row, widths) for row in rest]


def _class_cells(part: PartCounts, row: int) -> Row:
    sequences = int(part.class_sequences[row])
    if not sequences:
        return "-", "-", "-"
    seconds = _number(float(part.class_seconds[row])) if part.seconds else "?"
    return seconds, _number(int(part.stretches[row])), _number(sequences)


def _rest(parts: Sequence[PartCounts], background: bool) -> Iterator[Row]:
    """Yields the rows of time that shows no class, and of all time."""
    names = {"none": "(none of them)", "ignored": "(ignored)", "unlabelled": "(no label)"}
    if background:
        names["unlabelled"] = "(no label: background)"
    for of, name in names.items():
        seconds = [getattr(part, of) for part in parts]
        if any(_number(value) != "0" for value in seconds):
            yield [name, *(cell for value in seconds for cell in (_number(value), "", ""))]
    cells = [(_number(part.seconds), "", _number(part.sequences)) for part in parts]
    yield ["(all)", *(cell for three in cells for cell in three)]


def _widths(rows: Sequence[Row], parts: Sequence[str]) -> list[int]:
    """Returns the width of each column; the first has the names, as far as there is room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for part, block in zip(parts, _blocks(widths), strict=True):
        widths[block] += max(len(part) - _block_width(widths, block), 0)
    room = WIDTH - sum(widths[1:]) - len(GAP) * (len(widths) - 1)
    return [min(widths[0], max(room, SHORTEST_NAME)), *widths[1:]]


def _header(table: ClassTable, widths: Sequence[int]) -> str:
    cells = [
        part.rjust(_block_width(widths, block))
        for part, block in zip(table.parts, _blocks(widths), strict=True)
    ]
    return GAP.join([" " * widths[0], *cells])


def _blocks(widths: Sequence[int]) -> range:
    """Returns the first column of each part."""
    return range(1, len(widths), COLUMNS)


def _block_width(widths: Sequence[int], first: int) -> int:
    return sum(widths[first : first + COLUMNS]) + (COLUMNS - 1) * len(GAP)


def _line(row: Row, widths: Sequence[int]) -> str:
    name = row[0] if len(row[0]) <= widths[0] else f"{row[0][: widths[0] - 3]}..."
    cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return GAP.join([name.ljust(widths[0]), *cells]).rstrip()


def _number(value: float) -> str:
    """Returns a number in at most five digits: 0.4, 12, 12345, 123k, 12M."""
    if value >= 1e8:
        return f"{value / 1e6:.0f}M"
    if value >= 1e5:
        return f"{value / 1e3:.0f}k"
    return f"{value:.1f}".rstrip("0").rstrip(".") if 0.05 <= value < 10 else f"{value:.0f}"
