"""The decoder of a run without a validation split, chosen by what its own training holds out.

    training split    ├── part 1 ──┤── part 2 ──┤── part 3 ──┤
    training of fold  1   answers ▲   trained      trained        each part is answered by a model
                      2   trained      answers ▲   trained        that was not trained on it
                      3   trained      trained      answers ▲

RUN/decoder-folds/    the trainings, one after the other, until the decoder is chosen
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.files.whole_file import write_whole
from preprocessing.labels.base import Labels
from preprocessing.labels.class_seconds import seconds_of_all
from preprocessing.labels.groups import read_groups
from preprocessing.labels.reading import read_labels
from preprocessing.labels.split_dealing import folds
from preprocessing.labels.splits import Splits
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo, rate_of
from preprocessing.terminal.console import note, say
from trainer.backbone.answering import seen_by
from trainer.batches.sequence_set import SequenceSet
from trainer.decoder.choosing import choose_decoder
from trainer.decoder.counting import count_labels
from trainer.decoder.decoder_file import write_decoder
from trainer.model.model_file import load_model
from trainer.predictions.inference import predict_pieces
from trainer.predictions.writer import predictions_writer, store_piece
from trainer.run.folder import Run, load_run
from trainer.run.interruption import Interruption
from trainer.run.lock import heed, locked
from trainer.run.members import SPLITS
from trainer.training.completion import decoder_line
from trainer.trainings.crew import Crew
from trainer.trainings.parts import count_parts
from trainer.trainings.process import TrainingProcess

FOLDER, LOCK = "decoder-folds", "decoder-folds.lock"


def choose_by_folds(path: Path | str) -> None:
    """Chooses the decoder of a run that asks for it, and has no validation split and none yet.

    Args:
        path: the folder of the run, which is trained to its end.

    Raises:
        InputError: no training of a part came to its end, or one failed.
        Stopped: a signal came; the same command goes on.
    """
    run = load_run(path)
    asked = run.config.decoder == "folds" and run.config.can_decode
    if not asked or run.splits.validation or run.decoder_path.exists():
        return

    def waiting() -> None:
        note(f"another process chooses the decoder of {run.path}; waiting until it has")

    with Interruption() as interruption, locked(run.path / LOCK, interruption, waiting):
        if run.decoder_path.exists():
            return
        data = _Data(run)
        parts = data.parts()
        if len(parts) < 2:
            say("decoder: none; the training split cannot be dealt out to folds to choose it by")
            return
        say(f"decoder: {counted(len(parts), 'training')} on parts of the training split follow")
        folder = run.path / FOLDER
        trainings = [_training(run, folder, name, one) for name, one in parts.items()]
        if Crew(folder, trainings, "part", 1, interruption).go():
            raise InputError(f"not all parts came to their end; see {folder / 'failures.csv'}")
        answers = folder / "answers.h5"
        data.answer(trainings, answers, interruption)
        counts = count_labels(data.labels, data.infos)
        rate = rate_of(data.infos)
        decoder = choose_decoder(counts, answers, rate, lambda: heed(interruption))
        write_decoder(run.decoder_path, decoder)
        shutil.rmtree(folder)
        say(decoder_line(decoder, len(data.infos), "held-out"))


class _Data:
    """The training split of a run.

    Args:
        run: the run.
    """

    def __init__(self, run: Run):
        self.run, self.config = run, run.config
        self.store = FeatureStore(self.config.store)
        self.labels: Labels = read_labels(self.config.label_options, self.store)
        self.labels.use_classes(run.facts.classes)
        self.infos: list[SequenceInfo] = [self.store.info(name) for name in run.splits.train]

    def parts(self) -> dict[str, Splits]:
        """Returns the splits of each fold, by its name; whole groups where there are groups."""
        ids, group_by = self.run.splits.train, self.config.group_by
        if not (count := count_parts(ids, group_by)):
            return {}
        groups = read_groups(group_by, ids) if group_by else {}
        seconds = seconds_of_all(self.labels, self.infos)
        dealt = folds(ids, groups, seconds, count, 0.0, self.config.seed)
        return {str(number): one for number, one in enumerate(dealt, start=1)}

    def answer(
        self, trainings: list[TrainingProcess], path: Path, interruption: Interruption
    ) -> None:
        """Writes the answers to each sequence of the model that was not trained on it.

        Args:
            trainings: of all parts, which have ended.
            path: the file.
            interruption: ends it.
        """
        with predictions_writer(path, self.run.layout) as writer:
            for run, data in self._held_out(trainings):
                for piece in predict_pieces(load_model(run.model_path), data, run.config):
                    store_piece(writer, data, piece)
                    heed(interruption)

    def _held_out(self, trainings: list[TrainingProcess]) -> Iterator[tuple[Run, SequenceSet]]:
        known = {info.sequence_id: info for info in self.infos}
        for training in trainings:
            run = training.run
            infos = [known[name] for name in run.splits.test]
            yield run, seen_by(run, SequenceSet(self.store, infos, self.labels, run.layout))


def _training(run: Run, folder: Path, name: str, splits: Splits) -> TrainingProcess:
    path = folder / f"{name}{SPLITS}"
    write_whole(path, splits.to_json())
    config = replace(run.config, splits=path, group_by=None, decoder="none")
    return TrainingProcess(config, folder, name)
