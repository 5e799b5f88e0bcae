"""The best model on the validation split, RUN/validated.json: measured once, when training ends."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json

if TYPE_CHECKING:
    from trainer.run.folder import Run

MOST = 1e15


@dataclass(frozen=True)
class Validated:
    """Figures of the best model on validation, beside those that history.csv has.

    Attributes:
        epoch: whose weights were measured.
        score: ``accuracy``, or ``mae`` of a regression.
        carried: the score with the state carried from chunk to chunk, as in training.
        reset: the score if it is reset at each chunk; both None if they were not compared.
        segments: of raw answers; None if they were not counted.
        true_segments: of the labels at the same steps.
    """

    epoch: int
    score: str
    carried: float | None = None
    reset: float | None = None
    segments: int | None = None
    true_segments: int | None = None

    def __post_init__(self) -> None:
        if type(self.epoch) is not int or self.score not in ("accuracy", "mae"):
            raise ValueError(f"epoch is {self.epoch!r:.40}, score is {self.score!r:.40}")
        for name in ("carried", "reset", "segments", "true_segments"):
            value = getattr(self, name)
            if value is not None and not (type(value) in (int, float) and 0 <= value < MOST):
                raise ValueError(f"{name} is {value!r:.40}")

    @property
    def compared(self) -> str:
        """The scores with the carry and without, in words; empty if they are not known."""
        if self.carried is None or self.reset is None:
            return ""
        with_it, without = map(self._shown, (self.carried, self.reset))
        return f"{with_it} with the state carried, {without} with it reset at each chunk"

    def _shown(self, value: float) -> str:
        return f"mae {value:.3g}" if self.score == "mae" else f"{100 * value:.1f} % right"

    @staticmethod
    def score_of(value: float) -> float | None:
        """Returns a score as it is kept; None for one that is no number, or beyond all measure."""
        return value if 0 <= value < MOST else None

    def to_json(self) -> str:
        """Returns the content of validated.json."""
        return json.dumps(asdict(self), indent=1) + "\n"


def known_validated(run: "Run") -> Validated | None:
    """Returns what was measured of a run; None if nothing was, or it cannot be read.

    Args:
        run: that was trained.
    """
    if not run.validated_path.is_file():
        return None
    with suppress(InputError, ValueError, TypeError):
        return Validated(**read_json(run.validated_path, "what was measured on validation"))
    return None
