"""A remark: something that was measured, the flag that answers it, and the page that says more."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

# More would be read by nobody; the first ones are the most important.
MOST = 3


class Remark(NamedTuple):
    """A remark on a training, or on an evaluation.

    Attributes:
        text: what was measured, and the flag that answers it.
        page: the page of the documentation that says more, and the heading there.
    """

    text: str
    page: str

    @property
    def line(self) -> str:
        """The remark as the terminal shows it."""
        return f"  {self.text} ({self.page})"


def first_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """Yields the lines of the first remarks; those that follow are not even made.

    Args:
        remarks: the most important first.
    """
    return (remark.line for remark in islice(remarks, MOST))


def either(flags: Mapping[str, bool]) -> str:
    """Returns the flags that are not in use yet: ``; try --a, --b or --c``; empty for none.

    Args:
        flags: whether each would change anything.
    """
    *most, last = [flag for flag, fits in flags.items() if fits] or [""]
    return f"; try {' or '.join(filter(None, [', '.join(most), last]))}" if last else ""
