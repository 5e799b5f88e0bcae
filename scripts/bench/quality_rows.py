"""The rows of the benchmark of answers: what is trained, and how its answers are decoded."""

from typing import NamedTuple

from defaults_configurations import BEFORE, flags
from defaults_sets import VTS

STEPS_A_SECOND = VTS.fps


class Row(NamedTuple):
    """Trainings with the same options and several seeds, or ensembles of such.

    Attributes:
        name: in tables, and of its folders.
        told: what ``cross-validate`` is told besides data and seed.
        late: seconds that a raw answer comes after what it is about; None if it needs all.
        lags: seconds that a decoder waits, besides that which sees whole sequences.
        members: the rows that an ensemble joins; none for trainings.
        joins_seeds: whether an ensemble joins all seeds of its members, and not each by itself.
    """

    name: str
    told: tuple[str, ...] = ()
    late: float | None = 0.0
    lags: tuple[float, ...] = ()
    members: tuple[str, ...] = ()
    joins_seeds: bool = False


def _late(steps: int) -> Row:
    """Returns the row of answers that come so many steps late."""
    told = ("--horizon", str(-steps))
    return Row(f"now, horizon -{steps}", told, steps / STEPS_A_SECOND, (0.0, 2.0))


RESET = "now, carry reset"
NOW, BACKWARD, BOTH, LATE = "now", "now, backward", "both ways", "now, horizon -10"
BOTH_LATE = "both ways, horizon -10"  # Of that which goes forward.
# In the order in which they are made: what is most worth knowing first.
ROWS = (
    Row(NOW, lags=(0.0, 1.0, 2.0, 4.0)),
    Row("before", tuple(flags(BEFORE, STEPS_A_SECOND))),
    _late(10),
    Row(BACKWARD, ("--direction", "backward"), None),
    Row(BOTH, late=None, members=(NOW, BACKWARD)),
    Row(RESET, ("--state", "reset")),
    _late(5),
    _late(20),
    Row("seeds of now", lags=(0.0, 2.0), members=(NOW,), joins_seeds=True),
    Row("seeds of horizon -10", (), 10 / STEPS_A_SECOND, (0.0, 2.0), (LATE,), True),
    Row("seeds of both ways", late=None, members=(NOW, BACKWARD), joins_seeds=True),
    Row(BOTH_LATE, late=None, members=(LATE, BACKWARD)),
    Row(f"seeds of {BOTH_LATE}", late=None, members=(LATE, BACKWARD), joins_seeds=True),
)
# In tables: what was before comes first, and what answers at once before what waits.
SHOWN = (
    *("before", RESET, NOW, "now, horizon -5", LATE, "now, horizon -20"),
    *("seeds of now", "seeds of horizon -10", BACKWARD, BOTH, "seeds of both ways"),
    *(BOTH_LATE, f"seeds of {BOTH_LATE}"),
)
