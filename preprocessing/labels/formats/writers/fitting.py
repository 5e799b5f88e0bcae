"""The fitting of what is said about videos to a format, which has no place for all of it.

Names of tiers, subjects and raters that a format has no place for become part of one that it has,
where they differ:

    tier        subject    in ELAN              in BORIS              in Audacity
    truth       ann        tier truth, ann      subject truth ann     folder truth ann
    prediction  ann        tier prediction, ann subject prediction …  folder prediction ann
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from preprocessing.errors import counted
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writing import Annotated, Annotations

SIDES = ("tier", "subject", "rater")
# Controls and ends of lines, halves of letters, and what is no character.
NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class Fitting:
    """Fits the content of files to a format.

    Args:
        writer: the format.
        content: what is written.

    Attributes:
        sides: what tells apart sets of labels that the format cannot hold in one file: the empty
            name alone if it can, or there is but one set.
        remarks: what a person should know of what is lost, a line each.
    """

    def __init__(self, writer: Writer, content: Annotated):
        self._writer, self._content = writer, content
        seen: dict[str, dict[str, None]] = {name: {} for name in SIDES}
        self._points = self._modified = self._mended = 0
        for one in _all(content):
            for name, values in seen.items():
                values[getattr(one, name)] = None
            self._points += one.end is None
            self._modified += bool(one.modifiers)
            self._mended += one is not _mended(one)
        self._joined = sum(_within(content.of(video)) for video in content.videos if writer.joins)
        different = [name for name in SIDES if len(seen[name]) > 1]
        self._kept = [name for name in SIDES if name in writer.keeps]
        self._homeless = [name for name in different if name not in self._kept]
        self.sides: tuple[str, ...] = ("",)
        if self._homeless and not self._kept:
            self.sides = tuple(dict.fromkeys(map(self._side, _all(content))))
        self.remarks = list(self._remarks())

    def fitted(self, side: str) -> Annotated:
        """Returns the content of a file.

        Args:
            side: one of ``sides``.
        """
        classes = dict.fromkeys(map(plain, self._content.classes))
        said = _Fitted(self, self._content.annotations, side)
        return replace(self._content, annotations=said, classes=tuple(classes))

    def fit(self, said: Annotations, side: str) -> Iterator[Annotation]:
        """Yields what is said about a video, as the format can hold it.

        Args:
            said: the annotations.
            side: which of ``sides`` they are wanted of.
        """
        for one in said:
            if one.end is None and not self._writer.points:
                continue
            if len(self.sides) > 1 and self._side(one) != side:
                continue
            named = {name: getattr(one, name) if name in self._kept else "" for name in SIDES}
            if self._homeless and self._kept:
                home = self._kept[0]
                told = (getattr(one, name) for name in SIDES if name in {home, *self._homeless})
                named[home] = " ".join(filter(None, told))
            modifiers = one.modifiers if "modifiers" in self._writer.keeps else ()
            tier, subject, rater = (named[name] for name in SIDES)
            yield _mended(
                one._replace(tier=tier, subject=subject, rater=rater, modifiers=modifiers)
            )

    def _side(self, one: Annotation) -> str:
        return " ".join(filter(None, (plain(getattr(one, name)) for name in self._homeless)))

    def _remarks(self) -> Iterator[str]:
        title = self._writer.title
        if self._points and not self._writer.points:
            yield (
                f"{counted(self._points, 'point')} left out: {title} have no place for labels "
                "without length; --point-seconds gives them one"
            )
        if self._modified and "modifiers" not in self._writer.keeps:
            yield (
                f"modifiers of {counted(self._modified, 'label')} left out: {title} have no place "
                "for them; --modifiers makes them part of the class"
            )
        if self._joined:
            yield (
                f"{counted(self._joined, 'label')} joined with others of the same class that they "
                f"overlap: {title} have no place for both"
            )
        if self._mended:
            yield (
                f"names of {counted(self._mended, 'label')} have characters that are no letters, "
                "such as ends of lines: written as spaces"
            )


class _Fitted(Mapping[str, Annotations]):
    """Annotations by sequence, fitted when they are asked for."""

    def __init__(self, fitting: Fitting, given: Mapping[str, Annotations], side: str):
        self._fitting, self._given, self._side = fitting, given, side

    def __getitem__(self, sequence_id: str) -> Annotations:
        return tuple(self._fitting.fit(self._given[sequence_id], self._side))

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def plain(name: str) -> str:
    """Returns a name in one line, without what no text file and no XML can hold."""
    return " ".join(NO_TEXT.sub(" ", name).split()) if NO_TEXT.search(name) else name


def _mended(one: Annotation) -> Annotation:
    names = (one.label, one.subject, one.tier, one.rater, *one.modifiers)
    if not any(map(NO_TEXT.search, names)):
        return one
    return one._replace(
        label=plain(one.label),
        subject=plain(one.subject),
        tier=plain(one.tier),
        rater=plain(one.rater),
        modifiers=tuple(map(plain, one.modifiers)),
    )


def _within(said: Annotations) -> int:
    """Returns how many annotations begin before an earlier one of their kind is over."""
    ends: dict[tuple[object, ...], float] = {}
    joined = 0
    for one in said:
        kind = (one.label, one.tier, one.subject, one.rater, one.modifiers)
        before = ends.get(kind, one.start)
        joined += one.start < before
        ends[kind] = max(before, one.start if one.end is None else one.end)
    return joined


def _all(content: Annotated) -> Iterable[Annotation]:
    for video in content.videos:
        yield from content.of(video)
