"""JSON of SoccerNet: points of a match, each of which is in one of two halves with a video each.

{"UrlLocal": "a_league/a_match",
 "annotations": [{"gameTime": "1 - 00:27", "label": "Foul", "position": "27000"}]}

The time is milliseconds of the half, which is the number that gameTime begins with. In the first
version, without position, it is the clock in gameTime. Predictions have a confidence.
"""

import re
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, Place, placed, short
from preprocessing.labels.formats.json_values import damaged, dict_of, list_of, text_of, time_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.scores import share_of

LISTS = ("annotations", "predictions")
GAME_TIME = re.compile(r"\s*(\d)\s*-\s*(\d{1,4}):\s*(\d{1,2})\s*")
MILLISECONDS = 1000
NOBODY = ("", "not applicable")


def recognises(sample: Sample) -> bool:
    """Returns whether a file is JSON of events with times of a game.

    Args:
        sample: its beginning.
    """
    return damaged(sample, "gameTime") or bool(_events(sample.json))


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads the events of a match.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is no JSON, or an event has no half, no time or no class.
    """
    content = read_json(path, "labels")
    game = text_of(dict_of(content).get("UrlLocal")).replace("\\", "/").strip("/")
    gathering = Gathering(path)
    for number, event in enumerate(_events(content), 1):
        place = placed("event", number)
        said = _said(path, game, dict_of(event), place)
        share = share_of(dict_of(event).get("confidence"), path, place, gathering)
        gathering.add(said._replace(confidence=share), place)
    media = dict.fromkeys(one.media for one in gathering.annotations)
    return Reading(gathering.annotations, media=tuple(media), remarks=gathering.remarks())


def _events(content: Any) -> list[Any]:
    """Returns the events of a file, whose first has a time of the game; none if there are none."""
    lists = (list_of(dict_of(content).get(name)) for name in LISTS)
    return next((each for each in lists if each and "gameTime" in dict_of(each[0])), [])


def _said(path: Path, game: str, event: dict[str, Any], place: Place) -> Annotation:
    """Returns what an event says.

    Args:
        path: the file.
        game: the folder of the match; empty if the file does not say.
        event: a member of its list.
        place: names it, for messages.

    Raises:
        InputError: it has no half, no time or no class.
    """
    clock = text_of(event.get("gameTime"))
    found = GAME_TIME.fullmatch(clock)
    label = text_of(event.get("label"))
    if not found or not label:
        raise InputError(
            f"{path} {place()}: gameTime {short(clock)!r}, label {short(label)!r}; expected a "
            "half and a clock, such as 1 - 00:27, and a class"
        )
    half, minutes, seconds = map(int, found.groups())
    start = 60.0 * minutes + seconds
    if (position := event.get("position")) not in (None, ""):
        start = time_of(position, path, place) / MILLISECONDS
    team = text_of(event.get("team"))
    return Annotation(
        media=f"{game}/{half}" if game else str(half),
        start=start,
        end=None,
        label=label,
        modifiers=() if team in NOBODY else (team,),
    )


SOCCERNET = Format("soccernet", "JSON of SoccerNet, points of a match", recognises, read)
