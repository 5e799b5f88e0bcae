"""The beginning of several trainings: a folder that is new, or was begun with the same options."""

import os
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.whole_file import PARTIAL
from preprocessing.terminal.options import from_yaml
from trainer.config import TrainConfig, flag
from trainer.training.by_data import chosen
from trainer.training.data import Data, load_data
from trainer.trainings.process import TrainingProcess


def require_begun_so(
    path: Path,
    config: TrainConfig,
    what: str,
    changeable: Collection[str],
    beside: Collection[str] = (),
) -> None:
    """Checks that a folder is new, or holds what was begun with the same options.

    Args:
        path: the file in the folder that has, or gets, the options.
        config: the options now.
        what: what such a folder is, for messages: a search.
        changeable: names of options that may change from one start to the next.
        beside: names of files that may be there before ``path``.

    Raises:
        InputError: it holds something else, or was begun with other options.
    """
    folder = path.parent
    # Listed before the file is looked for: another process may be making the folder just now.
    found = os.listdir(folder) if folder.exists() else []
    if not path.exists():
        if {name for name in found if not PARTIAL.fullmatch(name)} - set(beside):
            raise InputError(f"{folder} is not empty and no {what}; give --run a folder of its own")
        return
    before = from_yaml(type(config), path)
    for field in fields(config):
        was, now = getattr(before, field.name), getattr(config, field.name)
        if was != now and field.name not in changeable:
            raise InputError(
                f"{folder} was begun with {flag(field.name)} {_said(was)}, not {_said(now)}; give "
                "another --run, or the same options to go on"
            )


def require_same_data(trainings: Sequence[TrainingProcess]) -> Data:
    """Checks the data of trainings that share them, here, where all can be told at once.

    Args:
        trainings: with the same splits.

    Returns:
        The data of the first.

    Raises:
        InputError: they do not fit together, or one of the trainings was begun with others.
    """
    data = load_data(trainings[0].config)
    for training in trainings:
        run = training.run
        run.require_free()
        if run.checkpoints.paths():
            known = run.facts
            # What only a training finds out.
            facts = replace(
                data.facts,
                feature_moments=known.feature_moments,
                model_digest=known.model_digest,
            )
            run.require_same(chosen(training.config, data), data.splits, facts)
    return data


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
