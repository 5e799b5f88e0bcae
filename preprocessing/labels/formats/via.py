"""Projects of the VGG Image Annotator, version 3 (JSON).

An entry of ``metadata`` is about a view, which shows a file, mostly one: at the times ``z`` the
attributes ``av`` have values. Two times are an interval, one is a point, none is a picture. The
value of an attribute that has options is the id of an option, or several with commas between them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError, some
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, list_of, text_of, time_of
from preprocessing.labels.formats.sample import Sample

KEYS = ("metadata", "attribute", "view", "file")


class _View(NamedTuple):
    """What is shown together.

    Attributes:
        media: the first file, which the labels are given to.
        beside: the others.
    """

    media: str
    beside: list[str]


def recognises(sample: Sample) -> bool:
    """Returns whether a file is a project of VIA 3.

    Args:
        sample: its beginning.
    """
    return _is_project(sample.json) or damaged(sample, "attribute", "loc_prefix")


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all views of a project.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    project = read_json(path, "labels")
    if not _is_project(project):
        raise InputError(f"{path} is no project of VIA 3; expected {', '.join(KEYS)}")
    files = {key: _file_name(file) for key, file in project["file"].items()}
    views = {key: _view(view, files) for key, view in project["view"].items()}
    gathering = Gathering(path, points=True)
    for key, entry in project["metadata"].items():
        place = placed("metadata", key)
        entry = dict_of(entry)
        view = views.get(text_of(entry.get("vid")))
        if view is None:
            raise InputError(f"{path} {place()}: view {short(entry.get('vid'))} is not there")
        times = [time_of(time, path, place) for time in list_of(entry.get("z"))]
        if len(times) > 2:
            raise InputError(f"{path} {place()}: {len(times)} times; expected one or two")
        if not times:
            gathering.leave_out("entry", "of a picture, which has no time", place)
            continue
        for tier, label in _values(entry, project["attribute"]):
            annotation = Annotation(
                view.media, times[0], times[1] if len(times) > 1 else None, label, tier=tier
            )
            gathering.add(annotation, place)
    media = tuple(dict.fromkeys(view.media for view in views.values() if view.media))
    beside = [short(name) for view in views.values() for name in view.beside]
    remarks = gathering.remarks()
    if beside:
        remarks.append(f"a view's first file has its labels, not those beside it: {some(beside)}")
    return Reading(gathering.annotations, media=media, remarks=remarks)


def _is_project(content: Any) -> bool:
    return isinstance(content, dict) and all(isinstance(content.get(key), dict) for key in KEYS)


def _file_name(file: Any) -> str:
    file = dict_of(file)
    return text_of(file.get("fname")) or text_of(file.get("src"))


def _view(view: Any, files: dict[str, str]) -> _View:
    names = [files.get(text_of(key), "") for key in list_of(dict_of(view).get("fid_list"))]
    return _View(names[0] if names else "", names[1:])


def _values(entry: dict[str, Any], attributes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields name and value of each attribute of an entry; of one that has several values, all."""
    for key, value in dict_of(entry.get("av")).items():
        attribute = dict_of(attributes.get(key))
        name = text_of(attribute.get("aname")) or key
        options = dict_of(attribute.get("options"))
        written = text_of(value)
        if written in options or not options:
            yield name, text_of(options.get(written)) or written
            continue
        for part in written.split(","):
            yield name, text_of(options.get(part.strip())) or part.strip()


VIA = Format("via", "VIA 3 projects", recognises, read)
