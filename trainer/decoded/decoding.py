"""The decoding that a command was asked for, by the decoder of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, counted, some
from preprocessing.files.hdf5_file import Hdf5Writer
from preprocessing.terminal.console import note, progress
from trainer.decoded.facts import NONE
from trainer.decoded.options import Decode
from trainer.decoder.decoder import Decoder
from trainer.decoder.decoder_file import read_decoder
from trainer.decoder.decoding import decode
from trainer.decoder.following import Following
from trainer.predictions.reader import DECODED, RAW, require_finite
from trainer.predictions.writer import group_name, sequence_ids
from trainer.run.folder import Run
from trainer.run.members import is_ensemble

# How many steps say how far they are apart, and from which difference on that is worth a note.
RATE_STEPS, OTHER_RATE = 1000, 0.1


@dataclass(frozen=True)
class Decoding:
    """A decoder at work.

    Attributes:
        decoder: the decoder.
        lag: seconds that a decision may wait for what comes after; None for whole sequences.
    """

    decoder: Decoder
    lag: float | None

    @property
    def lag_steps(self) -> int | None:
        """The lag in steps."""
        return self.decoder.lag_steps(self.lag)

    def facts(self) -> dict[str, Any]:
        """Returns ``decoder`` of metrics.json."""
        return self.decoder.facts(self.lag)

    def following(self) -> Following:
        """Returns what decodes one sequence as its answers come; without a lag, at once."""
        return Following(self.decoder, self.lag_steps or 0, self.lag or 0.0)

    def complete(self, writer: Hdf5Writer) -> None:
        """Adds decoded answers to a file that holds all raw ones.

        Args:
            writer: the file, before it has its name.

        Raises:
            InputError: an answer is not finite.
            OSError: the disk is full or cannot be written.
        """
        file = writer.file
        names = {sequence_id: group_name(sequence_id) for sequence_id in sequence_ids(file)}
        self._note_other_rates({one: file[name] for one, name in names.items()})
        total = sum(len(file[f"{name}/{RAW}"]) for name in names.values())
        with progress(total=total, unit="frame", unit_scale=True, desc="decode") as bar:
            for sequence_id, name in names.items():
                group = file[name]
                data = group.create_dataset(DECODED, group[RAW].shape, group[RAW].dtype)
                start = 0
                for labels in self._blocks(sequence_id, group):
                    data[start : start + len(labels)] = labels
                    start += len(labels)
                    bar.update(len(labels))
                writer.require_success()

    def _note_other_rates(self, groups: Mapping[str, Any]) -> None:
        """Notes which sequences have other steps a second than those that it was chosen by."""
        steps = 1.0 / self.decoder.rate
        own = {name: np.diff(group["timestamps"][:RATE_STEPS]) for name, group in groups.items()}
        usual = {name: float(np.median(apart)) for name, apart in own.items() if len(apart)}
        if others := [name for name, each in usual.items() if abs(each / steps - 1) > OTHER_RATE]:
            note(
                f"{counted(len(others), 'sequence')} with other than the {self.decoder.rate:g} "
                f"steps a second of the training ({some(others)}): a decoder counts steps, so its "
                "lag and durations are shorter or longer there; extract at one --fps for all"
            )

    def _blocks(self, sequence_id: str, group: Any) -> Iterator[NDArray[Any]]:
        """Yields the decoded answers of a sequence, block by block."""

        def read(start: int, stop: int) -> NDArray[Any]:
            answers: NDArray[Any] = group["probabilities"][start:stop]
            require_finite(sequence_id, answers)
            return answers

        yield from decode(self.decoder, read, len(group[RAW]), self.lag_steps, self.lag)


def asked_decoding(
    run: Run, asked: Decode, lag: float | None
) -> tuple[Decoding | None, dict[str, Any] | None]:
    """Finds the decoding that a command was asked for.

    Args:
        run: the run.
        asked: ``auto`` for what was chosen when the run was trained.
        lag: seconds; None for whole sequences.

    Returns:
        The decoding, or None where answers stay raw, and ``decoder`` of metrics.json.

    Raises:
        InputError: there is no decoder, and one was asked for; or there can be none with a lag.
    """
    if asked == "none":
        return None, None
    if why := _why_none(run, lag):
        if asked == "viterbi":
            raise InputError(f"--decode viterbi: {why}, or leave --decode out")
        if lag:
            note(f"--lag {lag:g} changes nothing, for answers stay raw: {why}")
        return None, None
    decoder = read_decoder(run.decoder_path, run.facts.classes)
    if decoder is None:
        return None, None
    decoding = Decoding(decoder, lag)
    if asked == "auto" and not decoder.chosen(lag):
        if lag:
            note(
                f"--lag {lag:g} changes nothing, for answers of {run.path} stay raw: on validation "
                "they were as good as any that were decoded so; --decode viterbi decodes them all "
                "the same"
            )
        return None, {"kind": NONE, "lag": lag}
    return decoding, decoding.facts()


def _why_none(run: Run, lag: float | None) -> str:
    """Returns why a run's answers cannot be decoded, and what to do; empty if they can."""
    config = run.config
    if config.task == "regression":
        return f"{run.path} answers with numbers, which have no classes to decode; ask for none"
    if config.outputs == "sequence":
        return f"{run.path} answers once a sequence, so nothing follows; ask for none"
    if lag is not None and (backward := _backward(run)):
        return (
            f"{backward.path} goes backward in time, from the end of a recording, and has no "
            "answers while it lasts; leave --lag out"
        )
    if not run.decoder_path.is_file():
        return f"{run.path} has no {run.decoder_path.name}; {_how_to_have_one(run)}"
    return ""


def _backward(run: Run) -> Run | None:
    """Returns a run, or a member of one, that goes backward; None if there is none."""
    each = run.answering
    return next((one for one in each if one.config.direction == "backward"), None)


def _how_to_have_one(run: Run) -> str:
    if is_ensemble(run.path):
        return "make the ensemble anew, of runs with a validation split, store and labels"
    return (
        "the command that trained it makes one, started again without --decoder none, or says why "
        "not"
    )
