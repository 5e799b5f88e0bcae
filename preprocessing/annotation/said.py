"""All that label files say of sequences, chosen by nobody: in tiers, with points and open states.

Each annotation has the id of its sequence in place of the name of its medium.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from preprocessing.errors import InputError, counted, some
from preprocessing.files.folders import files_below
from preprocessing.labels.annotated import AnnotatedFile, names_for, read_files
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import ALL, LabelChoices
from preprocessing.labels.class_runs import class_runs
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.registry import format_of
from preprocessing.labels.frame_times import FrameClock, frame_clock
from preprocessing.labels.label_files import annotated_files
from preprocessing.labels.labelled_alone import until
from preprocessing.labels.named import NamedLabels
from preprocessing.labels.overlaps import joined, without
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.labels.selection import class_name, selection
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note

# Formats that call videos by the ids of sequences.
OURS = {"intervals", "bouts"}


@dataclass
class Said:
    """The content of label files.

    Attributes:
        by_sequence: what is said of each sequence; empty for those of which a file says nothing.
        media: how files name the media of each sequence, as far as they do.
        in_frames: whether times are numbers of frames, since nothing says how long one lasts.
        fps: frames a second, of sequences whose files say so.
    """

    by_sequence: dict[str, list[Annotation]] = field(default_factory=dict)
    media: dict[str, str] = field(default_factory=dict)
    in_frames: bool = False
    fps: dict[str, float] = field(default_factory=dict)

    @property
    def all(self) -> list[Annotation]:
        """All annotations, sequence by sequence."""
        return [one for several in self.by_sequence.values() for one in several]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of classes, sorted."""
        return tuple(sorted({one.label for one in self.all}))


def all_said(options: LabelOptions, store: FeatureStore | None, in_frames: bool = False) -> Said:
    """Reads label files, of which later ones win in the stretches that they label.

    Args:
        options: the files, and how they are read; choices that nobody made mean everything.
        store: has the sequences; None if none is at hand.
        in_frames: whether times may be numbers of frames, if all are.

    Raises:
        InputError: a file cannot be read, or how long a frame lasts is not known and must be.
    """
    said = Said()
    for path in (options.path, *options.corrections):
        _correct(said, _read(replace(options, path=path, corrections=()), store, in_frames))
    if not said.by_sequence:
        raise InputError(f"{options.path} says nothing of any sequence")
    return said


def _read(options: LabelOptions, store: FeatureStore | None, in_frames: bool) -> Said:
    """Reads one file, or the files of a folder."""
    paths = _annotated(options.path, options.choices)
    if not paths:
        return Said(dict(_of_own(options, store)))
    folder = options.path if options.path.is_dir() else None
    files = read_files(paths, _open(options.choices), folder)
    if options.path.is_dir() and (left := sorted(set(files_below(options.path)) - set(paths))):
        note(
            f"{counted(len(left), 'file')} of {options.path} in no known format of labels: not "
            f"read ({some([one.name for one in left])})"
        )
    return _Collected(options, store, in_frames).said(files)


def _annotated(path: Path, choices: LabelChoices) -> list[Path]:
    """Returns the files in formats of annotations; none where names a line, or a store, are meant.

    Args:
        path: a file, or a folder.
        choices: how labels are read.
    """
    if not path.is_dir():
        return [path] if path.is_file() and format_of(path, choices) else []
    return annotated_files(path, choices)


