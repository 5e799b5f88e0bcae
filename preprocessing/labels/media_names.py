"""The sequence that a label file means when it names a video in its own way."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.csv_rows import csv_rows, require_commas
from preprocessing.store.hints import LONGEST_SUFFIX
from preprocessing.terminal.console import note

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
        failed: says whether a video of some id is there, of which no features could be made.

    Raises:
        InputError: the map cannot be read.
    """

    def __init__(
        self,
        known: Collection[str],
        media_map: Path | None,
        failed: Callable[[str], bool] = lambda sequence_id: False,
    ):
        self._known, self._failed = frozenset(known), failed
        self._told = _read_map(media_map) if media_map else {}
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for sequence_id in known:
            self._by_stem[sequence_id.rpartition("/")[2]].append(sequence_id)
        self._named_after: dict[str, str] = {}
        self.shortened: dict[str, str] = {}
        self.sequence = cache(self._find)
        self.own = cache(self._own)

    def note_shortened(self) -> None:
        """Notes which label files are of a video that has another name than they."""
        if self.shortened:
            name, sequence_id = next(iter(self.shortened.items()))
            many = counted(len(self.shortened), "label file")
            note(f"{many} taken by the name of a video: {name} is of {sequence_id}")

    def _own(self, name: str) -> str:
        """Returns the id of the video that a label file is named after; its folders count.

        A word for what labels are may stand behind the name of the video, as in data sets.

        Args:
            name: of the label file, below the folder that was given, without its suffix.

        Raises:
            InputError: several files are of one video, and such a word tells them apart.
        """
        found = self._after(name)
        other = self._named_after.setdefault(found, name)
        if other != name and (name in self.shortened or other in self.shortened):
            raise InputError(
                f"{shorten(other)} and {shorten(name)} both hold labels of {shorten(found)}; give "
                "labels of each kind a folder of their own, and one of them to --labels"
            )
        return found

    def _after(self, name: str) -> str:
        folders, slash, last = name.rpartition("/")
        if not (self._known or self._told):
            return folders + slash + stem(last)
        found = self.sequence(name)
        ends = [match for match in ABOUT_LABELS.finditer(name) if match.end() == len(name)]
        if found in self._known or found in self._told.values() or not ends:
            return found
        shorter = self.sequence(name[: ends[0].start()])
        if shorter not in self._known or self._failed(name):
            return found
        self.shortened[name] = shorter
        return shorter

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
