"""The answers that a review looks at, and which sequences they are looked at for.

a cross-validation    what each fold answered to what it held out, of its evaluation; no other model
a run                 its own answers to what has no labels, and to what it was not trained on
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from preprocessing.errors import InputError, counted, some
from preprocessing.files.text_files import read_json
from preprocessing.files.whole_file import partial_path
from preprocessing.labels.base import Labels, lasting
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from trainer.batches.sequence_set import SequenceSet
from trainer.decoded.decoding import asked_decoding
from trainer.evaluation.pooling import pooled_weights
from trainer.predictions.inference import predict
from trainer.predictions.joining import join_answers
from trainer.predictions.reader import Answers, open_answers
from trainer.review.options import ReviewConfig
from trainer.run.folder import Run, load_run
from trainer.run.members import folds, is_cross_validated, is_ensemble

PREDICTIONS = "predictions.h5"
# A sequence of which less than this share is labelled counts as one without labels, so that those
# of which stretches were reviewed are gone on with.
HARDLY = 0.5


@dataclass(frozen=True)
class Sources:
    """Sources of a review: the answers that are looked at, and the sequences.

    Attributes:
        run: has options, classes and layout; of a cross-validation, the first fold.
        store: has the sequences.
        labels: their labels.
        labelled: all sequences that have some.
        held_out: sequences with labels that the models have not seen.
        unlabelled: sequences without labels, or hardly any.
    """

    run: Run
    store: FeatureStore
    labels: Labels
    labelled: list[SequenceInfo]
    held_out: list[SequenceInfo]
    unlabelled: list[SequenceInfo]

    def labels_of(self, info: SequenceInfo) -> Labels | None:
        """Returns the labels, if there are any of a sequence."""
        return self.labels if info.sequence_id in self.labels.ids() else None


def find_sources(config: ReviewConfig) -> Sources:
    """Finds out what there is to look at, and says what cannot be.

    Args:
        config: the options of the command.

    Raises:
        InputError: the run answers with something else than classes of steps.
    """
    crossed = is_cross_validated(config.run)
    run = load_run(folds(config.run)[0] if crossed else config.run)
    _require_classes(run)
    store = FeatureStore(run.config.store)
    labels = read_labels(run.config.label_options, store)
    labels.use_classes(run.facts.classes)
    known = labels.ids()
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    hardly = {info.sequence_id for info in infos if _is_hardly_labelled(info, labels)}
    labelled = [info for info in infos if info.sequence_id in known]
    unlabelled = [info for info in infos if info.sequence_id in hardly]
    if crossed:
        held_out = _tested(config.run, labelled)
    else:
        seen = set(run.lineage.seen(labelled))
        held_out = [info for info in labelled if info.sequence_id not in seen]
        if seen and config.looks_for("contradicted"):
            note(
                f"the labels of {len(seen)} of {counted(len(labelled), 'labelled sequence')} are "
                f"not looked at, for {run.path} or a run that it continues was trained on them; a "
                "cross-validation answers all of them held out: longtake cross-validate, then "
                "review its folder"
            )
    return Sources(
        run,
        store,
        labels,
        labelled,
        held_out if config.looks_for("contradicted") else [],
        unlabelled if config.looks_for("unsure") else [],
    )


def _require_classes(run: Run) -> None:
    if run.facts.task != "classification" or run.layout.outputs != "frame":
        what = "a sequence" if run.layout.outputs != "frame" else f"--task {run.facts.task}"
        raise InputError(
            f"{run.path} has answers for {what}; review looks at stretches of one class each, and "
            "takes runs of --task classification that answer every step"
        )


def _is_hardly_labelled(info: SequenceInfo, labels: Labels) -> bool:
    if info.sequence_id not in labels.ids():
        return True
    begin, end = lasting(info)
    spans = labels.spans(info)
    shown = [labels.sayings[number].counted for number in spans.said.tolist()]
    return float(spans.seconds[shown].sum()) < HARDLY * (end - begin)


def _tested(path: Path, labelled: list[SequenceInfo]) -> list[SequenceInfo]:
    """Returns the sequences that the folds of a cross-validation held out.

    Raises:
        InputError: it was not evaluated, or not as it is now, or was fed the labels.
    """
    folder = Run(path).evaluation_path("test")
    if not (folder / PREDICTIONS).is_file():
        raise InputError(
            f"{path} has no {folder.name} answers of all folds yet; longtake evaluate "
            f"{quote(str(path))} writes them"
        )
    metrics = read_json(folder / "metrics.json", "what was evaluated")
    told = metrics if isinstance(metrics, dict) else {}
    if told.get("feed") == "truth":
        raise InputError(
            f"{folder} was evaluated with --feed truth: answers that are told the labels do not "
            f"contradict them; longtake evaluate {quote(str(path))} --feed predictions"
        )
    with open_answers(folder / PREDICTIONS) as answers:
        tested, weights = set(answers.ids), answers.weights
    if weights != pooled_weights(folds(path)):
        raise InputError(
            f"{folder / PREDICTIONS} was answered by other weights than the folds have now; run "
            f"longtake evaluate {quote(str(path))} again"
        )
    tested -= {name for name in told.get("seen") or () if isinstance(name, str)}
    if left := [info for info in labelled if info.sequence_id not in tested]:
        note(f"{counted(len(left), 'labelled sequence')} were held out by no fold: not looked at")
    return [info for info in labelled if info.sequence_id in tested]


@contextmanager
def answers_about_labels(config: ReviewConfig, sources: Sources) -> Iterator[Answers]:
    """Opens the answers to sequences with labels that were held out.

    Args:
        config: the options of the command.
        sources: what is looked at.
    """
    if is_cross_validated(config.run):
        path = Run(config.run).evaluation_path("test") / PREDICTIONS
        with open_answers(path) as answers:
            yield answers
        return
    with _predicted(config, sources, sources.held_out, "held-out.h5") as (answers, _):
        yield answers


@contextmanager
def answers_without_labels(
    config: ReviewConfig, sources: Sources
) -> Iterator[tuple[Answers, list[Answers]]]:
    """Opens the answers to sequences without labels, and those of each member of an ensemble.

    Args:
        config: the options of the command.
        sources: what is looked at.

    Raises:
        InputError: the answers that were given are of other classes.
    """
    if config.predictions is None:
        with _predicted(config, sources, sources.unlabelled, PREDICTIONS) as both:
            yield both
        return
    with open_answers(config.predictions) as answers:
        if tuple(answers.classes) != tuple(sources.run.facts.classes):
            raise InputError(
                f"--predictions {config.predictions} answers with other classes than "
                f"{sources.run.path}; give what predict wrote with this run"
            )
        lacking = {info.sequence_id for info in sources.unlabelled}.difference(answers.ids)
        if lacking:
            note(
                f"{config.predictions} does not answer {counted(len(lacking), 'sequence')} without "
                f"labels ({some(sorted(lacking))}): not looked at"
            )
        yield answers, []


@contextmanager
def _predicted(
    config: ReviewConfig, sources: Sources, infos: list[SequenceInfo], name: str
) -> Iterator[tuple[Answers, list[Answers]]]:
    """Has a run answer; of an ensemble, the answers of its members are kept until they were read.

    Args:
        config: the options of the command.
        sources: has the run.
        infos: the sequences.
        name: of the file.
    """
    run, path = sources.run, config.folder / name
    for info in infos:
        run.facts.require(info)
    decoding, _ = asked_decoding(run, "auto", None)
    complete = decoding.complete if decoding else None
    data = SequenceSet(sources.store, infos, None, run.layout)
    with ExitStack() as stack:
        if not is_ensemble(run.path):
            predict(run, data, path, model=config.model, complete=complete)
            yield stack.enter_context(open_answers(path)), []
            return
        parts = []
        for member in run.answering:
            parts.append(partial_path(path.with_name(f"{member.path.name}.{name}")))
            stack.callback(parts[-1].unlink, missing_ok=True)
            predict(member, data.with_layout(member.layout), parts[-1], model=config.model)
        task, weights = data.layout.task, run.weights_digest
        join_answers(parts, path, task, data.layout.horizon, weights, complete)
        members = [stack.enter_context(open_answers(part)) for part in parts]
        yield stack.enter_context(open_answers(path)), members
