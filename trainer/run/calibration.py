"""The calibration of a run, RUN/calibration.json: how sure its answers are, and should be."""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json


@dataclass(frozen=True)
class Calibration:
    """The temperature of a model, and what it did on the validation split.

    Attributes:
        temperature: what logits are divided by.
        steps: labelled steps of the validation split.
        ece_before, ece_after: the expected calibration error on it, without the temperature and
            with it.
        weights: digest of the model that has the temperature; see ``Run.weights_digest``.
    """

    temperature: float
    steps: int
    ece_before: float
    ece_after: float
    weights: str

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if type(value) is not one.type:
                raise ValueError(f"{one.name} is {value!r:.40}")
        if not (0 < self.temperature < math.inf and self.steps > 0):
            raise ValueError(f"temperature is {self.temperature}, steps are {self.steps}")
        if not (0 <= self.ece_before <= 1 and 0 <= self.ece_after <= 1):
            raise ValueError(f"errors are {self.ece_before} and {self.ece_after}")

    def to_json(self) -> str:
        """Returns the content of calibration.json."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read_calibration(path: Path) -> Calibration | None:
    """Reads calibration.json; None if there is none.

    Raises:
        InputError: the file cannot be read.
    """
    if not path.exists():
        return None
    loaded = read_json(path, "the calibration of a run")
    try:
        return Calibration(**loaded)
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error)[:100].split())
        raise InputError(
            f"cannot read {path}: {reason}; delete it, and start the same train command again"
        ) from None
