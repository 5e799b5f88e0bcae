"""An ensemble as files: what answering needs of each member, and what all of them are as one."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from preprocessing.files.whole_file import whole_file, write_whole
from preprocessing.labels.splits import Splits
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.ensemble.decoding import choose_joint_decoder
from trainer.ensemble.fitting import joint_config, joint_facts, joint_lineage, joint_splits
from trainer.ensemble.options import EnsembleConfig
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.run.lineage import Lineage
from trainer.run.members import ENSEMBLE, MEMBERS


def write_ensemble(place: Path, config: EnsembleConfig, runs: Sequence[Run]) -> str:
    """Writes the folder of an ensemble.

    Args:
        place: the folder.
        config: the options; ``run`` is the name that the folder gets.
        runs: the members, which fit.

    Returns:
        A line about its decoder; empty if its answers are not decoded.

    Raises:
        InputError: a test sequence of one was trained on by another.
    """
    splits = joint_splits(runs)
    for number, run in enumerate(runs, start=1):
        member = Run(place / MEMBERS / str(number))
        _describe(member, run.config, run.splits, run.facts, run.lineage)
        _copy(run.model_path, member.model_path)
        for kept in (run.backbone_path, run.history_path, run.calibration_path, run.decoder_path):
            if kept.is_file():
                _copy(kept, member.path / kept.name)
    ensemble, options = Run(place), replace(joint_config(runs), run=config.run)
    _describe(ensemble, options, splits, joint_facts(runs), joint_lineage(runs))
    if runs[0].labels_path.is_file() and all(run.splits == splits for run in runs):
        _copy(runs[0].labels_path, ensemble.labels_path)
    write_whole(place / ENSEMBLE, to_yaml(config))
    if len(runs) == 1 and runs[0].decoder_path.is_file():
        _copy(runs[0].decoder_path, ensemble.decoder_path)
        return "decoder: that of its only member"
    return choose_joint_decoder(ensemble, config.model)


def _describe(
    run: Run, config: TrainConfig, splits: Splits, facts: ModelFacts, lineage: Lineage
) -> None:
    """Writes what describes a run; nothing of what only training needs."""
    run.begin(config, splits, facts, lineage)
    run.checkpoints.folder.rmdir()


def _copy(file: Path, to: Path) -> None:
    with whole_file(to) as partial:
        shutil.copyfile(file, partial)
