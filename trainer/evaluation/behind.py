"""The seconds by which answers come behind the steps that they are about.

None, which is null in metrics.json, where a recording must be over before it is answered.
"""

from collections.abc import Iterable, Sequence

from preprocessing.store.sequence_info import SequenceInfo, rate_of
from trainer.decoded.decoding import Decoding
from trainer.plan.passage import late
from trainer.run.folder import Run


def raw_behind(run: Run, infos: Iterable[SequenceInfo]) -> float | None:
    """Returns the seconds by which raw answers come late.

    Args:
        run: whose model answers, or whose members do.
        infos: the sequences.
    """
    layouts = [member.layout for member in run.answering]
    if any(layout.backward or layout.outputs == "sequence" for layout in layouts):
        return None
    return max(late(layout.horizon) for layout in layouts) / rate_of(infos)


def decoded_behind(raw: float | None, decoding: Decoding) -> float | None:
    """Returns the seconds by which decoded answers come late.

    Args:
        raw: those by which raw ones do.
        decoding: what is made of them.
    """
    if raw is None or decoding.lag_steps is None:
        return None
    return raw + decoding.lag_steps / decoding.decoder.rate


def latest(several: Sequence[float | None]) -> float | None:
    """Returns the seconds by which answers of several come late: those of the latest."""
    known = [seconds for seconds in several if seconds is not None]
    return max(known) if len(known) == len(several) else None
