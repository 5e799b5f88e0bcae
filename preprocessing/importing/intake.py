"""Writing of one recording into the store, unless it is there already."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.ordinary import file_state
from preprocessing.importing.clock import Clock
from preprocessing.importing.feature_files import Table
from preprocessing.importing.layouts import Recording
from preprocessing.importing.rounding import Coarseness, require_fits
from preprocessing.importing.suspicions import Rises
from preprocessing.labels.runs import Interval, LabelRuns
from preprocessing.store.freshness import find_done, joint_fingerprint
from preprocessing.store.sequence_file import SequenceWriter, require_finite
from preprocessing.store.sequence_info import (
    IMPORTED,
    Origin,
    median_step,
    read_info,
    sequence_path,
    settings_text,
)
from preprocessing.terminal.console import note

NAMED_COLUMNS = 32


@dataclass(frozen=True)
class Intake:
    """Settings for writing recordings into the store.

    Attributes:
        store: folder of the sequences.
        clock: the source of the steps' times.
        start_time: the second from which labels count in recordings with times; None for the first.
        dtype: dtype of the stored features.
        labelled: True if the tables' labels are wanted.
        reading: everything else that changes how files are read.
        overwrite: True if features made with other settings are replaced.
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
    """The result of importing a recording.

    Attributes:
        outcome: ``imported``, ``again`` if it was there but made otherwise, or ``skipped``.
        steps: the number of steps in the store.
        intervals: labels in seconds, if they were wanted.
        rising: columns of a new table of lines that rise in every row.
        step_seconds: median time between its steps, if it has times; 0 if not.
    """

    outcome: str
    steps: int
    intervals: Sequence[Interval]
    rising: frozenset[str] = frozenset()
    step_seconds: float = 0.0


def take_in(recording: Recording, table: Table, intake: Intake) -> Taken:
    """Writes one sequence, unless the store has it from the same content in the same way.

    Args:
        recording: the sequence to import.
        table: its opened files.
        intake: the settings.

    Raises:
        InputError: the files cannot be used, or were written to meanwhile.
        OtherSettings: the store has the sequence, made with other settings.
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

    taken = _write(path, recording.sequence_id, table, origin, intake, require_unchanged)
    return replace(taken, outcome=outcome, intervals=taken.intervals if given is None else given)


def _write(
    path: Path,
    sequence_id: str,
    table: Table,
    origin: Origin,
    intake: Intake,
    require_unchanged: Callable[[], None],
) -> Taken:
    told = intake.clock.tell(table)
    first = next(told, None)
    if first is None:
        raise InputError(f"{table.where} holds no step")
    start_time = _start_time(table, float(first[0][0]), intake)
    runs, coarse, rises = LabelRuns(), Coarseness(intake.dtype), Rises()
    with SequenceWriter(path, len(table.columns), origin, intake.dtype, start_time) as writer:
        for times, block in chain([first], told):
            require_finite(block.features, table.where, writer.steps)
            require_fits(block.features, table.where, table.columns, intake.dtype)
            writer.append(times, block.features)
            coarse.add(block.features)
            if table.row == "line":  # Numbers whose columns have names.
                rises.add(block.features)
            if intake.labelled:
                runs.add(times, block.labels)
        require_unchanged()
        writer.frames_decoded = writer.steps
    if worst := coarse.worst(table.columns):
        note(f"{sequence_id}: float16 is coarse for {worst}; consider --dtype float32")
    return Taken(
        outcome="imported",
        steps=writer.steps,
        intervals=runs.intervals(start_time, intake.clock.step_seconds(table)),
        rising=rises.named(table.columns),
        step_seconds=median_step(first[0]) if table.timed else 0.0,
    )


def _labels(table: Table, intake: Intake, start_time: float) -> Sequence[Interval]:
    """Returns the labels of a sequence that is in the store already."""
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
        backbone=f"{IMPORTED}{recording.kind}",
        backbone_digest="",
        settings=settings_text(columns=_described(table.columns), dtype=intake.dtype),
    )


def _described(columns: list[str]) -> list[str] | str:
    """Returns the columns' names, or a digest of very many, since attributes must not be large."""
    if len(columns) <= NAMED_COLUMNS:
        return columns
    digest = blake2b(json.dumps(columns).encode(), digest_size=8).hexdigest()
    return f"{len(columns)} from {columns[0]} to {columns[-1]}, digest {digest}"
