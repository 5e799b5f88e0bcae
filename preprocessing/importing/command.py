"""The command that imports features made elsewhere into the store."""

import errno
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from preprocessing.errors import InputError, OptionError, OtherSettings, Unreachable
from preprocessing.files.failures import FailureLog
from preprocessing.importing.intake import Taken, take_in
from preprocessing.importing.labels_out import require_table, write_labels
from preprocessing.importing.layouts import (
    FILES,
    MS_TCN,
    VIDEO_FEATURES,
    Recording,
    files,
    ms_tcn,
    recognize,
    video_features,
)
from preprocessing.importing.options import ImportConfig, check
from preprocessing.importing.suspicions import Suspicions
from preprocessing.store.freshness import put_aside
from preprocessing.store.sequence_info import sequence_path
from preprocessing.terminal.console import note, progress, say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED


@dataclass
class Tally:
    """Counts of the recordings imported so far.

    Attributes:
        opened: the number of recordings that had everything the options ask for.
        wrong: recordings that lacked something, with the error.
        ids: the sequences that are in the store.
        skipped: the number of sequences that were there already.
        again: the number of sequences that were made again.
        steps: the number of steps in the store.
        shapes: steps and columns of the recordings' arrays.
        labelled: intervals of labels, as (sequence, start, end, label).
        suspicions: what is probably a mistake in new tables.
    """

    opened: int = 0
    wrong: list[tuple[Recording, OptionError]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    skipped: int = 0
    again: int = 0
    steps: int = 0
    shapes: set[tuple[int, int]] = field(default_factory=set)
    labelled: list[tuple[str, float, float, str]] = field(default_factory=list)
    suspicions: Suspicions = field(default_factory=Suspicions)

    def add(self, sequence_id: str, taken: Taken) -> None:
        """Counts a sequence that is in the store.

        Args:
            sequence_id: the sequence.
            taken: the result of its import.
        """
        self.ids.add(sequence_id)
        self.skipped += taken.outcome == "skipped"
        self.again += taken.outcome == "again"
        if taken.outcome != "skipped":
            self.suspicions.add(taken.rising, taken.step_seconds)
        self.steps += taken.steps
        self.labelled += [(sequence_id, *interval) for interval in taken.intervals]


def run(config: ImportConfig) -> int:
    """Runs the command ``import``; see ``ImportConfig``."""
    layout = _layout(config)
    check(config, layout)
    recordings = _recordings(config, layout)
    _require_own_ids(recordings)
    if config.labels_out:
        require_table(config.labels_out)
    config.store.mkdir(parents=True, exist_ok=True)
    bundles = ms_tcn.bundles(config.inputs[0]) if layout == MS_TCN else {}
    failures = FailureLog(
        config.store,
        chain(
            (recording.files[0] for recording in recordings),
            (path for parts in bundles.values() for path in parts.values()),
        ),
    )
    tally = _import_all(recordings, config, layout, failures)
    if layout == MS_TCN:
        _write_splits(config, tally, failures)
    if config.labels_out and tally.ids:
        write_labels(config.labels_out, tally.labelled)
    _remark(tally, config, layout)
    say(
        f"{len(tally.ids) - tally.skipped} imported, {tally.skipped} already done, "
        f"{failures.count} failed: {tally.steps} steps in {config.store}"
    )
    return SOME_FAILED if failures.count else DONE


def _import_all(
    recordings: list[Recording], config: ImportConfig, layout: str, failures: FailureLog
) -> Tally:
    tally, intake = Tally(), config.intake(layout)
    for recording in progress(iterable=recordings, unit="file", desc="import"):
        try:
            table = recording.open()
            tally.opened += 1
            if table.shape:
                tally.shapes.add(table.shape)
            tally.add(recording.sequence_id, take_in(recording, table, intake))
        except OtherSettings:
            raise
        except Unreachable as error:
            _fail(failures, recording.files[0], "unreadable", error)
        except OptionError as error:
            tally.wrong.append((recording, error))
        except InputError as error:
            _refuse(failures, config, recording, error)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            _fail(failures, recording.files[0], "file", error)
    if tally.wrong and not tally.opened:
        raise tally.wrong[0][1]
    for recording, wrong in tally.wrong:
        _refuse(failures, config, recording, wrong)
    return tally


def _refuse(
    failures: FailureLog, config: ImportConfig, recording: Recording, error: InputError
) -> None:
    """Records the failure of a recording, and puts aside the features made of it before."""
    aside = put_aside(sequence_path(config.store, recording.sequence_id))
    _fail(failures, recording.files[0], "features", f"{error}{aside}")


def _fail(failures: FailureLog, path: Path, kind: str, error: Exception | str) -> None:
    failures.add(path, kind, str(error))
    note(f"failed: {error}")


def _layout(config: ImportConfig) -> str:
    if config.layout:
        return config.layout
    layout = recognize(config.inputs)
    if layout != FILES:
        note(f"taken as data of the layout {layout} (--layout files takes each file for itself)")
    return layout


def _recordings(config: ImportConfig, layout: str) -> list[Recording]:
    selection = config.selection(layout)
    if layout == MS_TCN:
        root, truth = config.inputs[0], _truth(config)
        return ms_tcn.recordings(root, config.format, selection, truth, config.prefer)
    if layout == VIDEO_FEATURES:
        return video_features.recordings(config.inputs, selection, config.streams)
    made = [path for path in (config.store, config.labels_out) if path]
    return files.recordings(config.inputs, config.format, selection, made, config.prefer)


def _truth(config: ImportConfig) -> ms_tcn.Truth | None:
    """Returns the ground truth of ms-tcn, if labels are wanted."""
    if not config.labels_out or not config.fps:
        return None
    root = config.inputs[0]
    line_fps = config.label_fps or config.fps
    return ms_tcn.Truth(root, config.fps, line_fps, ms_tcn.read_mapping(root))


def _write_splits(config: ImportConfig, tally: Tally, failures: FailureLog) -> None:
    labelled = config.labels_out is not None
    usable = {row[0] for row in tally.labelled} if labelled else tally.ids
    for path, reason in ms_tcn.write_splits(config.inputs[0], config.splits_out, usable, labelled):
        _fail(failures, path, "split", reason)


def _require_own_ids(recordings: list[Recording]) -> None:
    """Refuses two files that would become one sequence."""
    paths: dict[str, Path] = {}
    for recording in recordings:
        first = paths.setdefault(recording.sequence_id, recording.files[0])
        if first != recording.files[0]:
            raise InputError(
                f"{first} and {recording.files[0]} would both be sequence "
                f"{recording.sequence_id!r}; rename one"
            )


def _remark(tally: Tally, config: ImportConfig, layout: str) -> None:
    if tally.again:
        note(f"{tally.again} had been made of other content or with other settings: made again")
    for doubt in tally.suspicions.notes(config.time_column is not None, config.time_unit):
        note(doubt)
    steps, columns = ({shape[axis] for shape in tally.shapes} for axis in (0, 1))
    if len(steps) == 1 < len(columns):
        other = "first" if config.selection(layout).time_last else "last"
        note(
            f"all arrays have {min(steps)} steps, but not as many columns: if time is their other "
            f"axis, import them again with --time-axis {other}"
        )
    if layout == MS_TCN and not (config.labels_out and config.splits_out):
        note("--labels-out FILE gets the ground truth as labels, --splits-out FOLDER the splits")
