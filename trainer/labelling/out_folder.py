"""The folder that ``predict`` writes to, and what must not be lost by that.

DIR/labels.csv             replaced only if it still is what predict wrote, like DIR/bouts.csv,
                           DIR/summary.csv and DIR/steps.csv
DIR/.labels.csv.written    digests of what predict wrote there, a line each; so for the others
DIR/shard-I-of-N/          the same of one shard, beside those of others
DIR/store                  features of videos, of all shards
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.files.outputs import require_folder
from preprocessing.files.own_output import is_own, remember
from preprocessing.files.strays import remove_strays_of
from preprocessing.files.whole_file import whole_file
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SUFFIX, SequenceInfo, read_info
from preprocessing.terminal.console import note
from trainer.bouts.tables import BOUTS, SUMMARY, write_bouts
from trainer.labelling.label_file import write_predicted_labels
from trainer.labelling.options import PredictConfig
from trainer.labelling.step_table import write_steps
from trainer.predictions.reader import Answers
from trainer.run.folder import Run

PREDICTIONS, LABELS = "predictions.h5", "labels.csv"
STEPS = "steps.csv"
TABLES = (LABELS, BOUTS, SUMMARY, STEPS)
STORE, OVERLAYS = "store", "overlay"
LOOKED_AT = 4  # Files of a folder, to tell whether it is a store.


def require_free(run: Run, config: PredictConfig) -> None:
    """Checks that predictions replace nothing but predictions, and do not become sequences.

    What killed processes left of them is removed.

    Args:
        run: whose model predicts.
        config: of the command; its ``--out`` is checked.

    Raises:
        InputError: ``--out`` is no folder, is the run, lies in a store, or has a table that predict
            did not write.
    """
    out = config.out
    for folder in (out, config.folder):
        require_folder("--out", folder, LABELS)
    if _same(out, run.path):
        raise InputError(f"--out {out} is the run itself; give --out a folder of its own")
    for place, what in _stores(run, out):
        if out.resolve().is_relative_to(place.resolve()):
            raise InputError(f"--out {out} lies in {place}, {what}; give --out a folder outside it")
    for name in (PREDICTIONS, *TABLES):
        _require_own(run, config.folder / name)
        remove_strays_of(config.folder / name)


def require_outside(out: Path, store: Path) -> None:
    """Checks that predictions do not become sequences of the store that they are about.

    Args:
        out: the folder DIR.
        store: what is predicted on.

    Raises:
        InputError: the folder lies in the store.
    """
    if out.resolve().is_relative_to(store.resolve()):
        raise InputError(f"--out {out} lies in the store {store}; give a folder outside it")


def require_own_store(run: Run, out: Path) -> None:
    """Checks that the features of new videos replace none of another store.

    Args:
        run: whose model predicts.
        out: the folder DIR.

    Raises:
        InputError: ``DIR/store`` is the run's, or was made for something else.
    """
    store = out / STORE
    facts = run.facts
    wanted = (facts.fps, facts.backbone, facts.backbone_digest, facts.settings)
    theirs = _same(store, run.config.store)
    if store.is_dir() and not theirs and not (out / PREDICTIONS).exists():
        found = islice(FeatureStore(store).ids(), LOOKED_AT)
        theirs = any(FeatureStore(store).info(name).origin.method != wanted for name in found)
    if theirs:
        raise InputError(
            f"--out {out}: features of the videos would go to {store}, a store that was "
            "made for something else; give another folder"
        )


def write_labels(
    out: Path, infos: Sequence[SequenceInfo], predictions: Path | Answers, outputs: str
) -> None:
    """Writes ``labels.csv``, and its digest, by which it is known again.

    Args:
        out: the folder DIR.
        infos: the sequences, in the order of the file.
        predictions: their ``predictions.h5``, or that file opened.
        outputs: ``frame``, or ``sequence`` if there is one answer a sequence.
    """
    with _own_table(out / LABELS) as partial:
        write_predicted_labels(partial, infos, predictions, outputs)


def write_own_steps(out: Path, infos: Sequence[SequenceInfo], answers: Answers) -> None:
    """Writes ``steps.csv``, and its digest.

    Args:
        out: the folder DIR.
        infos: the sequences, in the order of the file.
        answers: their ``predictions.h5``, opened.
    """
    with _own_table(out / STEPS) as partial:
        write_steps(partial, infos, answers)


def write_own_bouts(
    out: Path, infos: Sequence[SequenceInfo], predictions: Path | Answers, bins: float | None
) -> None:
    """Writes ``bouts.csv`` and ``summary.csv``, and their digests.

    Args:
        out: the folder DIR.
        infos: the sequences.
        predictions: their ``predictions.h5``, or that file opened.
        bins: the option ``--bins``.
    """
    with _own_table(out / BOUTS) as bouts, _own_table(out / SUMMARY) as summary:
        write_bouts(predictions, bouts, summary, infos, bins, truth=False)


def remove_own(out: Path, *names: str) -> None:
    """Removes tables of an earlier prediction, which the present one does not have, with a note.

    Args:
        out: the folder DIR, of which ``require_free`` has said that they are predict's.
        names: of the tables.

    Raises:
        InputError: one was changed meanwhile.
    """
    there = [out / name for name in names if (out / name).exists()]
    for path in there:
        _require_unchanged(path)
        path.unlink()
    if there:
        removed = some([path.name for path in there])
        note(f"of an earlier predict, and not written this time: {removed} in {out}; removed")


def _require_unchanged(path: Path) -> None:
    """Checks once more that a table is predict's: somebody may have corrected it meanwhile.

    Raises:
        InputError: it is not.
    """
    if path.name in TABLES and path.exists() and not is_own(path):
        raise InputError(
            f"{path} was changed while answers were made, and is kept; move it away, and give the "
            "same command again"
        )


@contextmanager
def _own_table(path: Path) -> Iterator[Path]:
    """Yields a temporary path; what is written there becomes ``path``, and is known again."""
    with whole_file(path) as partial:
        yield partial
        _require_unchanged(path)
        # First, so that whoever is killed in between may start the same command again.
        remember(path, partial)


def _stores(run: Run, out: Path) -> Iterator[tuple[Path, str]]:
    """Yields the stores that predictions must not join, and what they are."""
    if run.config.store.is_dir():
        yield run.config.store, f"the store that {run.path} was trained on"
    for folder in (out, *out.resolve().parents):
        some = islice(folder.glob(f"*{SUFFIX}"), LOOKED_AT)
        if found := next(filter(_is_sequence, some), None):
            yield folder, f"a store ({found.name} lies there), whose sequences the new would join"


def _is_sequence(path: Path) -> bool:
    try:
        read_info(path, path.stem)
    except (InputError, OSError):
        return False
    return True


def _require_own(run: Run, path: Path) -> None:
    """Checks that a file is predict's, if it is there.

    Raises:
        InputError: it is the user's, or was changed by hand.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, where a file is to be written; give another --out")
    for given in (*run.config.labels, run.config.splits):
        if given and _same(path, given):
            raise InputError(
                f"{path} was given to train as --labels or --splits of {run.path}, and predictions "
                "would replace it; give --out a folder of its own"
            )
    if path.name in TABLES and path.exists() and not is_own(path):
        raise InputError(
            f"{path} is not known to be as predict wrote it (somebody made or corrected it, or an "
            "older version wrote it) and would be replaced; give another --out, or move it away"
        )


def _same(one: Path, other: Path) -> bool:
    """Says whether two paths are the same file or folder; neither needs to exist."""
    return one.exists() and other.exists() and one.samefile(other)
