"""A run: the folder of everything that training writes.

RUN/config.yaml     the resolved configuration; --config takes it again
RUN/splits.json     which sequence went where
RUN/trained.json    what it and the runs that it continues were trained on
RUN/run.json        what the model takes and answers: classes, dimension, how features were made
RUN/labels.json     how long each class is shown in each part, and what makes one doubt the labels
RUN/history.csv     a line an epoch
RUN/backbone.keras  the backbone that was trained with it; only with --finetune
RUN/model.keras     the best weights on validation, or the last where there is none
RUN/calibration.json  its temperature, and how sure it was on validation; see ``Calibration``
RUN/decoder.json    what makes one course of raw answers; chosen when training ends
RUN/validated.json  what else was measured of the best model on validation; see ``Validated``
RUN/checkpoints/    what an interrupted run needs to go on exactly
RUN/logs/           for TensorBoard
RUN/evaluation/     a folder for each split that was evaluated
"""

import csv
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from preprocessing.backbones import digests
from preprocessing.errors import InputError, counted
from preprocessing.files.ordinary import FileState, file_state
from preprocessing.files.outputs import require_folder
from preprocessing.files.strays import remove_strays
from preprocessing.files.text_files import BoundedLines, open_text, read_json
from preprocessing.files.whole_file import PARTIAL, whole_file, write_whole
from preprocessing.labels.splits import Splits, read_splits
from preprocessing.terminal.options import from_yaml, to_yaml
from trainer.config import TrainConfig, flag
from trainer.layout import Layout
from trainer.run.archive import DAMAGE
from trainer.run.calibration import Calibration, read_calibration
from trainer.run.changes import changed_facts, changed_splits
from trainer.run.checkpoint import Checkpoints, Progress
from trainer.run.facts import ModelFacts
from trainer.run.lineage import Lineage, read_lineage
from trainer.run.members import answering, is_ensemble, require_trainable, why_no_run

# What may change from one start of a run to the next without changing what was trained so far.
CHANGEABLE = {"run", "epochs", "patience", "tensorboard", "keep_checkpoints"}
CHANGEABLE |= {"checkpoint_minutes", "checkpoint_updates", "cache", "devices", "strategy"}
CHANGEABLE |= {"decoder"}
# Where data are; what they hold is compared.
CHANGEABLE |= {"store", "labels", "splits", "group_by"}
# A number longer than that counts nothing.
COUNT_DIGITS = 15
# Where a .keras file has its weights.
WEIGHTS = "model.weights.h5"
# What a run that was killed before its configuration was written may have left.
BEGINNING = {"checkpoints", "splits.json", "trained.json", "run.json", "train.lock"}


