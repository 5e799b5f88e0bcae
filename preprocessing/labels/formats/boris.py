"""Projects of BORIS (.boris): observations with events, in JSON.

An event is [time, subject, behaviour, modifiers, comment, ...]. Whether it is a point, or begins or
ends a state, says the ethogram, not the event: the first of a state begins it, the next one of the
same subject, behaviour and modifiers ends it.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError, some
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import OPEN, Annotation, Format, Reading
from preprocessing.labels.formats.boris_media import ObservedMedia
from preprocessing.labels.formats.gathering import Gathering, Place, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, text_of, time_of
from preprocessing.labels.formats.sample import Sample

ETHOGRAM, OBSERVATIONS = "behaviors_conf", "observations"
PICTURES = "IMAGES"
LEAST_FIELDS = 3


class _Observation(NamedTuple):
    """An observation that has times.

    Attributes:
        name: what it is called.
        media: its videos.
        events: its events, unread.
    """

    name: str
    media: ObservedMedia
    events: list[Any]


def recognises(sample: Sample) -> bool:
    """Returns whether a file is a project of BORIS.

    Args:
        sample: its beginning.
    """
    return _is_project(sample.json) or damaged(sample, ETHOGRAM)


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all observations of a project.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    project = read_json(path, "labels")
    if not _is_project(project):
        raise InputError(f"{path} is no project of BORIS; expected {ETHOGRAM} and {OBSERVATIONS}")
    states = _states(project)
    gathering = Gathering(path, points=True)
    observations = list(_observations(project, path, gathering))
    shared = _shared(observations)
    for observation in observations:
        for annotation, place in _events(observation, states, path, gathering):
            pieces = list(observation.media.pieces_of(annotation))
            if not pieces:
                gathering.leave_out("event", "at a time that no medium shows", place)
            for piece in pieces:
                tier = observation.name if piece.media in shared else ""
                gathering.add(piece._replace(tier=tier), place)
    media = dict.fromkeys(name for one in observations for name in one.media.names)
    beside = dict.fromkeys(
        short(name) for one in observations for name in one.media.beside if name not in media
    )
    remarks = gathering.remarks()
    if beside:
        remarks.append(f"media of a second player have no labels of their own: {some([*beside])}")
    return Reading(gathering.annotations, media=tuple(media), remarks=remarks)


def _is_project(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get(ETHOGRAM), dict)
        and isinstance(content.get(OBSERVATIONS), dict)
    )


def _states(project: dict[str, Any]) -> dict[str, bool]:
    """Returns, for each behaviour of the ethogram, whether it is a state and not a point."""
    return {
        text_of(behaviour.get("code")): "state" in text_of(behaviour.get("type")).lower()
        for behaviour in map(dict_of, project[ETHOGRAM].values())
    }


def _observations(
    project: dict[str, Any], path: Path, gathering: Gathering
) -> Iterator[_Observation]:
    """Yields observations, without those of pictures.

    Raises:
        InputError: one has no list of events, or media of unknown length.
    """
    for name, observation in project[OBSERVATIONS].items():
        events = observation.get("events") if isinstance(observation, dict) else None
        if not isinstance(events, list):
            raise InputError(f"{path} observation {short(name)}: expected a list of events")
        if observation.get("type") == PICTURES:
            gathering.leave_out("observation", "of pictures, which have no time", placed("", name))
            continue
        if events:
            yield _Observation(name, ObservedMedia(name, observation, path), events)
        else:
            yield _Observation(name, _without_events(name, observation, path), events)


def _without_events(name: str, observation: dict[str, Any], path: Path) -> ObservedMedia:
    """Returns the media of an observation in which nothing has a time, so that no length counts."""
    return ObservedMedia(name, {"file": observation.get("file")}, path)


def _shared(observations: list[_Observation]) -> set[str]:
    """Returns media about which several observations say something."""
    seen = Counter(name for one in observations if one.events for name in set(one.media.names))
    return {name for name, number in seen.items() if number > 1}


def _events(
    observation: _Observation, states: dict[str, bool], path: Path, gathering: Gathering
) -> Iterator[tuple[Annotation, Place]]:
    """Yields points, and states from the event that begins to the event that ends them.

    Raises:
        InputError: an event has no time.
    """
    begun: dict[Annotation, tuple[float, Place]] = {}
    for time, annotation, place in _in_order(observation, path):
        if annotation.label not in states:
            gathering.leave_out("event", "of a behaviour that the ethogram does not have", place)
        elif not states[annotation.label]:
            yield annotation._replace(start=time), place
        elif annotation in begun:
            start, first = begun.pop(annotation)
            yield annotation._replace(start=start, end=time), first
        else:
            begun[annotation] = time, place
    for annotation, (start, place) in begun.items():
        yield annotation._replace(start=start, end=OPEN), place


def _in_order(observation: _Observation, path: Path) -> list[tuple[float, Annotation, Place]]:
    """Returns events in the order of time: each with that, and what it says besides.

    Raises:
        InputError: an event is none, or has no time.
    """
    events, where = [], f"observation {short(observation.name)} event"
    for number, event in enumerate(observation.events, 1):
        place = placed(where, number)
        if not isinstance(event, list) or len(event) < LEAST_FIELDS:
            raise InputError(f"{path} {place()}: expected [time, subject, behaviour, ...]")
        said = [text_of(value) for value in event[1:4]] + [""]
        modifiers = tuple(
            part.strip() for part in said[2].split("|") if part.strip() not in ("", "None")
        )
        annotation = Annotation("", 0.0, None, said[1], subject=said[0], modifiers=modifiers)
        events.append((time_of(event[0], path, place), annotation, place))
    return sorted(events, key=lambda event: event[0])


BORIS = Format("boris", "BORIS projects", recognises, read)
