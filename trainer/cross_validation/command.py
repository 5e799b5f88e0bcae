"""The command ``cross-validate``: folds are trained as processes, and evaluated as one.

RUN/cross-validation.yaml      what is trained
RUN/groups.csv                 the group of each sequence, where they have groups
RUN/folds/<name>.splits.json   which sequences a fold trains on, and tests
RUN/folds/<name>/              its run
RUN/evaluation/test/           figures, predictions and report over all folds
"""

import csv
import io
import shlex
from collections.abc import Mapping
from dataclasses import replace

from preprocessing.errors import InputError, counted, some
from preprocessing.files.outputs import require_folder
from preprocessing.files.whole_file import write_whole
from preprocessing.labels.groups import GROUP_FIELDS
from preprocessing.labels.splits import read_splits
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import say
from preprocessing.terminal.options import to_yaml
from trainer.cross_validation.dealing import Folds, deal
from trainer.cross_validation.options import CrossValidateConfig
from trainer.evaluation.options import EvaluateConfig
from trainer.run.folder import CHANGEABLE, Run
from trainer.run.interruption import Interruption
from trainer.run.members import CROSS_VALIDATION, FOLDS, GROUPS, SPLITS, run_names
from trainer.training.continuation import as_begun, resolved
from trainer.trainings.beginning import require_begun_so, require_same_data
from trainer.trainings.crew import Crew
from trainer.trainings.parts import note_parts
from trainer.trainings.process import TrainingProcess

MAY_CHANGE = CHANGEABLE | {"jobs", "quiet", "wait"}


def run_cross_validate(config: CrossValidateConfig) -> int:
    """Runs the command ``cross-validate``; see ``CrossValidateConfig``.

    Raises:
        InputError: the data or the options do not fit, or no fold came to its end.
        Stopped: a signal came; the same command goes on.
    """
    require_folder("--run", config.run)
    config = resolved(config)
    path = config.run / CROSS_VALIDATION
    config = as_begun(config, path)
    require_begun_so(path, config, "cross-validation", MAY_CHANGE, {FOLDS, GROUPS})
    with Interruption() as interruption:
        folds = deal(config)
        _require_unseen(config, folds)
        if path.exists():
            _require_same_folds(config, folds)
        _write_folds(config, folds)
        trainings = _trainings(config, folds)
        require_same_data(trainings[:1])
        write_whole(path, to_yaml(replace(config, jobs=1, quiet=False, wait=True)))
        say(f"{counted(len(trainings), 'fold')}{_grouped(folds.groups)}")
        note_parts(trainings[0].config, folds.splits.values(), "fold")
        crew = Crew(config.run, trainings, "fold", config.jobs, interruption, config.wait)
        code = crew.go()
    if crew.left:
        say(
            f"left to other processes, the last of which evaluates: {some(crew.left)}; should they "
            "be killed, the same command goes on"
        )
        return code
    from trainer.evaluation.command import run_evaluate  # TensorFlow, which had no work till now.

    run_evaluate(EvaluateConfig(config.run, model=config.model, quiet=config.quiet))
    say(f"measured again, or otherwise, by: longtake evaluate {shlex.quote(str(config.run))}")
    return code


def _trainings(config: CrossValidateConfig, folds: Folds) -> list[TrainingProcess]:
    folder = config.run / FOLDS
    group_by = str(config.run / GROUPS) if folds.groups else None
    trainings = []
    for name in folds.splits:
        splits = folder / f"{name}{SPLITS}"
        one = replace(config.train_config, splits=splits, group_by=group_by, split_seed=None)
        trainings.append(TrainingProcess(one, folder, name))
    return trainings


def _require_unseen(config: CrossValidateConfig, folds: Folds) -> None:
    """Checks that no fold begins with weights that know what it tests.

    Raises:
        InputError: the run continued from, or an ancestor of it, was trained on what is tested.
    """
    if config.continue_from is None:
        return
    store = FeatureStore(config.store)
    tested = sorted(name for splits in folds.splits.values() for name in splits.test)
    if seen := Run(config.continue_from).lineage.seen(map(store.info, tested)):
        raise InputError(
            f"--continue-from {config.continue_from}: it, or a run that it continues, was trained "
            f"on {len(seen)} of {counted(len(tested), 'sequence')} that folds test ({some(seen)}), "
            "which would not be held out; leave --continue-from out, or continue from a run of "
            "other recordings"
        )


def _write_folds(config: CrossValidateConfig, folds: Folds) -> None:
    """Writes the splits of each fold, and removes those of a beginning that came to nothing."""
    folder = config.run / FOLDS
    for stale in set(run_names(folder, SPLITS)) - set(folds.splits):
        (folder / f"{stale}{SPLITS}").unlink()
    for name, splits in folds.splits.items():
        write_whole(folder / f"{name}{SPLITS}", splits.to_json())
    if folds.groups:
        write_whole(config.run / GROUPS, _table(folds.groups))
    else:
        (config.run / GROUPS).unlink(missing_ok=True)


def _require_same_folds(config: CrossValidateConfig, folds: Folds) -> None:
    """Checks that a cross-validation goes on with the folds that it was begun with.

    Raises:
        InputError: labels, splits or groups are others now.
    """
    folder = config.run / FOLDS
    names = run_names(folder, SPLITS)
    before = {name: read_splits(folder / f"{name}{SPLITS}") for name in names}
    for name in sorted(set(before) | set(folds.splits)):
        if before.get(name) != folds.splits.get(name):
            raise InputError(
                f"{config.run} was begun with other folds (fold {name} has other sequences): the "
                "labels, --splits or groups have changed; give another --run, or what it was "
                "begun with"
            )
    path = config.run / GROUPS
    if (path.read_text("utf-8") if path.is_file() else "") != _table(folds.groups):
        raise InputError(
            f"{config.run} was begun with other groups, over which its intervals are; give another "
            "--run, or the groups that it was begun with"
        )


def _table(groups: Mapping[str, str]) -> str:
    """Returns the content of groups.csv; empty if there are no groups."""
    if not groups:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(GROUP_FIELDS)
    writer.writerows(sorted(groups.items()))
    return text.getvalue()


def _grouped(groups: Mapping[str, str]) -> str:
    if not groups:
        return ""
    return f" of {counted(len(groups), 'sequence')} in {len(set(groups.values()))} groups"
