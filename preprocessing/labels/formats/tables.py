"""Tables, of a row an interval, an event or a frame."""

from preprocessing.labels.formats.base import Format

# From the most to the least particular: the first that recognises a file has it.
TABLES: tuple[Format, ...] = ()
