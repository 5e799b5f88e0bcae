"""A look at labels before anything is trained on them: a table, and what makes one doubt them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preprocessing.labels.base import BACKGROUND, Labels
from preprocessing.labels.class_table import ClassTable, class_table
from preprocessing.labels.class_table_text import table_lines
from preprocessing.labels.label_warnings import label_warnings
from preprocessing.store.sequence_info import SequenceInfo

FEW_CLASSES = 20


@dataclass(frozen=True)
class LabelCheck:
    """What labels hold.

    Attributes:
        table: the counts of each class in each part.
        warnings: sentences about what should be looked at.
        background: whether time without a label counts as a class.
    """

    table: ClassTable
    warnings: tuple[str, ...]
    background: bool

    def lines(self, most: int | None = FEW_CLASSES) -> list[str]:
        """Returns the table as text.

        Args:
            most: how many classes have a line; None for all.
        """
        return table_lines(self.table, self.background, most)

    def to_json(self) -> str:
        """Returns the table and the warnings as JSON."""
        value = {**self.table.to_json(), "background": self.background, "warnings": self.warnings}
        return json.dumps(value) + "\n"


def check_labels(
    labels: Labels, parts: Mapping[str, Sequence[SequenceInfo]], shares: bool = True
) -> LabelCheck:
    """Counts labels, and looks for what makes one doubt them; reads no features.

    Args:
        labels: of the sequences.
        parts: the sequences of each part.
        shares: whether it matters how much of the time has a label.
    """
    table = class_table(labels, parts)
    warnings = tuple(label_warnings(table, labels, shares))
    options = labels.options
    background = options.unlabelled == BACKGROUND and options.task == "classification"
    return LabelCheck(table, warnings, background)
