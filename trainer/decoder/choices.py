"""What was chosen for a lag."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """The best weights for a lag.

    Attributes:
        lag: seconds; None for offline.
        chosen: False where raw answers were as good.
    """

    lag: float | None
    chosen: bool

    def facts(self) -> dict[str, Any]:
        """Returns the weights by name."""
        raise NotImplementedError
