"""Projects of BORIS (.boris), of format 7.0: an observation a sequence, an event a time.

An event is [time, subject, behaviour, modifiers, comment]; whether behaviours are states or points
says the ethogram.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.boris_events import (
    KEEPS,
    bouts,
    modifier_places,
    states,
)
from preprocessing.labels.formats.writers.json_parts import write_object
from preprocessing.labels.formats.writing import Annotated, Annotations, Video

FORMAT = "7.0"
PLAYERS = tuple(map(str, range(1, 9)))
DATE = "1970-01-01T00:00:00"
KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
DIGITS = 6
# A set of modifiers of which one is chosen.
CHOSEN = 0


def write(path: Path, content: Annotated) -> None:
    """Writes a project.

    Args:
        path: the .boris file.
        content: what it gets.
    """
    subjects = dict.fromkeys(one.subject for video in content.videos for one in content.of(video))
    fixed = {
        "time_format": "hh:mm:ss",
        "project_date": DATE,
        "project_name": content.name,
        "project_description": "",
        "project_format_version": FORMAT,
        "subjects_conf": {
            str(number): {"key": _key(number), "name": name, "description": ""}
            for number, name in enumerate(filter(None, subjects))
        },
        "behaviors_conf": _ethogram(content),
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_object(path, fixed, "observations", _observations(path.parent, content))


def _key(number: int) -> str:
    """Returns the key that codes a behaviour; there are no more than BORIS can tell apart."""
    return KEYS[number] if number < len(KEYS) else ""


def _ethogram(content: Annotated) -> dict[str, Any]:
    """Returns the behaviours, which are the classes."""
    modifiers = modifier_places(content)
    return {
        str(number): {
            "type": "State event" if lasts else "Point event",
            "key": _key(number),
            "code": name,
            "description": "",
            "color": "",
            "category": "",
            "modifiers": {
                str(place): {"name": "", "type": CHOSEN, "values": values}
                for place, values in enumerate(modifiers.get(name, ()))
            },
            "excluded": "",
            "coding map": "",
        }
        for number, (name, lasts) in enumerate(states(content).items())
    }


def _observations(folder: Path, content: Annotated) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the observation of each video."""
    lasting = states(content)
    for video in content.videos:
        said = content.of(video)
        yield video.sequence, _observation(video, video.link(folder), said, lasting)


def _observation(
    video: Video, link: str, said: Annotations, lasting: dict[str, bool]
) -> dict[str, Any]:
    events = []
    for bout in bouts(said):
        rest = [bout.subject, bout.behaviour, bout.modifiers]
        events.append([bout.start, *rest, bout.comment])
        if lasting[bout.behaviour]:
            events.append([bout.end, *rest, ""])
    return {
        "file": {player: [link] if player == PLAYERS[0] else [] for player in PLAYERS},
        "type": "MEDIA",
        "date": DATE,
        "description": "",
        "time offset": 0.0,
        "events": sorted(events, key=lambda event: event[0]),
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "media_creation_date_as_offset": False,
        "close_behaviors_between_videos": False,
        "media_info": {
            "length": {link: round(video.lasts(said), DIGITS)},
            "fps": {link: video.fps or 0.0},
            "hasVideo": {link: True},
            "hasAudio": {link: False},
            "offset": dict.fromkeys(PLAYERS, 0.0),
        },
    }


BORIS = Writer("boris", "BORIS projects", ".boris", write, keeps=KEEPS, joins=True)
