"""ELAN's annotation files (.eaf): tiers of annotations between time slots, in milliseconds.

The format is that of the schema EAFv3.0 (Max Planck Institute for Psycholinguistics, The Language
Archive). Annotations of a tier must not overlap there; where they do, each class has a tier.
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writers.base import Writer, overlap
from preprocessing.labels.formats.writing import Annotated, Annotations

MILLISECONDS = 1000
SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
TIER, TYPE, VOCABULARY = "label", "labels", "classes"
# ELAN asks for the kind of a video, and looks for itself what it is.
KINDS = {".mp4": "video/mp4", ".mpg": "video/mpeg", ".mov": "video/quicktime"}
ANY_KIND = "video/*"
DATED = "1970-01-01T00:00:00+00:00"


def write(path: Path, content: Annotated) -> None:
    """Writes a document of one video.

    Args:
        path: the .eaf file.
        content: one video, and what is said about it, without points.
    """
    (video,) = content.videos
    document = Element(
        "ANNOTATION_DOCUMENT",
        {
            **{"AUTHOR": "", "DATE": DATED, "FORMAT": "3.0", "VERSION": "3.0"},
            "xmlns:xsi": SCHEMA,
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = SubElement(document, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if video.path is not None:
        link = video.link(path.parent)
        relative = link if link.startswith(("/", ".")) else f"./{link}"
        kind = KINDS.get(video.path.suffix.lower(), ANY_KIND)
        named = {"MEDIA_URL": relative, "MIME_TYPE": kind, "RELATIVE_MEDIA_URL": relative}
        SubElement(header, "MEDIA_DESCRIPTOR", named)
    _add_tiers(document, header, content.of(video))
    _add_vocabulary(document, content.classes)
    indent(document)
    ElementTree(document).write(path, encoding="UTF-8", xml_declaration=True)


def _add_tiers(document: Element, header: Element, said: Annotations) -> None:
    """Adds time slots and tiers; ELAN counts annotations on from the last number it is told."""
    order = SubElement(document, "TIME_ORDER")
    slot = number = 0
    for key, several in _tiers(said).items():
        name, subject, rater = key
        told = {"PARTICIPANT": subject, "ANNOTATOR": rater}
        tier = SubElement(
            document,
            "TIER",
            {"LINGUISTIC_TYPE_REF": TYPE, "TIER_ID": name, **{k: v for k, v in told.items() if v}},
        )
        for first, last, label in _whole(several):
            for time in (first, last):
                slot += 1
                SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{slot}", TIME_VALUE=str(time))
            number += 1
            aligned = SubElement(
                SubElement(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=f"ts{slot - 1}",
                TIME_SLOT_REF2=f"ts{slot}",
            )
            SubElement(aligned, "ANNOTATION_VALUE").text = label
    SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(number)


def _tiers(said: Annotations) -> dict[tuple[str, str, str], list[Annotation]]:
    """Returns annotations by tier, subject and rater, in names of tiers that are each its own."""
    found: dict[tuple[str, str, str], list[Annotation]] = {}
    for one in said:
        found.setdefault((one.tier, one.subject, one.rater), []).append(one)
    tiers: dict[tuple[str, str, str], list[Annotation]] = {}
    taken: set[str] = set()
    for (tier, subject, rater), several in found.items():
        name = tier or TIER
        if sum(name == (other or TIER) for other, _, _ in found) > 1:
            name = " ".join(filter(None, (name, subject, rater)))
        for named, kept in _apart(name, several).items():
            tiers[_unlike(named, taken), subject, rater] = kept
    return tiers or {(TIER, "", ""): []}


def _apart(name: str, several: list[Annotation]) -> dict[str, list[Annotation]]:
    """Returns annotations that overlap by class, each with a tier of its own."""
    if not overlap(several):
        return {name: several}
    tiers: dict[str, list[Annotation]] = {}
    for one in several:
        tiers.setdefault(f"{name} {one.label}", []).append(one)
    return tiers


def _unlike(name: str, taken: set[str]) -> str:
    """Returns a name that no other tier has."""
    unlike, number = name, 1
    while unlike in taken:
        number += 1
        unlike = f"{name} {number}"
    taken.add(unlike)
    return unlike


def _whole(several: Iterable[Annotation]) -> list[tuple[int, int, str]]:
    """Returns annotations in milliseconds; each lasts one or more, and begins after the last.

    Those of one class that overlap are joined.
    """
    rows: list[tuple[int, int, str]] = []
    for one in sorted(several, key=lambda one: one.start):
        first, end = round(one.start * MILLISECONDS), rows[-1][1] if rows else 0
        last = max(round((one.end or one.start) * MILLISECONDS), first + 1)
        if rows and first < end and rows[-1][2] == one.label:
            rows[-1] = (rows[-1][0], max(last, end), one.label)
        else:
            first = max(first, end)
            rows.append((first, max(last, first + 1), one.label))
    return rows


def _add_vocabulary(document: Element, classes: tuple[str, ...]) -> None:
    """Adds the type of tiers, whose values are chosen from the classes."""
    SubElement(
        document,
        "LINGUISTIC_TYPE",
        {
            "CONTROLLED_VOCABULARY_REF": VOCABULARY,
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": TYPE,
            "TIME_ALIGNABLE": "true",
        },
    )
    language = {"LANG_DEF": "http://cdb.iso.org/lg/CDB-00130975-001", "LANG_ID": "und"}
    SubElement(document, "LANGUAGE", {**language, "LANG_LABEL": "undetermined (und)"})
    vocabulary = SubElement(document, "CONTROLLED_VOCABULARY", CV_ID=VOCABULARY)
    SubElement(vocabulary, "DESCRIPTION", LANG_REF="und")
    for number, name in enumerate(classes, 1):
        entry = SubElement(vocabulary, "CV_ENTRY_ML", CVE_ID=f"cveid{number}")
        SubElement(entry, "CVE_VALUE", DESCRIPTION="", LANG_REF="und").text = name


ELAN = Writer(
    *("elan", "ELAN annotations (.eaf)", ".eaf", write, "files"),
    keeps={"tier", "subject", "rater"},
    points=False,
    joins=True,
)
