"""Sequences that are evaluated: which of them the model was trained on, and whether that may be."""

from collections.abc import Collection

from preprocessing.errors import InputError, counted, some
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from trainer.evaluation.options import EvaluateConfig
from trainer.run.folder import Run
from trainer.run.members import is_ensemble


def seen_sequences(run: Run, config: EvaluateConfig, infos: Collection[SequenceInfo]) -> list[str]:
    """Returns the sequences that the run, or one that it continues, was trained on.

    Args:
        run: what is evaluated.
        config: the options of ``evaluate``.
        infos: the sequences to evaluate.

    Raises:
        InputError: there are some among sequences that should be held out.
    """
    seen = run.lineage.seen(infos)
    if not seen or config.split == "train":
        return seen
    what = f"{len(seen)} of {counted(len(infos), 'sequence')}"
    if config.allow_seen or _all_of_its_own(run, config, infos):
        note(f"{what} were trained on; the figures include them")
        return seen
    by = f"a member of {run.path}" if is_ensemble(run.path) else f"{run.path}"
    where = "among these" if config.split == "all" else f"of the {config.split} split"
    raise InputError(
        f"{what} {where} ({some(seen)}) were trained on, by {by} or a run that it continues: "
        "they are not held out; take them out of the labels or splits, or give --allow-seen to "
        "count them all the same, which metrics.json and the page then say"
    )


def _all_of_its_own(run: Run, config: EvaluateConfig, infos: Collection[SequenceInfo]) -> bool:
    """Returns True if all data of a run are asked for, and not those of others.

    Its store and labels may be given because they have moved; then all that it was trained on is
    among them.
    """
    if config.split != "all":
        return False
    elsewhere = config.store is not None or config.labels is not None
    return not elsewhere or set(run.splits.train) <= {info.sequence_id for info in infos}
