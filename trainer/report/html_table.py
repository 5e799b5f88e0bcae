"""Small tables for notebooks, of names that may come from strangers."""

from collections.abc import Iterable, Sequence
from html import escape

from preprocessing.terminal.streams import printable


def html_table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), title: str = "") -> str:
    """Returns a table, whose cells are shown as they are: none of them becomes an element.

    Args:
        rows: the cells of each row, the first of which says what the others are.
        head: names of the columns; none for a table without.
        title: stands above it.

    Examples:
        >>> html_table([["<b>", "1"]]).removeprefix("<table><tbody><tr>")
        '<th style="text-align:left">&lt;b&gt;</th><td>1</td></tr></tbody></table>'
    """
    caption = f"<caption>{_text(title)}</caption>" if title else ""
    above = f"<thead><tr>{''.join(f'<th>{_text(name)}</th>' for name in head)}</tr></thead>"
    return f"<table>{caption}{above * bool(head)}<tbody>{''.join(map(_row, rows))}</tbody></table>"


def _row(cells: Sequence[str]) -> str:
    first, *others = map(_text, cells)
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th style="text-align:left">{first}</th>{rest}</tr>'


def _text(text: str) -> str:
    return escape(printable(text))
