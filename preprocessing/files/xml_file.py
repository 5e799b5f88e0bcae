"""XML files of strangers: no entities of their own, no other files, and bounded memory.

Entities are how a file of a kilobyte becomes one of gigabytes, and how a file asks for others.
No annotation tool writes any, so a file that declares one is refused before it is used.
"""

from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from preprocessing.errors import InputError, shorten
from preprocessing.files.encoding import encoding_of
from preprocessing.files.ordinary import require_ordinary

MOST_BYTES = 1 << 27
# An hour of words, each with a time before and after it, makes some 50,000.
MOST_ELEMENTS = 1_000_000
MOST_DEPTH = 100
# Of one name, or one value of an attribute.
MOST_PENDING = 1 << 22
READ_BYTES = 1 << 16
# What expat calls the encodings in which a letter has two bytes.
WIDE = {"utf-16": "UTF-16", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}


def read_xml(path: Path, what: str) -> Element:
    """Returns the outermost element of an XML file, with names that have no namespace.

    Args:
        path: the file.
        what: what it holds, for messages.

    Raises:
        InputError: it cannot be read, is no XML, declares entities, or is far too large.
    """
    tree = _BoundedTree(f"cannot read {what} from {path}")
    try:
        require_ordinary(path)
        with path.open("rb") as file:
            block = file.read(READ_BYTES)
            if wide := _wide(block):
                tree.expect(wide)
            while block:
                tree.feed(block, final=False)
                block = file.read(READ_BYTES)
        return tree.close()
    except OSError as error:
        raise InputError(f"{tree.trouble}: {error.strerror or error}") from None


def child_text(element: Element, name: str) -> str:
    """Returns the text of the first child of that name, without spaces around it.

    Args:
        element: any element.
        name: the name of a child, which need not be there.
    """
    return (element.findtext(name) or "").strip()


def _wide(head: bytes) -> str:
    """Returns the encoding of a text in UTF-16; empty if it is none.

    Editors that save a file anew in it leave the declaration, which says UTF-8 then.
    """
    return WIDE.get(encoding_of(head, False) or "", "")


class _BoundedTree:
    """A tree that is built piece by piece, as long as it is small and declares nothing.

    Args:
        trouble: the beginning of messages.

    Attributes:
        trouble: the argument.
    """

    def __init__(self, trouble: str):
        self.trouble = trouble
        self._builder = TreeBuilder()
        self._bytes = self._elements = self._depth = 0
        self.expect(None)

    def expect(self, encoding: str | None) -> None:
        """Begins to parse, in the encoding that the file declares, or in one that goes before it.

        Args:
            encoding: a name that expat knows; None for what the file declares.
        """
        self._parser = expat.ParserCreate(encoding)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._builder.data
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, block: bytes, final: bool) -> None:
        """Takes the next piece of the file.

        Args:
            block: its bytes.
            final: whether it is the last.

        Raises:
            InputError: it is no XML, declares entities, or is too much.
        """
        self._bytes += len(block)
        if self._bytes > MOST_BYTES:
            raise InputError(f"{self.trouble}: it is longer than {MOST_BYTES:,} bytes")
        try:
            self._parser.Parse(block, final)
            # What is not at its end is looked at again with each piece.
            if self._bytes - self._parser.CurrentByteIndex > MOST_PENDING:
                raise InputError(
                    f"{self.trouble}: line {self._parser.CurrentLineNumber}: a name or a value of "
                    f"more than {MOST_PENDING:,} bytes"
                )
        except expat.ExpatError as error:
            raise InputError(
                f"{self.trouble}: {shorten(str(error))}; expected whole XML, save it again in the "
                "program that wrote it"
            ) from None
        except InputError:
            # Of what is refused on the way; it is a ValueError.
            raise
        except (ValueError, LookupError) as error:
            # Of an encoding that Python does not know, or that has several bytes a letter.
            raise InputError(f"{self.trouble}: {shorten(str(error))}") from None

    def close(self) -> Element:
        """Returns the tree once the file is over."""
        self.feed(b"", final=True)
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MOST_ELEMENTS or self._depth > MOST_DEPTH:
            raise InputError(
                f"{self.trouble}: line {self._parser.CurrentLineNumber}: more than "
                f"{MOST_ELEMENTS:,} elements, or more than {MOST_DEPTH} within one another"
            )
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        self._builder.start(name.rpartition(":")[2], plain)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(name.rpartition(":")[2])

    def _refuse(self, name: str, *declared: object) -> None:
        raise InputError(
            f"{self.trouble}: line {self._parser.CurrentLineNumber}: it declares the entity "
            f"{shorten(name)!r}, which no annotation tool does; take the declaration out"
        )
