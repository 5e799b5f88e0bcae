"""The command ``review``: what is worth a person's minutes."""

import shlex
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.files.outputs import require_folder
from preprocessing.terminal.clock import clock
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE
from trainer.predictions.reader import Answers
from trainer.review.choosing import choose
from trainer.review.finding import find_contradictions, find_unsure
from trainer.review.options import ReviewConfig, Why
from trainer.review.page import write_page
from trainer.review.shown import Window, read_windows
from trainer.review.sources import (
    Sources,
    answers_about_labels,
    answers_without_labels,
    find_sources,
)
from trainer.review.stretch import Stretch
from trainer.review.writing import TABLE, answers_name, write_answers, write_table
from trainer.run.folder import Run
from trainer.run.members import CROSS_VALIDATION, is_cross_validated

PAGE = "review.html"


def run_review(config: ReviewConfig) -> int:
    """Runs the command ``review``; see ``ReviewConfig``.

    Raises:
        InputError: there is nothing to look at, or something where it is written to.
    """
    _require_free(config)
    sources = find_sources(config)
    _require_something(config, sources)
    config.folder.mkdir(parents=True, exist_ok=True)
    windows = _chosen(config, sources)
    if not windows:
        say("nothing to look at: no label is contradicted, and there is no time without labels")
        return DONE
    path = config.folder / answers_name(config.write)
    for remark in write_answers(path, config.write, sources, windows):
        note(remark)
    write_page(config.folder / PAGE, config, sources, windows)
    write_table(config.folder / TABLE, [window.stretch for window in windows])
    _tell(config, windows, path, sources.run.config.labels)
    return DONE


def _require_free(config: ReviewConfig) -> None:
    """Checks that no earlier review is replaced, whose answers somebody may have corrected.

    Raises:
        InputError: there is one, or the folder is a file.
    """
    require_folder("--out", config.folder, TABLE)
    for name in (TABLE, answers_name(config.write)):
        if (config.folder / name).exists():
            raise InputError(
                f"{config.folder / name} is there already, and may have been corrected; give "
                "another --out, or move it away"
            )


def _require_something(config: ReviewConfig, sources: Sources) -> None:
    """Checks that there are sequences to look at.

    Raises:
        InputError: there are none; what to do is said.
    """
    if is_cross_validated(config.run) and sources.unlabelled and config.predictions is None:
        note(
            f"{counted(len(sources.unlabelled), 'sequence')} without labels: not looked at, for "
            f"the folds of {config.run} answer what they held out; give --predictions of longtake "
            "predict, by a run or an ensemble of the folds"
        )
        sources.unlabelled.clear()
    if not (sources.held_out or sources.unlabelled):
        raise InputError(
            f"there is nothing to review in {sources.store.root}: no sequence without labels, and "
            f"none with labels that {config.run} was not trained on; give a cross-validation"
        )


def _chosen(config: ReviewConfig, sources: Sources) -> list[Window]:
    """Returns what is looked at, and what there is to see of it, the most worthwhile first.

    Raises:
        InputError: there is no time for any.
    """
    found: list[Stretch] = []
    files: dict[Why, Answers] = {}
    with ExitStack() as stack:
        if sources.held_out:
            answers = stack.enter_context(answers_about_labels(config, sources))
            files["contradicted"] = answers
            found += find_contradictions(sources, answers, config.longest)
        if sources.unlabelled:
            answers, members = stack.enter_context(answers_without_labels(config, sources))
            files["unsure"] = answers
            found += find_unsure(sources, answers, members, config.longest)
        chosen = choose(found, 60 * config.minutes, config.around)
        if found and not chosen:
            least = min(stretch.seconds for stretch in found) + 2 * config.around
            raise InputError(
                f"--minutes {config.minutes:g} is not enough for one stretch: the shortest takes "
                f"{least:.1f} s with --around {config.around:g}; give more minutes"
            )
        return read_windows(sources, files, chosen)


def _tell(
    config: ReviewConfig, windows: Sequence[Window], path: Path, labels: Sequence[Path]
) -> None:
    """Says what was found, and what to do with it.

    Args:
        config: the options of the command.
        windows: what is looked at.
        path: the label file of the answers.
        labels: the label files that there are.
    """
    chosen = [window.stretch for window in windows]
    kinds = Counter(stretch.why for stretch in chosen)
    told: dict[Why, str] = {
        "contradicted": "with labels that the model contradicts",
        "unsure": "without labels, where it is unsure",
    }
    parts = [f"{kinds[why]} {what}" for why, what in told.items() if kinds[why]]
    seconds = sum(stretch.seconds + 2 * config.around for stretch in chosen)
    videos = len({stretch.sequence for stretch in chosen})
    number = f"{len(chosen)} stretch{'es' * (len(chosen) != 1)}"
    say(
        f"{number} of {counted(videos, 'sequence')}, "
        f"{clock(round(seconds))} to watch: {'; '.join(parts)}"
    )
    say(f"to click through: {config.folder / PAGE}; as a table: {config.folder / TABLE}")
    say(f"the answers there, to be corrected: {path}")
    crossed = is_cross_validated(config.run)
    command = "cross-validate" if crossed else "train"
    begun = config.run / CROSS_VALIDATION if crossed else Run(config.run).config_path
    options = ("--config", begun, "--labels", *labels, path, "--run", "NEW")
    say(f"once they are: {shlex.join(['longtake', command, *map(str, options)])}")
