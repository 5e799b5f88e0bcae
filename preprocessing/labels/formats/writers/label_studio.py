"""Tasks of Label Studio, and the labelling interface that its project needs.

tasks.json       a task a video: what people said as annotations, what a model said as predictions
interface.xml    what is copied into Settings, Labeling Interface

A range of a timeline counts frames from 1, and its last one belongs to it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writers.base import Writer, frame_range, rate
from preprocessing.labels.formats.writers.json_parts import write_list
from preprocessing.labels.formats.writing import Annotated

TASKS, INTERFACE = "tasks.json", "interface.xml"
CONTROL, SHOWN = "label", "video"
MODEL = "longtake"
SHARE_DIGITS = 6

Result = dict[str, Any]


def write(folder: Path, content: Annotated) -> None:
    """Writes tasks and interface.

    Args:
        folder: gets both.
        content: what they get, without points.
    """
    tiers: dict[str, None] = {}
    write_list(folder / TASKS, _tasks(folder, content, tiers))
    _write_interface(folder / INTERFACE, tuple(tiers) or (CONTROL,), content.classes)


def _tasks(folder: Path, content: Annotated, tiers: dict[str, None]) -> Iterator[dict[str, Any]]:
    """Yields a task for each video, and collects the names of tiers."""
    for number, video in enumerate(content.videos, 1):
        people: dict[str, list[Result]] = {}
        guessed: list[Result] = []
        for place, one in enumerate(content.of(video), 1):
            tiers[one.tier or CONTROL] = None
            result = _result(f"{number}_{place}", one, rate(video))
            if one.confidence is None:
                people.setdefault(one.rater, []).append(result)
            else:
                guessed.append(result)
        yield {
            "data": {SHOWN: video.link(folder), "fps": rate(video), "sequence": video.sequence},
            "annotations": [{"result": results} for results in people.values()],
            "predictions": [_prediction(guessed)] if guessed else [],
        }


def _result(key: str, one: Annotation, fps: float) -> Result:
    first, end = frame_range(one, fps)
    ranges = [{"start": first + 1, "end": end}]
    result: Result = {
        "id": key,
        "type": "timelinelabels",
        "from_name": one.tier or CONTROL,
        "to_name": SHOWN,
        "value": {"ranges": ranges, "timelinelabels": [one.label]},
    }
    if one.confidence is not None:
        result["score"] = round(one.confidence, SHARE_DIGITS)
    return result


def _prediction(results: list[Result]) -> dict[str, Any]:
    mean = sum(result["score"] for result in results) / len(results)
    return {"model_version": MODEL, "score": round(mean, SHARE_DIGITS), "result": results}


def _write_interface(path: Path, tiers: tuple[str, ...], classes: tuple[str, ...]) -> None:
    """Writes a labelling interface, which reads the frame rate of a video in its task."""
    view = Element("View")
    for tier in tiers:
        control = SubElement(view, "TimelineLabels", name=tier, toName=SHOWN)
        for name in classes:
            SubElement(control, "Label", value=name)
    SubElement(view, "Video", name=SHOWN, value=f"${SHOWN}", frameRate="$fps", timelineHeight="120")
    indent(view)
    ElementTree(view).write(path, encoding="unicode")


LABEL_STUDIO = Writer(
    *("label-studio", "Label Studio tasks", "", write, "folder"),
    keeps={"tier", "rater", "confidence"},
    points=False,
    framed=True,
)
