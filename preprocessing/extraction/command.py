"""The command that extracts features from videos, or folders of them, into a store.

Several processes, on one machine or many, may fill one store: a lease on each video keeps them
from doing it twice.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

from preprocessing.backbones import Joined, load_backbone, takes_clips, with_absolute_paths
from preprocessing.cores import share_of_cores
from preprocessing.errors import InputError, Unreachable
from preprocessing.extraction.engines import run_each
from preprocessing.extraction.one_video import BUSY, Extracted, attempt, find
from preprocessing.extraction.options import ExtractConfig, check, take_shard
from preprocessing.files.failures import FILE_NAME as FAILURES
from preprocessing.files.failures import FailureLog
from preprocessing.files.inputs import Source, find_sources
from preprocessing.files.strays import remove_strays
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import sequence_path
from preprocessing.terminal.console import note, progress, say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from preprocessing.videos.reader import SUFFIXES, expected_samples

BUSY_SECONDS = 2.0
MANY = 50


def run(config: ExtractConfig) -> int:
    """Runs the command ``extract``; see ``ExtractConfig``."""
    results = extract(config)
    count = {kind: sum(r.outcome == kind for r in results) for kind in ("extracted", "skipped")}
    failed = len(results) - sum(count.values())
    damaged = sum(bool(result.damage) for result in results)
    say(
        f"{count['extracted']} extracted, {count['skipped']} already done, {failed} failed: "
        f"{sum(result.steps for result in results)} steps"
    )
    if failed:
        say(f"why they failed: {config.store / FAILURES}")
    if damaged:
        say(f"{damaged} of them damaged: longtake inspect {config.store} says how")
    _note_others(FeatureStore(config.store), results)
    return SOME_FAILED if failed else DONE


def _note_others(store: FeatureStore, results: list[Extracted]) -> None:
    """Notes that the store has sequences which can't go through one model with these.

    One of either is looked at: what was there before is of one making, or was noted then.
    """
    given = {result.source.sequence_id for result in results}
    made = [result.source.sequence_id for result in results if result.outcome == "extracted"]
    other = next((name for name in store.ids() if name not in given), None)
    if not made or other is None:
        return
    try:
        store.uniform([made[0], other])
    except InputError as error:
        note(f"{store.root}: {error}")


def extract(config: ExtractConfig) -> list[Extracted]:
    """Extracts features from videos into a store.

    Returns:
        What came of each video, in the order of sequence ids.

    Raises:
        InputError: nothing can be extracted at all; a single bad video is a line in
            ``failures.csv`` instead.
    """
    check(config)
    found = find_sources(config.inputs, SUFFIXES, "videos", config.prefer)
    sources = take_shard(found, config.shard)
    backbone = load_backbone(config.backbone, config.pixels, config.quality, clip=config.asked_clip)
    _note_clips(config, backbone)
    config.store.mkdir(parents=True, exist_ok=True)
    results = {source.sequence_id: _known(source, config, backbone) for source in sources}
    failures = FailureLog(config.store, [source.path for source in sources])
    remove_strays(config.store)
    todo = [source for source in sources if results[source.sequence_id] is None]
    again = sum(sequence_path(config.store, source.sequence_id).exists() for source in todo)
    if again:
        note(
            f"{again} sequences of {config.store} were made of other content or with other "
            "settings than these; they are made again"
        )
    unusable = [result for result in results.values() if result and result.message]
    for result in chain(unusable, _extract_all(todo, config)):
        results[result.source.sequence_id] = result
        if result.outcome not in ("extracted", "skipped"):
            failures.add(result.source.path, result.outcome, result.message)
            note(f"failed: {result.message}")
        elif result.damage:
            note(f"kept, though damaged: {result.source.path}: {result.damage}")
    remove_strays(config.store)
    return [result for result in results.values() if result is not None]


def _note_clips(config: ExtractConfig, backbone: Joined) -> None:
    """Notes what is seen of a step by networks whose files say it themselves."""
    if config.clip is not None:
        return
    for part in backbone.parts:
        if part.clip and takes_clips(part.name):
            note(
                f"{part.name} takes clips of {part.clip.length} frames, so a step is that many "
                f"frames of the video, {_every(part.clip.stride)}, its own the last "
                "(--clip-stride takes others)"
            )


def _every(stride: int) -> str:
    return "one after the other" if stride == 1 else f"{stride} apart"


def _known(source: Source, config: ExtractConfig, backbone: Joined) -> Extracted | None:
    """Returns the result for a video that need not be opened, else None."""
    if source.problem:
        return Extracted(source, "unreadable", message=source.problem)
    try:
        return find(source, config, backbone)
    except Unreachable as error:
        return Extracted(source, "unreadable", message=str(error))


def _extract_all(todo: list[Source], config: ExtractConfig) -> Iterator[Extracted]:
    """Extracts videos, and retries those that another process works on until they are done."""
    expected = {source: expected_samples(source.path, config.rate) for source in _looking(todo)}
    promised = {source.sequence_id: samples for source, samples in expected.items()}
    total, waiting = sum(promised.values()), False
    with progress(total=total, unit="frame", desc="extract", disable=not todo) as bar:
        while todo:
            busy = []
            for done, result in enumerate(_extract_each(todo, config, bar.update), start=1):
                if result.outcome == BUSY:
                    busy.append(result.source)
                    continue
                # What the header promised gives way to what came.
                bar.total += result.frames - promised.pop(result.source.sequence_id, 0)
                bar.set_postfix_str(f"{done} of {len(todo)} videos", refresh=False)
                yield result
            if busy and not waiting:
                waiting = True
                note(f"another process is extracting {len(busy)} of these videos; waiting for it")
            time.sleep(BUSY_SECONDS if busy else 0)
            todo = busy


def _looking(sources: list[Source]) -> Iterable[Source]:
    looking: Iterable[Source] = progress(iterable=sources, unit="video", desc="look", leave=False)
    return looking if len(sources) >= MANY else sources


def _extract_each(
    todo: list[Source], config: ExtractConfig, advance: Callable[[int], object]
) -> Iterator[Extracted]:
    if config.engine == "local" and config.jobs == 1:
        for source in todo:
            yield attempt(source, config, advance)
        return
    # Workers may stand in another folder.
    backbone = with_absolute_paths(config.backbone)
    there = replace(config, store=config.store.absolute(), backbone=backbone)
    work = partial(_attempt_elsewhere, config=there)
    sources = [replace(source, path=source.path.absolute()) for source in todo]
    for result in run_each(
        work, sources, _lost, config.engine, config.address, config.jobs, advance
    ):
        if config.engine != "local":
            advance(result.frames)
        yield result


def _attempt_elsewhere(
    source: Source, advance: Callable[[int], object], config: ExtractConfig
) -> Extracted:
    if not config.store.is_dir():
        raise InputError(
            f"{socket.gethostname()} does not see the store {config.store}; it must lie in a "
            "folder that all machines share"
        )
    import cv2

    cv2.setNumThreads(share_of_cores())
    return attempt(source, config, advance)


def _lost(source: Source, message: str) -> Extracted:
    return Extracted(source, "worker", message=f"{source.path}: {message}")
