"""Projects of the VGG Image Annotator, version 3, in the form that it saves (JSON).

An entry of ``metadata`` is about a view, which shows a video: at the times ``z``, two of a stretch
and one of a point, the attribute of a tier has the number of a class.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.json_parts import write_object
from preprocessing.labels.formats.writing import Annotated

# Numbers of VIA's: an attribute of which one of several options is chosen; a video; a file by path.
SELECT, VIDEO, BY_PATH = 4, 4, 3
# Where an attribute is asked for: of a stretch of a video.
STRETCH = "FILE1_Z2_XY0"
TIER = "label"
DIGITS = 6


def write(path: Path, content: Annotated) -> None:
    """Writes a project, of a view a video and an attribute a tier.

    Args:
        path: the JSON file.
        content: what it gets.
    """
    tiers = dict.fromkeys(one.tier for video in content.videos for one in content.of(video))
    attributes = {tier: str(number) for number, tier in enumerate(tiers or {"": None}, 1)}
    options = {str(number): name for number, name in enumerate(content.classes, 1)}
    views = [str(number) for number in range(1, len(content.videos) + 1)]
    fixed = {
        "project": _project(content.name, views),
        "config": {
            "file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}},
            "ui": {
                "file_content_align": "center",
                "file_metadata_editor_visible": True,
                "spatial_metadata_editor_visible": False,
                "spatial_region_label_attribute_id": "",
            },
        },
        "attribute": {
            number: _attribute(tier or TIER, options) for tier, number in attributes.items()
        },
        "file": {
            number: _file(int(number), video.link(path.parent))
            for number, video in zip(views, content.videos, strict=True)
        },
        "view": {number: {"fid_list": [int(number)]} for number in views},
    }
    write_object(path, fixed, "metadata", _entries(content, attributes))


def _project(name: str, views: list[str]) -> dict[str, Any]:
    return {
        "pid": "__VIA_PROJECT_ID__",
        "rev": "__VIA_PROJECT_REV_ID__",
        "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
        "pname": name,
        "creator": "Longtake",
        "created": 0,
        "vid_list": views,
    }


def _attribute(name: str, options: dict[str, str]) -> dict[str, Any]:
    return {
        "aname": name,
        "anchor_id": STRETCH,
        "type": SELECT,
        "desc": name,
        "options": options,
        "default_option_id": "",
    }


def _file(number: int, link: str) -> dict[str, Any]:
    return {"fid": number, "fname": link, "type": VIDEO, "loc": BY_PATH, "src": link}


def _entries(content: Annotated, attributes: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Yields the entries of ``metadata``."""
    number, options = 0, {name: str(place) for place, name in enumerate(content.classes, 1)}
    for view, video in enumerate(content.videos, 1):
        for one in content.of(video):
            times = (one.start,) if one.end is None else (one.start, one.end)
            number += 1
            yield (
                f"{view}_{number}",
                {
                    "vid": str(view),
                    "flg": 0,
                    "z": [round(time, DIGITS) for time in times],
                    "xy": [],
                    "av": {attributes[one.tier]: options[one.label]},
                },
            )


VIA = Writer("via", "VIA 3 projects", ".json", write, keeps={"tier"})