class _Collected:
    """Annotations of files, as what is said of sequences.

    Args:
        options: how they are read.
        store: has the sequences; None if none is at hand.
        in_frames: whether times may be numbers of frames.
    """

    def __init__(self, options: LabelOptions, store: FeatureStore | None, in_frames: bool):
        self._options, self._store, self._in_frames = options, store, in_frames
        self._names = names_for(store, options.choices)
        self._clock = cache(lambda name, fps: frame_clock(name, fps, store))

    def said(self, files: Iterable[AnnotatedFile]) -> Said:
        """Returns what files say, chosen by the options where they choose."""
        files, said = list(files), Said()
        everything = [one for file in files for one in file.reading.annotations]
        chosen = selection(everything, _open(self._options.choices), str(self._options.path))
        said.in_frames = self._counts_frames(files)
        for file in files:
            found = format_of(file.path, self._options.choices)
            named = self._as_is if found and found.name in OURS else self._names.sequence
            for media in file.reading.media:
                self._add_media(said, named(media), media, file.reading.fps)
            for one in filter(chosen, file.reading.annotations):
                own = one.media == file.name
                name = self._names.own(one.media) if own else named(one.media)
                self._add_media(said, name, one.media, file.reading.fps)
                if one.label not in self._options.ignored:
                    said.by_sequence[name].append(self._timed(file, name, one, said.in_frames))
        for several in said.by_sequence.values():
            several.sort(key=lambda one: one.start)
        return said

    def _as_is(self, media: str) -> str:
        """Returns the id that our own tables have; a store may know it by another name."""
        return media if self._store is None else self._names.sequence(media)

    def _add_media(self, said: Said, name: str, media: str, fps: float | None) -> None:
        said.by_sequence.setdefault(name, [])
        said.media.setdefault(name, media)
        if rate := self._options.fps or fps:
            said.fps.setdefault(name, rate)

    def _counts_frames(self, files: list[AnnotatedFile]) -> bool:
        """Returns whether all times are in frames, and may stay so."""
        if not self._in_frames or self._store is not None or self._options.fps is not None:
            return False
        return all(file.reading.unit == "frames" and not file.reading.fps for file in files)

    def _timed(
        self, file: AnnotatedFile, name: str, one: Annotation, in_frames: bool
    ) -> Annotation:
        """Returns an annotation in seconds, with the name of its class, and a length if asked."""
        choices, start, end = self._options.choices, one.start, one.end
        if file.reading.unit == "frames" and not in_frames:
            fps = self._options.fps or (None if self._store else file.reading.fps)
            clock: FrameClock = self._clock(name, fps)
            start, end = clock(start), end if end is None or end == OPEN else clock(end)
        if end is None and choices.point_seconds is not None:
            end = start + choices.point_seconds / 2
            start = max(0.0, start - choices.point_seconds / 2)
        label, modifiers = class_name(one, choices), () if choices.modifiers else one.modifiers
        return one._replace(media=name, start=start, end=end, label=label, modifiers=modifiers)


def _open(choices: LabelChoices) -> LabelChoices:
    """Returns choices in which everything is taken where nobody chose."""
    return replace(
        choices,
        subjects=choices.subjects or (ALL,),
        tiers=choices.tiers or (ALL,),
        raters=choices.raters or (ALL,),
    )


def _correct(before: Said, later: Said) -> None:
    """Lets what is said later win, in place, in the stretches that it labels.

    Raises:
        InputError: one counts frames, and the other seconds.
    """
    if before.by_sequence and before.in_frames != later.in_frames:
        raise InputError(
            "some of the label files count frames, and others seconds; give --label-fps, or --store"
        )
    for name, several in later.by_sequence.items():
        taken = [(one.start, one.end) for one in several if one.end is not None]
        left = _outside(before.by_sequence.get(name, []), taken)
        before.by_sequence[name] = sorted([*left, *several], key=lambda one: one.start)
    before.media.update(later.media)
    before.fps.update(later.fps)
    before.in_frames = later.in_frames


def _outside(several: list[Annotation], taken: list[tuple[float, float]]) -> Iterator[Annotation]:
    """Yields what is left of annotations outside of stretches; points in these are gone."""
    lasting = [
        (one.start, one.end, str(number))
        for number, one in enumerate(several)
        if one.end is not None
    ]
    for start, end, number in without(lasting, taken):
        yield several[int(number)]._replace(start=start, end=end)
    stretches = joined((start, end, "") for start, end in taken) if taken else []
    begins = [start for start, _, _ in stretches]
    for one in several:
        place = bisect_right(begins, one.start) - 1
        if one.end is None and not (place >= 0 and one.start < stretches[place][1]):
            yield one


def _of_own(
    options: LabelOptions, store: FeatureStore | None
) -> Iterator[tuple[str, list[Annotation]]]:
    """Yields each sequence of labels of our own forms, with what is said of it.

    Args:
        options: the labels, and how they are read.
        store: has the sequences; None if none is at hand.

    Raises:
        InputError: they cannot be read, or are numbers.
    """
    labels = read_labels(options, store) if store else read_labels_alone(options)
    if not isinstance(labels, NamedLabels):
        raise InputError(f"{options.path} holds numbers, which have no classes to show or write")
    for name in sorted(labels.ids()):
        info = store.info(name) if store else until(labels.end(name), name)
        yield name, [Annotation(name, *one) for one in sorted(class_runs(labels, info))]
