"""The results of the published evaluation script of the M2CAI16 and Cholec80 phase challenges.

Results in many papers come from it, slips included; docs/metrics.md names each. They are kept here
so that new results can be put beside old ones, for the phases of these data sets and nothing else.
The rules were read in the two copies of the script (``Evaluate.m``) that Jin et al. published with
SV-RCNet (8 phases) and TMRNet (7 phases); the slip of the window was reported by Funke, see Funke,
Rivoir and Speidel 2023, "Metrics matter in surgical phase recognition".
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.metrics.segmental import IntArray, segments

# In the order of the operation; Cholec80 lacks the first.
PHASES = (
    "TrocarPlacement",
    "Preparation",
    "CalotTriangleDissection",
    "ClippingCutting",
    "GallbladderDissection",
    "GallbladderPackaging",
    "CleaningCoagulation",
    "GallbladderRetraction",
)
# By how many places too early in PHASES (late transition), or too late (early transition), an
# answer may be; of other phases 1 and 1.
LATE = {6: (1, 2), 7: (1, 2)}
EARLY = {4: (1, 2), 5: (1, 2), 6: (1, 2), 7: (1, 2)}


def require_phases(classes: Sequence[str]) -> IntArray:
    """Returns the place of each class in ``PHASES``, ``<int>[C]``.

    Raises:
        InputError: a class is none of them.
    """
    unknown = [name for name in classes if name not in PHASES]
    if unknown:
        raise InputError(
            f"--relaxed-bug-compatible with class {unknown[0]!r}: the published script knows "
            f"{', '.join(PHASES)} only; leave the option out for the general definition"
        )
    return np.array([PHASES.index(name) for name in classes], np.int32)


def published_steps(
    phases: IntArray,
    true: IntArray,
    predicted: IntArray,
    times: NDArray[np.float64],
    seconds: float,
) -> NDArray[np.bool_]:
    """Returns the steps that the script counts as right, ``<bool>[N]``.

    Args:
        phases: see ``require_phases``.
        true: ``<int>[N]``, negative where there is no label.
        predicted: ``<int>[N]``.
        times: ``<float64>[N]``; the step is their median distance.
        seconds: length of the windows.
    """
    right: NDArray[np.bool_] = true == predicted
    step = float(np.median(np.diff(times))) if len(times) > 1 else np.inf
    for label, start, stop in segments(true):
        phase = int(phases[label])
        window = min(max(round(seconds / step), 1), stop - start)
        away = phases[predicted[start:stop]] - phase
        head, tail = away[:window], away[len(away) - window :]
        late = np.isin(head, [-places for places in LATE.get(phase, (1,))])
        early = np.isin(tail, EARLY.get(phase, (1,)))
        # The slip: what is early in the last steps is forgiven to the first ones.
        right[start : start + window] |= late | early
    return right


def published_shares(
    true: IntArray, predicted: IntArray, right: NDArray[np.bool_], classes: int
) -> NDArray[np.float64]:
    """Returns precision, recall, F1 and Jaccard in a sequence, ``<float64>[4, C]``; F1 is NaN.

    Right steps of a class are all that were taken for right where the class is true or predicted,
    so that precision and recall may exceed 1 and are cut. NaN for a class that the truth lacks,
    and for the precision of one that is never named, unless steps of it were forgiven: then 1.

    Args:
        true: ``<int>[N]``.
        predicted: ``<int>[N]``.
        right: ``<bool>[N]``, the steps that count as right.
        classes: C.
    """
    shares = np.full((4, classes), np.nan)
    for number in np.unique(true):
        there, said = true == number, predicted == number
        either = there | said
        found = int(right[either].sum())
        named = int(said.sum())
        if named or found:
            shares[0, number] = min(found / named, 1) if named else 1
        shares[1, number] = min(found / int(there.sum()), 1)
        shares[3, number] = found / int(either.sum())
    return shares
