"""The command ``train``: one training here, or several in processes of their own."""

import shlex
from dataclasses import replace

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_folder
from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.console import note, say
from preprocessing.terminal.options import to_yaml
from trainer.advice.order import after_training
from trainer.repeats.options import RepeatedTrainConfig
from trainer.run.folder import CHANGEABLE
from trainer.run.interruption import Interruption
from trainer.run.members import OPTIONS, REPEATS, SEEDS, is_repeated, run_names
from trainer.trainings.beginning import require_begun_so, require_same_data
from trainer.trainings.crew import Crew
from trainer.trainings.parts import note_parts
from trainer.trainings.process import TrainingProcess


def run_train(config: RepeatedTrainConfig) -> int:
    """Runs the command ``train``; see ``RepeatedTrainConfig``."""
    if config.repeats > 1 or is_repeated(config.run):
        return train_repeatedly(config)
    from trainer.training.command import run_train as train_once

    if config.jobs > 1:
        note(f"--jobs {config.jobs} does nothing without --repeats")
    code = train_once(config.train_config, config.quiet)
    if config.decoder == "folds":
        from trainer.trainings.held_out import choose_by_folds

        choose_by_folds(config.run)
    return code


def train_repeatedly(config: RepeatedTrainConfig) -> int:
    """Trains with several seeds, or goes on with those that are not trained to their end.

    Returns:
        The exit code.

    Raises:
        InputError: the data or the options do not fit, or no seed came to its end.
        Stopped: a signal came; the same call goes on.
    """
    from trainer.training.continuation import as_begun, resolved

    require_folder("--run", config.run)
    config = resolved(config)
    path = config.run / REPEATS
    config = as_begun(config, path)
    with Interruption() as interruption:
        require_begun_so(
            path, config, "repeated training", CHANGEABLE | {"repeats", "jobs", "quiet"}, {SEEDS}
        )
        _require_as_many(config)
        folder = config.run / SEEDS
        trainings = [TrainingProcess(one, folder, str(one.seed)) for one in config.seeds]
        data = require_same_data(trainings)
        write_whole(path, to_yaml(replace(config, jobs=1, quiet=False)))
        say(f"{config.repeats} seeds, {config.seed} to {config.seed + config.repeats - 1}")
        note_parts(config.train_config, [data.splits] * len(trainings), "seed")
        code = Crew(config.run, trainings, "seed", config.jobs, interruption).go()
    if not config.quiet:  # Once, for all seeds.
        trained = [one.run for one in trainings if one.run.model_path.is_file()]
        say(*after_training(trained))
    said = shlex.quote(str(config.run))
    say(f"{config.run}: {config.repeats} seeds; next: longtake evaluate {said}")
    return code


def _require_as_many(config: RepeatedTrainConfig) -> None:
    """Checks that no seed that was begun is left out now.

    Raises:
        InputError: there are more of them.
    """
    begun = len(run_names(config.run / SEEDS, OPTIONS))
    if config.repeats < begun:
        raise InputError(
            f"{config.run} was begun with --repeats {begun}, not {config.repeats}; give as many or "
            "more, or another --run"
        )
