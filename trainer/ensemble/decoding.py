"""The decoder of an ensemble, chosen by the answers of all its members to the validation split."""

from preprocessing.errors import InputError
from preprocessing.labels.base import Labels
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo, rate_of
from trainer.batches.sequence_set import SequenceSet
from trainer.decoder.choosing import choose_decoder
from trainer.decoder.counting import count_labels
from trainer.decoder.decoder_file import write_decoder
from trainer.predictions.inference import predict
from trainer.run.folder import Run
from trainer.training.completion import ANSWERS, decoder_line


def choose_joint_decoder(run: Run, model: str | None) -> str:
    """Chooses the decoder of an ensemble, as at the end of a training, and writes decoder.json.

    Args:
        run: the ensemble.
        model: ``FILE.py:function`` with layers of one's own; the file is executed.

    Returns:
        A line that says what was chosen, or why nothing was; empty if answers are not decoded.
    """
    config = run.config
    if config.decoder == "none" or not config.can_decode:
        return ""
    if not run.splits.validation:
        return "decoder: none; there is no validation split to choose it by"
    answers = run.path / ANSWERS
    try:
        store = FeatureStore(config.store)
        labels = read_labels(config.label_options, store)
        labels.use_classes(run.facts.classes)
        train, validation = (_infos(run, part, store, labels) for part in ("train", "validation"))
        data = SequenceSet(store, validation, labels, run.layout)
        data.require_labelled("validation")
        predict(run, data, answers, model=model)
        decoder = choose_decoder(count_labels(labels, train), answers, rate_of(train))
    except InputError as error:  # What was joined is whole all the same.
        return f"decoder: none; {error}"
    finally:
        answers.unlink(missing_ok=True)
    write_decoder(run.decoder_path, decoder)
    return decoder_line(decoder, len(validation))


def _infos(run: Run, part: str, store: FeatureStore, labels: Labels) -> list[SequenceInfo]:
    """Describes the sequences of a split.

    Raises:
        InputError: one is gone, has no labels, or was made in another way.
    """
    infos = []
    for sequence_id in run.splits[part]:
        if sequence_id not in store or sequence_id not in labels.ids():
            where = "labels" if sequence_id in store else "store"
            raise InputError(f"{sequence_id!r} of the {part} split is no longer in the {where}")
        info = store.info(sequence_id)
        run.facts.require(info)
        labels.check(info)
        infos.append(info)
    return infos
