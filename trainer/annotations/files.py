"""Files of annotation tools beside a file of predictions.

DIR/annotations/labels.<suffix>    of a format that has all sequences in a file
DIR/annotations/<format>/          of a format that has a file a sequence, or several
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.files.outputs import require_folder
from preprocessing.files.own_output import require_own, write_own
from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.files import write_annotated
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.labels.formats.writing import Annotated
from preprocessing.labels.stored_videos import stored_video
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note, say
from trainer.annotations.answers import AnsweredAnnotations
from trainer.bouts.tables import has_bouts
from trainer.predictions.reader import open_answers

FOLDER = "annotations"


def annotation_path(folder: Path, writer: Writer) -> Path:
    """Returns the file, or the folder, that a format gets.

    Args:
        folder: the folder of the predictions.
        writer: the format.
    """
    name = f"labels{writer.suffix}" if writer.shape == "file" else writer.name
    return folder / FOLDER / name


def require_writable(
    formats: Iterable[str], folder: Path, command: str, task: str, outputs: str
) -> None:
    """Checks that answers can be written for annotation tools, and replace nobody's work.

    Args:
        formats: the option ``--write``.
        folder: the folder of the predictions.
        command: what writes them, for messages.
        task: the task's name.
        outputs: ``frame``, or ``sequence`` if there is one answer a sequence.

    Raises:
        InputError: there are no stretches to write, or somebody has corrected what was written.
    """
    for name in formats:
        if not has_bouts(task, outputs):
            what = "with numbers" if task == "regression" else "once a sequence"
            raise InputError(
                f"--write {name}: the model answers {what}, and only stretches of classes can be "
                "written so; leave it out"
            )
    require_uncorrected(formats, folder, command)


def require_uncorrected(formats: Iterable[str], folder: Path, command: str) -> None:
    """Checks that nobody has corrected what would be replaced.

    Args:
        formats: the option ``--write``.
        folder: the folder of the predictions.
        command: what writes them, for the message.

    Raises:
        InputError: somebody has.
    """
    for name in formats:
        require_folder(f"--write {name}:", folder / FOLDER)
        require_own(annotation_path(folder, WRITERS[name]), command)


def note_earlier(formats: Iterable[str], folder: Path, command: str) -> None:
    """Notes files of annotation tools that an earlier command wrote, and this one does not.

    Args:
        formats: the option ``--write``.
        folder: the folder of the predictions.
        command: what wrote them.
    """
    written = {annotation_path(folder, WRITERS[name]) for name in formats}
    paths = dict.fromkeys(annotation_path(folder, writer) for writer in WRITERS.values())
    if earlier := [path.name for path in paths if path.exists() and path not in written]:
        note(
            f"of an earlier {command}, whose answers may be others: {some(earlier)} in "
            f"{folder / FOLDER}; --write makes them anew"
        )


def write_answers(
    formats: Iterable[str],
    predictions: Path,
    infos: Sequence[SequenceInfo],
    store: FeatureStore,
    paths: Mapping[str, Path | None] | None = None,
    truth: bool = True,
) -> None:
    """Writes the answers of a file of predictions for annotation tools, and says where they are.

    Args:
        formats: the option ``--write``.
        predictions: the file, of classes, with an answer for each step.
        infos: the sequences, in the order in which they are written.
        store: has their times, and the names of their videos.
        paths: the videos of sequences, where they are known better than by the store.
        truth: whether there are true labels beside the answers, on a tier of their own.

    Raises:
        InputError: a format counts frames, and their rate is not known.
        OSError: the disk is full or cannot be written.
    """
    if not (formats := tuple(dict.fromkeys(formats))):
        return
    paths = paths or {}
    with open_answers(predictions) as answers:
        answered = set(answers.ids)
        there = [info for info in infos if info.sequence_id in answered]
        videos = [stored_video(store, info, paths.get(info.sequence_id)) for info in there]
        known = {info.sequence_id: info for info in there}
        said = AnsweredAnnotations(answers, known, truth)
        content = Annotated(tuple(videos), said, tuple(answers.classes))
        for name in formats:
            writer = WRITERS[name]
            path = annotation_path(predictions.parent, writer)
            for remark in write_own(path, partial(write_annotated, writer, content=content)):
                note(remark)
            say(f"{writer.title}: {path}")