class Run:
    """A run folder, which need not exist yet.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self.config_path = self.path / "config.yaml"
        self.model_path = self.path / "model.keras"
        self.backbone_path = self.path / "backbone.keras"
        self.decoder_path = self.path / "decoder.json"
        self.validated_path = self.path / "validated.json"
        self.trained_path = self.path / "trained.json"
        self.facts_path = self.path / "run.json"
        self.calibration_path = self.path / "calibration.json"
        self.labels_path = self.path / "labels.json"
        self.history_path = self.path / "history.csv"
        self.checkpoints = Checkpoints(self.path / "checkpoints")
        self.logs_path = self.path / "logs"

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({str(self.path)!r}): {state_text(self)}>"

    def evaluation_path(self, split: str) -> Path:
        """Returns the folder of the results on a split."""
        return self.path / "evaluation" / split

    @property
    def config(self) -> TrainConfig:
        """The resolved configuration."""
        config: TrainConfig = from_yaml(TrainConfig, self.config_path)
        return config

    @property
    def answering(self) -> list["Run"]:
        """The runs whose models answer: the members of an ensemble, or this one alone."""
        return [self] if not is_ensemble(self.path) else list(map(Run, answering(self.path)))

    @property
    def weights_digest(self) -> str:
        """Tells the weights in model.keras from others; empty if there is no such file to read.

        Of an ensemble, those of all its members.
        """
        if is_ensemble(self.path):
            told = " ".join(member.weights_digest for member in self.answering)
            return blake2b(told.encode(), digest_size=8).hexdigest()
        try:
            with zipfile.ZipFile(self.model_path) as archive:
                weights = archive.getinfo(WEIGHTS)
        except DAMAGE:
            return ""
        return f"{weights.file_size}-{weights.CRC:08x}"

    @property
    def calibration(self) -> Calibration | None:
        """The temperature of the model, and what it did; None if this model has none.

        Raises:
            InputError: calibration.json cannot be read.
        """
        known = read_calibration(self.calibration_path)
        return known if known and known.weights == self.weights_digest else None

    @property
    def splits(self) -> Splits:
        """The sequences of each split."""
        return read_splits(self.path / "splits.json")

    @property
    def lineage(self) -> Lineage:
        """The sequences that it and the runs that it continues were trained on."""
        return read_lineage(self.trained_path, self.splits.train)

    @property
    def facts(self) -> ModelFacts:
        """The inputs and answers of the model.

        Raises:
            InputError: run.json cannot be read.
        """
        try:
            loaded = dict(read_json(self.facts_path, "what the model takes"))
            pairs: dict[str, Any] = {
                name: tuple(map(tuple, loaded.pop(name, ())))
                for name in ("target_moments", "feature_moments")
            }
            facts = ModelFacts(tuple(loaded.pop("classes")), **loaded, **pairs)
            return self._with_backbone(facts) if facts.frames else facts
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"cannot read {self.facts_path}: {error}; train the run again"
            ) from None

    def _with_backbone(self, facts: ModelFacts) -> ModelFacts:
        """Returns facts with the digest of the backbone that lies here, which training changes."""
        if not self.backbone_path.is_file():
            return facts
        digest = _digest(self.backbone_path, file_state(self.backbone_path))
        return replace(facts, backbone_digest=digest)

    @property
    def layout(self) -> Layout:
        """The layout of the model's inputs and targets."""
        facts = self.facts
        unknown = facts.feature_moments[0] if facts.feature_moments else ()
        return Layout.of(self.config, facts.learned_task, unknown)

    @property
    def history(self) -> list[dict[str, float | None]]:
        """The rows of history.csv, one an epoch; an empty cell is None, and counts are ints.

        Raises:
            InputError: the file cannot be read.
        """
        if not self.history_path.is_file():
            return []
        try:
            with open_text(self.history_path, "the curves") as file:
                rows = list(csv.DictReader(BoundedLines(file, self.history_path)))
            return [{name: _number(cell) for name, cell in row.items()} for row in rows]
        except (OSError, ValueError, TypeError, csv.Error) as error:
            reason = " ".join(str(error)[:100].split())
            raise InputError(
                f"cannot read {self.history_path}: {reason}; delete it to go on without its curves"
            ) from None

    @property
    def progress(self) -> Progress:
        """The progress of the last whole checkpoint."""
        return self.checkpoints.progress()

    def require_same(self, config: TrainConfig, splits: Splits, facts: ModelFacts) -> None:
        """Checks that an existing run was begun with the same options and data.

        Args:
            config: the options of ``train``.
            splits: the sequences of each split.
            facts: the facts about the data.

        Raises:
            InputError: it was begun with other options, splits or features, or the folder holds
                something that is no run.
        """
        self.require_free()
        if not self.checkpoints.paths():
            return
        before = self.config
        changeable = CHANGEABLE
        if config.schedule != "constant":
            changeable = CHANGEABLE - {"epochs"}
        for field in fields(config):
            was, now = getattr(before, field.name), getattr(config, field.name)
            if was != now and field.name not in changeable:
                raise InputError(
                    f"{self.path} was begun with {flag(field.name)} {was}, not {now}; give another "
                    "--run, or the same options to resume"
                )
        if changes := [*changed_splits(self.splits, splits), *changed_facts(self.facts, facts)]:
            if before.group_by != config.group_by:
                changes = [f"--group-by ({before.group_by}, now {config.group_by})", *changes[:1]]
            raise InputError(
                f"{self.path} was begun with other data: changed are {'; '.join(changes)}; give "
                "another --run, or what it was begun with"
            )

    def require_free(self) -> None:
        """Checks that the folder is a run, or may become one.

        Raises:
            InputError: it holds something else, or is a file.
        """
        require_folder("--run", self.path)
        require_trainable("--run", self.path)
        if not self.config_path.exists() and self._holds_something_else():
            raise InputError(f"{self.path} is not empty and no run; give --run a folder of its own")

    def _holds_something_else(self) -> bool:
        """Returns True if the folder holds a file that no beginning run would have left there."""
        names = {path.name for path in self.path.iterdir()} if self.path.exists() else set()
        return any(name not in BEGINNING and not PARTIAL.fullmatch(name) for name in names)

    def begin(
        self,
        config: TrainConfig,
        splits: Splits,
        facts: ModelFacts,
        lineage: Lineage | None = None,
    ) -> None:
        """Writes down the options, splits and facts of a new run; config.yaml comes last.

        Args:
            config: the options of ``train``.
            splits: the sequences of each split.
            facts: the facts about the data.
            lineage: what it and the runs that it continues are trained on; None if only the ids in
                ``splits`` are known.
        """
        (self.path / "checkpoints").mkdir(parents=True, exist_ok=True)
        remove_strays(self.path)
        write_whole(self.path / "splits.json", splits.to_json())
        if lineage is not None:
            write_whole(self.trained_path, lineage.to_json())
        write_whole(self.facts_path, facts.to_json())
        write_whole(self.config_path, to_yaml(config))

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes one line per epoch; a figure that an epoch lacks is empty."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with (
            whole_file(self.history_path) as partial,
            partial.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)


def _number(cell: str | None) -> float | None:
    """Returns the number in a cell: a whole one where no point is written, None if it is empty.

    Raises:
        ValueError: it is no number.
        TypeError: it is several cells, which no column is above.
    """
    if not cell:
        return None
    whole = isinstance(cell, str) and cell.isdecimal() and len(cell) <= COUNT_DIGITS
    return int(cell) if whole else float(cell)


def state_text(run: Run) -> str:
    """Says how far a run is, whatever lies in its folder; for debuggers, which ask at any time.

    Args:
        run: the run.
    """
    try:
        if not run.config_path.is_file():
            return "not trained yet"
        if is_ensemble(run.path):
            return f"an ensemble of {len(run.answering)}"
        progress, epochs = run.progress, run.config.epochs
    except Exception as error:
        return " ".join(f"cannot be read ({error})".split())
    if progress.finished:
        best = f", the best of them {progress.best_epoch}" if progress.best_epoch else ""
        return f"trained to its end, {counted(progress.epoch, 'epoch')}{best}"
    if not progress.updates and run.model_path.is_file():
        return "trained"
    return f"{progress.epoch} of {epochs} epochs trained"


@lru_cache(maxsize=16)
def _digest(path: Path, state: FileState) -> str:
    return digests.of_file(path)


def load_run(path: Path | str) -> Run:
    """Opens a run that exists.

    Raises:
        InputError: the folder holds no run, or several.
    """
    run = Run(path)
    if not run.config_path.is_file():
        raise InputError(why_no_run(run.path))
    return run
