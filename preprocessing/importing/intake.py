"""One recording into the store, unless it is there already."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.ordinary import file_state
from preprocessing.importing.clock import Clock
from preprocessing.importing.feature_files import Table
from preprocessing.importing.layouts import Recording
from preprocessing.importing.rounding import Coarseness, require_fits
from preprocessing.labels.runs import Interval, LabelRuns
from preprocessing.store.freshness import find_done, joint_fingerprint
from preprocessing.store.sequence_file import SequenceWriter, require_finite
from preprocessing.store.sequence_info import Origin, read_info, sequence_path, settings_text
from preprocessing.terminal.console import note

NAMED_COLUMNS = 32


@dataclass(frozen=True)
class Intake:
    """How recordings are taken in.

    Attributes:
        store: folder of the sequences.
        clock: what tells the steps' times.
        start_time: second from which labels count where a recording has times; None for its first.
        dtype: of the features on disk.
        labelled: whether the tables' labels are wanted.
        reading: all else that says how files are read.
        overwrite: whether what was made with other settings is replaced.
    """

    store: Path
    clock: Clock
    start_time: float | None
    dtype: str
    labelled: bool
    reading: str
    overwrite: bool = False


@dataclass(frozen=True)
class Taken:
    """What came of a recording.

    Attributes:
        outcome: ``imported``, ``again`` if it was there but made otherwise, or ``skipped``.
        steps: in the store.
        intervals: labels in seconds, if they were wanted.
    """

    outcome: str
    steps: int
    intervals: Sequence[Interval]


def take_in(recording: Recording, table: Table, intake: Intake) -> Taken:
    """Writes one sequence, unless it is there, made of the same content in the same way.

    Raises:
        InputError: its files cannot be used, or were written to meanwhile.
        OtherSettings: it is there, made with other settings.
    """
    path = sequence_path(intake.store, recording.sequence_id)
    states = [file_state(file) for file in recording.files]
    origin = _origin(recording, table, intake)
    given = recording.intervals(table.shape[0]) if recording.intervals and table.shape else None
    if find_done(path, recording.sequence_id, origin, intake.overwrite):
        info = read_info(path, recording.sequence_id)
        if given is None and intake.labelled:
            given = _labels(table, intake, info.start_time)
        return Taken("skipped", info.steps, given or ())
    outcome = "again" if path.exists() else "imported"

    def require_unchanged() -> None:
        if states != [file_state(file) for file in recording.files]:
            raise InputError(f"{table.where} was written to while it was read; import it again")

    steps, intervals = _write(path, recording.sequence_id, table, origin, intake, require_unchanged)
    return Taken(outcome, steps, intervals if given is None else given)


def _write(
    path: Path,
    sequence_id: str,
    table: Table,
    origin: Origin,
    intake: Intake,
    require_unchanged: Callable[[], None],
) -> tuple[int, Sequence[Interval]]:
    told = intake.clock.tell(table)
    first = next(told, None)
    if first is None:
        raise InputError(f"{table.where} holds no step")
    start_time = _start_time(table, float(first[0][0]), intake)
    runs, coarse = LabelRuns(), Coarseness(intake.dtype)
    with SequenceWriter(path, len(table.columns), origin, intake.dtype, start_time) as writer:
        for times, block in chain([first], told):
            require_finite(block.features, table.where, writer.steps)
            require_fits(block.features, table.where, table.columns, intake.dtype)
            writer.append(times, block.features)
            coarse.add(block.features)
            if intake.labelled:
                runs.add(times, block.labels)
        require_unchanged()
        writer.frames_decoded = writer.steps
    if worst := coarse.worst(table.columns):
        note(f"{sequence_id}: float16 is coarse for {worst}; consider --dtype float32")
    return writer.steps, runs.intervals(start_time, intake.clock.step_seconds(table))


def _labels(table: Table, intake: Intake, start_time: float) -> Sequence[Interval]:
    """The labels of a sequence that is in the store already."""
    runs = LabelRuns()
    for times, block in intake.clock.tell(table):
        runs.add(times, block.labels)
    return runs.intervals(start_time, intake.clock.step_seconds(table))


def _start_time(table: Table, first: float, intake: Intake) -> float:
    if not table.timed:
        return 0.0
    return first if intake.start_time is None else intake.start_time


def _origin(recording: Recording, table: Table, intake: Intake) -> Origin:
    return Origin(
        source=str(recording.files[0].resolve()),
        fingerprint=joint_fingerprint(recording.files, f"{recording.part} {intake.reading}"),
        fps=intake.clock.rate(table),
        backbone=f"import-{recording.kind}",
        backbone_digest="",
        settings=settings_text(columns=_described(table.columns), dtype=intake.dtype),
    )


def _described(columns: list[str]) -> list[str] | str:
    """The columns' names, or of very many a digest: attributes of a file must not be large."""
    if len(columns) <= NAMED_COLUMNS:
        return columns
    digest = blake2b(json.dumps(columns).encode(), digest_size=8).hexdigest()
    return f"{len(columns)} from {columns[0]} to {columns[-1]}, digest {digest}"
