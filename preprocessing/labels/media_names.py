"""The sequence that a label file means when it names a video in its own way."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from preprocessing.errors import InputError, shorten
from preprocessing.files.csv_rows import csv_rows, require_commas
from preprocessing.store.hints import LONGEST_SUFFIX

MAP_FIELDS = ["media", "sequence"]
# With what data sets end the names of label files: video01-phase.txt is of video01.
ABOUT_LABELS = re.compile(
    r"[-_. ](actions?|activityannotation|annotations?|behaviou?rs?|events?|gestures?|gt|"
    r"ground_?truth|labels?|phases?|tools?)",
    re.IGNORECASE,
)


class MediaNames:
    """Finds the ids of videos that files name by path, URL, or name with a suffix.

    Args:
        known: ids of the store; empty if there is none, and videos are called by their stems then.
        media_map: CSV file ``media,sequence`` of names that cannot be found so.

    Raises:
        InputError: the map cannot be read.
    """

    def __init__(self, known: Collection[str], media_map: Path | None):
        self._known = frozenset(known)
        self._told = _read_map(media_map) if media_map else {}
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for sequence_id in known:
            self._by_stem[sequence_id.rpartition("/")[2]].append(sequence_id)
        self.sequence = cache(self._find)

    def own(self, name: str) -> str:
        """Returns the id of the video that a label file is named after; its folders count.

        A word for what labels are may stand behind the name of the video, as in data sets.

        Args:
            name: of the label file, below the folder that was given, without its suffix.
        """
        folders, slash, last = name.rpartition("/")
        if not (self._known or self._told):
            return folders + slash + stem(last)
        found = self.sequence(name)
        ends = [match for match in ABOUT_LABELS.finditer(name) if match.end() == len(name)]
        if found in self._known or found in self._told.values() or not ends:
            return found
        shorter = self.sequence(name[: ends[0].start()])
        return shorter if shorter in self._known else found

    def _find(self, media: str) -> str:
        """Returns the id of a video; its stem if none is known.

        Args:
            media: how a label file calls it.

        Raises:
            InputError: several sequences may be meant.
        """
        last = basename(media)
        for name in (media, last):
            if name in self._told:
                return self._told[name]
        for name in (media, *_tails(media)):
            if name in self._known:
                return name
        for name in (last, stem(last)):
            found = self._by_stem.get(name, [])
            if len(found) == 1:
                return found[0]
            if found:
                raise InputError(
                    f"labels name the video {shorten(media)!r}, which may be {found[0]} or "
                    f"{found[1]}; give --media-map with a CSV file {','.join(MAP_FIELDS)} that "
                    "says which"
                )
        return media if self._known and media == last else stem(last)


def _tails(media: str) -> Iterator[str]:
    """Yields what may be an id in the name of a video, from the longest to the shortest."""
    *folders, _ = media.replace("\\", "/").rstrip("/").split("/")
    last = basename(media)
    for number in range(len(folders) + 1):
        above = "".join(f"{folder}/" for folder in folders[number:])
        yield above + last
        yield above + stem(last)


def basename(media: str) -> str:
    """Returns the name of a file without the folders of any system, or a URL, before it."""
    last = media.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return unquote(last.partition("?")[0]) if "://" in media else last


def stem(name: str) -> str:
    """Returns a name without what looks like the suffix of a file."""
    before, point, suffix = name.rpartition(".")
    looks_so = before and point and suffix.isalnum() and len(suffix) <= LONGEST_SUFFIX
    return before if looks_so else name


def _read_map(path: Path) -> dict[str, str]:
    rows = csv_rows(path)
    _, header = next(rows)
    require_commas(path, header)
    if [name.lower() for name in header] != MAP_FIELDS:
        raise InputError(
            f"--media-map {path} begins with {shorten(','.join(header))}; expected a line "
            f"{','.join(MAP_FIELDS)}"
        )
    return {row[0]: row[1] for _, row in rows}
