"""The media of an observation in BORIS, which run on after one another in the first player.

    time of the observation   0                179.96                       539.92
    media of player 1         ├── morning.mp4 ──┼──────── noon.mp4 ──────────┤
    an event at 266.165                                 × is noon.mp4 at 86.205

Player 2 and those after it show the same time from elsewhere, and have no labels of their own.
What an observation without media says is about a video of the observation's name.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.gathering import Place, placed, short
from preprocessing.labels.formats.json_values import dict_of, time_of


class _Piece(NamedTuple):
    """A file in the time of an observation.

    Attributes:
        media: its name.
        begin: seconds of the observation at which it begins.
        end: and at which it ends, infinite for the last.
    """

    media: str
    begin: float
    end: float


class ObservedMedia:
    """The media of one observation.

    Args:
        name: of the observation.
        observation: what the project says of it.
        path: the project, for messages.

    Attributes:
        names: media of the first player.
        beside: media of other players.

    Raises:
        InputError: several media come after one another, and a length of one is not known.
    """

    def __init__(self, name: str, observation: dict[str, Any], path: Path):
        players = _players(observation.get("file"))
        self.names: list[str] = next((media for media in players if media), [name])
        self.beside = [media for names in players for media in names if media not in self.names]
        self._pieces = _pieces(self.names, observation, path, placed("observation", name))

    def pieces_of(self, annotation: Annotation) -> Iterator[Annotation]:
        """Yields an annotation in the time of the medium it is about, cut where one ends.

        Nothing comes of one that lies between media.

        Args:
            annotation: in the time of the observation.
        """
        start, end = annotation.start, annotation.end
        for number, piece in enumerate(self._pieces):
            begin = piece.begin if number else -math.inf
            here = annotation._replace(media=piece.media, start=max(start, begin) - piece.begin)
            if end is None or end <= start:
                if begin <= start < piece.end:
                    yield here._replace(end=None if end is None else end - piece.begin)
                    return
            elif begin < end and start < piece.end:
                yield here._replace(end=OPEN if end == OPEN else min(end, piece.end) - piece.begin)
                if end == OPEN:
                    return


def _pieces(
    names: list[str], observation: dict[str, Any], path: Path, place: Place
) -> list[_Piece]:
    """Lays media on the time of an observation.

    Raises:
        InputError: a length that is needed is not known, or no number.
    """
    info = dict_of(observation.get("media_info"))
    lengths = dict_of(info.get("length"))
    by_clock = observation.get("media_creation_date_as_offset")
    recorded = dict_of(info.get("media_creation_time")) if by_clock else {}
    offset = time_of(observation.get("time offset") or 0, path, place)
    pieces: list[_Piece] = []
    begin = offset
    for media in names:
        if media in recorded:
            begin = offset + time_of(recorded[media], path, place)
        end = OPEN
        if len(pieces) + 1 < len(names):
            if media not in lengths:
                raise InputError(
                    f"{path} {place()}: {len(names)} media run on after one another, and how long "
                    f"{short(media)} lasts is not said; open the project in BORIS where the media "
                    "are, and save it"
                )
            end = begin + time_of(lengths[media], path, place)
        pieces.append(_Piece(media, begin, end))
        begin = end
    return pieces


def _players(file: Any) -> list[list[str]]:
    """Returns the media of each player in the order of the players, of new and old projects.

    Args:
        file: lists by the number of the player; before version 2, a list with one for each.
    """
    if isinstance(file, list):
        return [[media] for media in file if isinstance(media, str)]
    if not isinstance(file, dict):
        return []
    numbers = sorted(file, key=lambda number: (len(number), number))
    return [
        [media for media in file[number] if isinstance(media, str)]
        for number in numbers
        if isinstance(file[number], list)
    ]
