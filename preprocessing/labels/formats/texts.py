"""Lines of text, subtitles, and the JSON of data sets."""

from preprocessing.labels.formats.base import Format

# From the most to the least particular: the first that recognises a file has it.
TEXTS: tuple[Format, ...] = ()
