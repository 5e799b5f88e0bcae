"""Times of an observation of several videos, as those of each video.

    observation    0 ────────── 180 ─────────────────── 540 s
    player 1       │ one.mp4    │ two.mp4               │
    a row          at 266 s, two.mp4: at 86 s of it

Only some tables say how long each video lasts. Without that, the times of an observation of
several stay what they are, and so its name stands for its videos.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from preprocessing.errors import counted, shorten, some
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.tabular.cells import cell, rows_of
from preprocessing.labels.formats.tabular.columns import plain
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import NOTHING

# What stands for a video where there is none, or where a time lies behind all.
NO_MEDIA = NOTHING | {"LIVE", "Not found"}
PLAYER = re.compile(r"player ?#1:\s*")
BESIDE = re.compile(r"\|\s*player ?#\d+:")


class Clock(NamedTuple):
    """The videos of an observation.

    Attributes:
        videos: its videos, in order, and the second at which each begins; none if not known.
        offset: seconds at the beginning of the first.
    """

    videos: tuple[tuple[str, float], ...] = ()
    offset: float = 0.0


def clocks_of(table: Table, found: Found) -> dict[str, Clock]:
    """Returns what a table says of each clock.

    Args:
        table: the table.
        found: where things stand in it.
    """
    said = number_or_nan(found.said.get("offset", "0"))
    offset = 0.0 if math.isnan(said) else said
    header = [plain(name) for name in found.header]
    if found.preset.source is None or plain(found.preset.source[0]) not in header:
        return {found.said["clock"]: Clock(offset=offset)} if "clock" in found.said else {}
    names = (found.preset.clock, *found.preset.source)
    cells = [cell((header.index(plain(name)),) if plain(name) in header else ()) for name in names]
    clocks: dict[str, Clock] = {}
    for _, row in rows_of(table, found):
        clock = cells[0](row)
        if clock not in clocks:
            source, lengths, offset_text = (one(row) for one in cells[1:])
            clocks[clock] = _clock(source, lengths, number_or_nan(offset_text))
    return clocks


def by_video(
    annotations: Sequence[Annotation], names: Sequence[str], clocks: dict[str, Clock]
) -> Iterator[Annotation]:
    """Yields annotations in the times of their videos, cut where one video ends.

    Args:
        annotations: in the times of their clocks.
        names: the clock of each.
        clocks: what is known of these.
    """
    several = {clock for clock, _ in _several(annotations, names)}
    for one, name in zip(annotations, names, strict=True):
        clock = clocks.get(name, Clock())
        own = name if one.media in NO_MEDIA or name in several else one.media
        yield from _cut(one, clock.videos or ((own, clock.offset),))


def unknown_lengths(
    annotations: Sequence[Annotation], names: Sequence[str], clocks: dict[str, Clock]
) -> Iterator[str]:
    """Yields what a person should know of observations whose videos have no length.

    Args:
        annotations: in the times of their clocks.
        names: the clock of each.
        clocks: what is known of these.
    """
    several = [
        (clock, media)
        for clock, media in _several(annotations, names)
        if not clocks.get(clock, Clock()).videos
    ]
    if several:
        clock, media = several[0]
        yield (
            f"{counted(len(several), 'observation')} of several videos, as {shorten(clock)!r} of "
            f"{some(media)}: how long each lasts is not in this table, so its times stay those of "
            "the observation, which is taken for one video; the project of BORIS says more"
        )


def _several(
    annotations: Sequence[Annotation], names: Sequence[str]
) -> list[tuple[str, list[str]]]:
    """Returns (clock, videos) of the clocks of more than one video."""
    media: dict[str, dict[str, None]] = {}
    for one, name in zip(annotations, names, strict=True):
        if one.media not in NO_MEDIA:
            media.setdefault(name, {})[one.media] = None
    return [(name, list(those)) for name, those in media.items() if len(those) > 1]


def _cut(one: Annotation, videos: Sequence[tuple[str, float]]) -> Iterator[Annotation]:
    """Yields the parts of an annotation that lie in each video, in the times of that."""
    begins = [begin for _, begin in videos]
    for (media, begin), until in zip(videos, [*begins[1:], OPEN], strict=True):
        first = begin if begin > begins[0] else -OPEN
        if one.end is None or one.end == OPEN:
            if first <= one.start < until:
                end = None if one.end is None else OPEN
                yield one._replace(media=media, start=_less(one.start, begin), end=end)
        elif max(first, one.start) < min(until, one.end):
            start, end = max(first, one.start), min(until, one.end)
            yield one._replace(media=media, start=_less(start, begin), end=_less(end, begin))


def _less(time: float, begin: float) -> float:
    """Returns a time counted from another, to the nanosecond, as both are written with decimals."""
    return round(time - begin, 9) if begin else time


def _clock(source: str, lengths: str, offset: float) -> Clock:
    """Returns the videos of a clock, as BORIS writes them.

    Args:
        source: such as ``player #1:a.mp4;b.mp4|player #2:c.mp4``; the second shows the same time.
        lengths: their seconds, such as ``3.0;4.0|7.0``.
        offset: the second at which the first begins.
    """
    begin = offset = 0.0 if math.isnan(offset) else offset
    videos = PLAYER.sub("", BESIDE.split(source)[0], count=1).split(";")
    seconds = [number_or_nan(text) for text in lengths.split("|")[0].split(";")]
    if len(videos) != len(seconds) or any(math.isnan(one) for one in seconds):
        return Clock((), offset)
    placed = []
    for media, length in zip(videos, seconds, strict=True):
        placed.append((media.strip(), begin))
        begin += length
    return Clock(tuple(placed), offset)
