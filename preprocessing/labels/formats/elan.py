"""ELAN's annotation files (.eaf): tiers of annotations, some with times of their own.

An annotation lies between two time slots, which may lack a value; or it refers to another, whose
time it shares with all that refer to the same one. The format is that of the schema EAFv3.0
(Max Planck Institute for Psycholinguistics, The Language Archive).
"""

from pathlib import Path
from xml.etree.ElementTree import Element

from preprocessing.errors import InputError, some
from preprocessing.files.numerals import number_or_nan
from preprocessing.files.xml_file import child_text, read_xml
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.elan_times import AnnotationTimes
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.sample import Sample

MILLISECONDS = 1000
ROOT = "ANNOTATION_DOCUMENT"


def recognises(sample: Sample) -> bool:
    """Returns whether a file is ELAN's.

    Args:
        sample: its beginning.
    """
    return sample.root == ROOT


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all tiers of a file.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged, or no time can be told for an annotation.
    """
    document = read_xml(path, "labels")
    if document.tag != ROOT:
        raise InputError(f"{path}: its outermost element is {short(document.tag)}; expected {ROOT}")
    header = document.find("HEADER")
    media, origin, others = _media(path, header)
    entries = _vocabulary(document)
    times = AnnotationTimes(document, path)
    gathering = Gathering(path)
    for tier in document.iter("TIER"):
        for element in _annotations(tier):
            key = element.get("ANNOTATION_ID", "")
            start, end = times.of(key)
            value = child_text(element, "ANNOTATION_VALUE")
            annotation = Annotation(
                media,
                start / MILLISECONDS + origin,
                end / MILLISECONDS + origin,
                value or entries.get(element.get("CVE_REF", ""), ""),
                subject=tier.get("PARTICIPANT", "").strip(),
                tier=tier.get("TIER_ID", "").strip(),
                rater=tier.get("ANNOTATOR", "").strip(),
            )
            gathering.add(annotation, placed("annotation", key))
    remarks = gathering.remarks()
    if others:
        remarks.append(f"{short(media)} has the labels; not {some(others)}, which show the same")
    return Reading(gathering.annotations, media=(media,) if media else (), remarks=remarks)


def _annotations(tier: Element) -> list[Element]:
    """Returns the annotations of a tier, of either kind."""
    return [one for box in tier.iterfind("ANNOTATION") for one in box]


def _vocabulary(document: Element) -> dict[str, str]:
    """Returns the texts of entries of controlled vocabularies, to which annotations can refer."""
    return {
        entry.get("CVE_ID", ""): child_text(entry, "CVE_VALUE")
        for entry in document.iter("CV_ENTRY_ML")
    }


def _media(path: Path, header: Element | None) -> tuple[str, float, list[str]]:
    """Finds the video that the times count in: the first, or the first sound if there is none.

    Returns:
        Its name; the seconds of it at which time begins; the names of other videos.

    Raises:
        InputError: time is not in milliseconds, or begins where no number says.
    """
    if header is None:
        return "", 0.0, []
    units = header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise InputError(f"{path}: times are in {short(units)}; expected milliseconds")
    described = header.findall("MEDIA_DESCRIPTOR")
    videos = [one for one in described if one.get("MIME_TYPE", "").startswith("video")]
    chosen = next(iter(videos or described), None)
    if chosen is None:
        return header.get("MEDIA_FILE", "").strip(), 0.0, []
    written = chosen.get("TIME_ORIGIN", "0")
    origin = number_or_nan(written)
    if not abs(origin) < float("inf"):
        raise InputError(f"{path}: TIME_ORIGIN {short(written)}; expected milliseconds")
    return _name(chosen), origin / MILLISECONDS, [short(_name(other)) for other in videos[1:]]


def _name(descriptor: Element) -> str:
    """Returns what a file calls one of its media."""
    return descriptor.get("MEDIA_URL", "") or descriptor.get("RELATIVE_MEDIA_URL", "")


ELAN = Format("elan", "ELAN annotations (.eaf)", recognises, read)
