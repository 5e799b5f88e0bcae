"""Projects of annotation tools, whose files know their videos."""

from preprocessing.labels.formats.base import Format

# From the most to the least particular: the first that recognises a file has it.
PROJECTS: tuple[Format, ...] = ()
