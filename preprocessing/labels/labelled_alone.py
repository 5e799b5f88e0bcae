"""Sequences of which only the labels are known."""

from preprocessing.store.sequence_info import Origin, SequenceInfo


def until(end: float, sequence_id: str) -> SequenceInfo:
    """Describes a sequence of which only the end is known.

    Args:
        end: the second at which its last label ends.
        sequence_id: its id.
    """
    return SequenceInfo(
        sequence_id=sequence_id,
        steps=0,
        dimension=0,
        dtype="",
        first=0.0,
        last=end,
        start_time=0.0,
        frames_decoded=0,
        damage="",
        decoded_share=1.0,
        bytes=0,
        origin=Origin("", "", "native", "", "", ""),
    )
