"""Files of Anvil (.anvil): elements in tracks, whose attributes are the labels.

Elements of a primary track have times. Those of a ``span`` track go from one element of another
track to one, by their numbers; one of a ``singleton`` track has the time of another. One coder
writes one file. The names of attributes are free: if a track has several, each is a tier.
"""

import math
from pathlib import Path
from xml.etree.ElementTree import Element

from preprocessing.errors import InputError
from preprocessing.files.numerals import number_or_nan
from preprocessing.files.xml_file import read_xml
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, Place, placed, short
from preprocessing.labels.formats.sample import Sample

ROOT = "annotation"
Times = tuple[float, float | None]


def recognises(sample: Sample) -> bool:
    """Returns whether a file is Anvil's.

    Args:
        sample: its beginning.
    """
    return sample.root == ROOT and "<specification" in sample.text and "<body" in sample.text


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all tracks of a file.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    document = read_xml(path, "labels")
    media = next((one.get("src", "") for one in document.iterfind("head/video")), "")
    coders = (one for one in document.iterfind("head/info") if one.get("key") == "coder")
    rater = next(((one.text or "").strip() for one in coders), "")
    gathering = Gathering(path)
    known: dict[str, dict[str, Times]] = {}
    for track in document.iter("track"):
        name = track.get("name", "").strip()
        below = known.get(track.get("ref", "").strip(), {})
        times = known.setdefault(name, {})
        attributes = {one.get("name") for one in track.iterfind("el/attribute")}
        for element in track.iterfind("el"):
            place = placed(f"track {short(name)} element", element.get("index", ""))
            start, end = _times(element, track.get("type", "primary"), below, path, place)
            times[element.get("index", "")] = start, end
            for one in element.iterfind("attribute"):
                tier = name if len(attributes) < 2 else f"{name}.{one.get('name', '')}"
                label = (one.text or "").strip()
                gathering.add(Annotation(media, start, end, label, tier=tier, rater=rater), place)
    remarks = gathering.remarks()
    return Reading(gathering.annotations, media=(media,) if media else (), remarks=remarks)


def _times(element: Element, kind: str, below: dict[str, Times], path: Path, place: Place) -> Times:
    """Returns beginning and end of an element; no end for a point.

    Raises:
        InputError: they are no numbers, or the element refers to one that is not there.
    """
    first, last = element.get("start", ""), element.get("end", "")
    if kind != "primary":
        first, last = element.get("ref", first), element.get("ref", last)
        if first not in below or last not in below:
            raise InputError(f"{path} {place()}: refers to elements that are not there before it")
        return below[first][0], below[last][1]
    point = element.get("time")
    start, end = number_or_nan(first if point is None else point), number_or_nan(last)
    if not math.isfinite(start) or (point is None and not math.isfinite(end)):
        raise InputError(
            f"{path} {place()}: from {short(first)} to {short(last)}; expected seconds"
        )
    return start, end if point is None else None


ANVIL = Format("anvil", "Anvil annotations", recognises, read)
