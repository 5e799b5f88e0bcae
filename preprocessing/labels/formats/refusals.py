"""Files that are no labels, or labels in a form that is not read: what tells them, what to do."""

import re
from typing import NamedTuple


class Refusal(NamedTuple):
    """The reason for which a file is not read.

    Attributes:
        what: what it is, in words that go on from "it is".
        advice: what to do.
    """

    what: str
    advice: str


TABLE = "make a table sequence,start,end,label of it, in seconds"
EXPORT = "give labels as a table, or in a format that `longtake labels --formats` lists"
PICKLE = Refusal("a pickle", f"those run code when they are opened, and are never read; {TABLE}")
PICTURE = Refusal("a picture", EXPORT)
VIDEO = Refusal("a video or sound", f"videos go to `longtake extract`; {EXPORT}")
PACKED = Refusal("compressed", "unpack it, and give what was in it")
# The first bytes of files that are no text.
BEGINNINGS: dict[Refusal, tuple[bytes, ...]] = {
    PICKLE: (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    # Of its oldest form, which is text.
    PICKLE._replace(what="an old pickle"): (b"(dp", b"(lp", b"ccopy_reg", b"cnumpy", b"c__builtin"),
    Refusal("an array of NumPy", f"it names no classes; {TABLE}"): (b"\x93NUMPY",),
    Refusal("a MATLAB file", f"in MATLAB, {TABLE} with writetable"): (b"MATLAB 5.0 MAT-file",),
    Refusal("an HDF5 file", f"what is what in it, nobody else knows; {TABLE}"): (b"\x89HDF",),
    Refusal("a database of SQLite", EXPORT): (b"SQLite format 3\0",),
    Refusal("a PDF", EXPORT): (b"%PDF",),
    PICTURE: (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"),
    VIDEO: (b"\x1aE\xdf\xa3", b"OggS", b"RIFF", b"\0\0\x01\xba", b"ID3", b"fLaC", b"FLV\x01"),
    Refusal("a table of Parquet or Arrow", "save it as .csv"): (b"PAR1", b"ARROW1"),
    PACKED: (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd"),
    Refusal("a text of a word processor", "save it as plain text, or as .csv"): (b"{\\rtf",),
}
# What is in texts of programs that are no labels, near their beginning.
TEXTS = {
    Refusal(
        "of JWatcher, a master or another file that has no events",
        "give the files of focal data (.dat) that were scored with it",
    ): re.compile(r"#.*\n(?:#.*\n)*# Format: \w[\w ]* File \d"),
}
# What MP4 and its kin have behind their first four bytes.
BRAND = slice(4, 8), b"ftyp"
# What is in archives that are files of a program.
MEMBERS = {
    "word/": Refusal("a Word document", "save the table in it as .csv"),
    "ppt/": Refusal("a presentation", EXPORT),
    "content.xml": Refusal("an OpenDocument file", "save it as .xlsx or .csv"),
}
# The outermost elements of XML files.
BOXES = f"Longtake learns stretches of time; {TABLE}"
ROOTS = {
    "KinoveaVideoAnalysis": Refusal("of Kinovea", f"its key frames are notes, no classes; {TABLE}"),
    "NXMLINTERCHANGE": Refusal(
        "a template or project of the Observer",
        "export the events of its observations as .xlsx or .csv",
    ),
    "html": Refusal("a web page", EXPORT),
    "svg": PICTURE,
    "annotations": Refusal("of CVAT, boxes in frames", BOXES),
    "annotation": Refusal("boxes in a picture", BOXES),
}
# Names in JSON files of forms that have no times.
KEYS: dict[Refusal, set[str]] = {
    Refusal("COCO, boxes in pictures", BOXES): {"images", "annotations", "categories"},
    Refusal("a project of VIA 2, regions in pictures", BOXES): {"_via_img_metadata"},
    Refusal("of LabelMe, shapes in a picture", BOXES): {"shapes", "imagePath"},
    Refusal("splits of videos", "they go to --splits"): {"train", "test"},
}
