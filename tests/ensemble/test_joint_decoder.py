"""The decoder of an ensemble: chosen by what all members say of the validation split."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from quick_trainings import write_persons
from untrained_runs import untrained

from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import rate_of
from trainer.batches.sequence_set import SequenceSet
from trainer.decoder.choosing import choose_decoder
from trainer.decoder.counting import count_labels
from trainer.decoder.decoder_file import read_decoder, write_decoder
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.predictions.inference import predict
from trainer.run.folder import Run
from trainer.training.completion import decoder_line

NAMES = [f"P{person}_{take}" for person in (1, 2, 3) for take in range(2)]
SPLITS = {"train": NAMES[:2], "validation": NAMES[2:4], "test": NAMES[4:]}


def made(root: Path, name: str, **options: Any) -> Run:
    (root / "splits.json").write_text(json.dumps(SPLITS))
    given = {"splits": root / "splits.json", "decoder": "auto", **options}
    return untrained(root / "store", root / "labels.csv", root / name, **given)


def ensemble(new: Path, *runs: Run) -> Run:
    make_ensemble(EnsembleConfig(tuple(run.path for run in runs), new))
    return Run(new)


def test_all_members_choose_it_by_their_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_persons(tmp_path, 3, 2)
    one, late = made(tmp_path, "one"), made(tmp_path, "late", weights=2, horizon=-2)
    both = ensemble(tmp_path / "both", one, late)
    said = capsys.readouterr().out
    store = FeatureStore(tmp_path / "store")
    labels = read_labels(both.config.label_options, store)
    infos = {part: [store.info(name) for name in names] for part, names in SPLITS.items()}
    data = SequenceSet(store, infos["validation"], labels, both.layout)
    predict(both, data, tmp_path / "answers.h5")
    counts, rate = count_labels(labels, infos["train"]), rate_of(infos["train"])
    expected = choose_decoder(counts, tmp_path / "answers.h5", rate)
    write_decoder(tmp_path / "expected.json", expected)
    assert both.decoder_path.read_text() == (tmp_path / "expected.json").read_text()
    assert said == f"{decoder_line(expected, 2)}\n"
    assert read_decoder(both.decoder_path, both.facts.classes)
    assert not list(both.path.glob("validation*"))
    _of_one_is_that_of_its_member(tmp_path, both)
    shutil.rmtree(tmp_path / "store")
    gone = ensemble(tmp_path / "gone", one, late)
    assert not gone.decoder_path.exists()
    assert capsys.readouterr().out.startswith("decoder: that of its only member\ndecoder: none; ")


def _of_one_is_that_of_its_member(root: Path, both: Run) -> None:
    shutil.copy(both.decoder_path, root / "one" / "decoder.json")
    alone = ensemble(root / "alone", Run(root / "one"))
    assert alone.decoder_path.read_text() == both.decoder_path.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decoder": "none"}, ""),
        ({"outputs": "sequence"}, ""),
        ({}, "decoder: none; there is no validation split to choose it by\n"),
    ],
)
def test_without_a_validation_split_or_answers_for_each_step_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict[str, Any], said: str
) -> None:
    write_persons(tmp_path, 3, 2)
    one, other = (made(tmp_path, name, **options) for name in ("one", "other"))
    for run in (one, other):
        splits = {**SPLITS, "validation": []}
        (run.path / "splits.json").write_text(json.dumps(splits))
    assert not ensemble(tmp_path / "both", one, other).decoder_path.exists()
    assert capsys.readouterr().out == said
