"""The results of the benchmark of answers, made one by one and kept.

FOLDER/runs/<row>/<seed>/            a cross-validation, or an ensemble of several
FOLDER/runs/<row>/<seed>.yaml        the options that it was begun with, defaults included
FOLDER/results/<row>/<seed>.json     its figures, raw and for each way of decoding
"""

import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measure import Facts
from quality_commands import Commands
from quality_rows import Row

from preprocessing.terminal.options import parse, to_yaml
from trainer.cross_validation.options import CrossValidateConfig

FIGURES = ("accuracy", "edit", "f1@10", "f1@25", "f1@50")
RAW, OFFLINE = "raw", "offline"


class Made(NamedTuple):
    """One of the results: a row with a seed, or of all seeds.

    Attributes:
        row: of which it is.
        seed: or how many an ensemble joins, as in "3 in one".
        members: what an ensemble is made of.
    """

    row: Row
    seed: str
    members: tuple["Made", ...] = ()

    @property
    def place(self) -> str:
        """Its name in folders."""
        row, seed = self.row.name.replace(", ", "-"), self.seed
        return f"{row}/{seed}".replace(" ", "-")


class Making:
    """Makes results that are not there yet.

    Args:
        folder: of runs and results.
        data: what ``cross-validate`` is told of the data.
        more: what it is told besides, whatever the row.
        commands: that do it.
    """

    def __init__(self, folder: Path, data: Sequence[str], more: Sequence[str], commands: Commands):
        self._folder, self._data, self._more, self._commands = folder, data, more, commands
        self._options: dict[str, str] = {}

    def make(self, made: Made) -> None:
        """Trains or joins, evaluates, and decodes in each way, as far as that was not done.

        Raises:
            RuntimeError: a command failed.
        """
        kept, found = self._kept(made), self.known(made)
        if found is None:
            options = self.options(made)
            found = {"row": made.row.name, "seed": made.seed, "options": options}
            found |= self._begin(made, options)
            _keep(kept, found)
        for lag in made.row.lags:
            name = f"{lag:g}"
            if name not in found["figures"]:
                run = self._run(made)
                self._commands.run(("evaluate", run, "--lag", name), run.with_suffix(".log"))
                found["figures"][name] = _figures(run)[1]
                _keep(kept, found)

    def known(self, made: Made) -> Facts | None:
        """Returns a result that is there; None if it is not, or was made with other options."""
        kept = self._kept(made)
        if not kept.exists():
            return None
        found: Facts = json.loads(kept.read_text())
        if found["options"] == self.options(made):
            return found
        print(f"{kept} was made with other options, or defaults", file=sys.stderr)
        return None

    def options(self, made: Made) -> str:
        """Returns all options of a result, with the defaults that they have.

        They are found out once, which must not be done by several threads at the same time.
        """
        if made.place not in self._options:
            if made.members:
                self._options[made.place] = "\n".join(map(self.options, made.members))
            else:
                config: Any = parse(CrossValidateConfig, "cross-validate", self._train(made))
                self._options[made.place] = to_yaml(config)
        return self._options[made.place]

    def _train(self, made: Made) -> list[str]:
        """Returns what ``cross-validate`` is told."""
        run = str(self._run(made))
        own = ("--seed", made.seed, "--run", run, "--no-tensorboard", "--keep-checkpoints", "1")
        return [*self._data, *made.row.told, *self._more, *own]

    def _kept(self, made: Made) -> Path:
        return self._folder / "results" / f"{made.place}.json"

    def _run(self, made: Made) -> Path:
        return self._folder / "runs" / made.place

    def _begin(self, made: Made, options: str) -> Facts:
        """Makes a run, or goes on with it, and evaluates it raw and offline.

        Args:
            made: the result.
            options: of it; a run of others is made anew.
        """
        run = self._run(made)
        log, begun = run.with_suffix(".log"), run.with_suffix(".yaml")
        if made.members or not begun.exists() or begun.read_text() != options:
            shutil.rmtree(run, ignore_errors=True)
        begun.parent.mkdir(parents=True, exist_ok=True)
        begun.write_text(options)
        if made.members:
            members = [self._run(member) for member in made.members]
            self._commands.run(("ensemble", *members, "--run", run), log)
            self._commands.run(("evaluate", run), log)
        else:
            self._commands.run(("cross-validate", *self._train(made)), log)
        raw, decoded = _figures(run)
        histories = run.glob("folds/*/history.csv")
        epochs = [len(history.read_text().splitlines()) - 1 for history in histories]
        mean = statistics.mean(epochs) if epochs else None
        return {"figures": {RAW: raw, OFFLINE: decoded}, "epochs": mean}


def _figures(run: Path) -> tuple[Facts, Facts]:
    """Returns the figures of the last evaluation: raw and decoded.

    Where no decoder was better than none, in any fold, decoded answers are the raw ones.

    Raises:
        RuntimeError: folds are missing, whose recordings are in no figure.
    """
    metrics = json.loads((run / "evaluation" / "test" / "metrics.json").read_text())
    if missing := metrics["missing_folds"]:
        raise RuntimeError(f"{run} lacks folds {', '.join(missing)}")
    decoded = metrics["decoded"] or metrics
    return (
        {figure: metrics[figure] for figure in FIGURES},
        {figure: decoded[figure] for figure in FIGURES},
    )


def _keep(path: Path, found: Facts) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
