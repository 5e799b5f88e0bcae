"""Choices among what label files say, and how they are to be read."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing.errors import InputError

# The word that takes all subjects, tiers or raters together.
ALL = "all"


@dataclass(frozen=True)
class LabelChoices:
    """Choices among labels, where files hold more than intervals of classes.

    Attributes:
        format: name of the format; None for what a file's content tells.
        columns: for tables, which column says what, as ``start=Begin`` each.
        subjects: those whose labels are taken; ``all`` for everybody's. Empty if nobody chose,
            which is fine where there is one.
        tiers: sets of labels, likewise.
        raters: people who labelled, likewise.
        priority: classes, the first of which wins where labels overlap and one class is wanted.
        point_seconds: seconds around a point that have its label; None if points have no length.
        modifiers: whether modifiers are part of a class's name.
        media_map: CSV file ``media,sequence``, which says the ids of videos that files call
            otherwise.

    Raises:
        InputError: a value makes no sense.
    """

    format: str | None = None
    columns: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    raters: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    point_seconds: float | None = None
    modifiers: bool = False
    media_map: Path | None = None

    def __post_init__(self) -> None:
        seconds = self.point_seconds
        if seconds is not None and not 0 < seconds < float("inf"):
            raise InputError(f"--point-seconds {seconds:g}: expected more than 0")
        if len(set(self.priority)) < len(self.priority):
            raise InputError(f"--priority {' '.join(self.priority)}: a class is named twice")
