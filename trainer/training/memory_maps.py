"""Memory maps: TensorFlow keeps what it compiles, some hundred of them a training, for good."""

from pathlib import Path

from preprocessing.terminal.console import note

HELD, MOST = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
NEARLY = 0.8


def note_nearly_all_held() -> None:
    """Notes that this process holds nearly all the memory maps that Linux lets it have.

    One that gets no more is ended by TensorFlow's compiler ("LLVM ERROR: Unable to allocate section
    memory!"). Systems without such files say nothing.
    """
    try:
        with HELD.open("rb") as lines:
            held = sum(1 for _ in lines)
        most = int(MOST.read_text())
    except (OSError, ValueError):
        return
    if held >= NEARLY * most:
        note(
            f"this process holds {held:,} of {most:,} memory maps, mostly what TensorFlow compiled "
            "for earlier trainings, and ends when it gets no more: train on in a new process"
        )
