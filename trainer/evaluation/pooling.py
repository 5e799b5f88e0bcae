"""The answers of all folds in one file: to each sequence by a model that had not seen it."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.hdf5_file import new_hdf5
from trainer.predictions.reader import DECODED, RAW, Answers, open_answers
from trainer.predictions.writer import NAMES, group_name
from trainer.run.folder import Run


def pooled_weights(runs: Sequence[Path]) -> str:
    """Returns what tells the weights of all folds from others; see ``Run.weights_digest``."""
    told = " ".join(Run(run).weights_digest for run in runs)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def pool_answers(parts: Mapping[str, Path], path: Path, weights: str) -> None:
    """Copies files of predictions into one, sequence by sequence.

    If some folds have decoded answers, the raw ones of the others stand for theirs, since the
    decoder that was chosen there is none.

    Args:
        parts: the ``predictions.h5`` of each fold.
        path: the new file.
        weights: digest of those that answered.

    Raises:
        InputError: a sequence is in two of them, or they are of different classes.
        OSError: the disk is full or cannot be written.
    """
    seen: dict[str, str] = {}
    facts: tuple[object, ...] = ()
    raw: list[str] = []
    with new_hdf5(path) as writer:
        for fold, part in parts.items():
            with open_answers(part) as answers:
                found = (answers.task, answers.classes, answers.horizon)
                if facts and found != facts:
                    raise InputError(
                        f"{part} answers with other classes than the other folds; start the same "
                        "cross-validate command again with another --run"
                    )
                facts = found
                for sequence_id in answers.ids:
                    if sequence_id in seen:
                        raise InputError(
                            f"{sequence_id!r} was tested in the folds {seen[sequence_id]} and "
                            f"{fold}; expected it in one"
                        )
                    seen[sequence_id] = fold
                    _copy(answers, sequence_id, writer.file)
                    writer.require_success()
                raw += [] if answers.decoded else answers.ids
        for sequence_id in raw if len(raw) < len(seen) else []:
            group = writer.file[group_name(sequence_id)]
            group.copy(RAW, group, name=DECODED)
            writer.require_success()
        names = ("task", "classes", "horizon")
        writer.file.attrs.update({**dict(zip(names, facts, strict=True)), "weights": weights})


def _copy(answers: Answers, sequence_id: str, file: object) -> None:
    group = answers.group(sequence_id)
    for name in NAMES:
        if name in group and (name != DECODED or answers.decoded):
            answers.file.copy(group[name], file, name=f"{group_name(sequence_id)}/{name}")
