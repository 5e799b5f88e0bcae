"""What has changed since a run was begun is named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from preprocessing.errors import InputError
from preprocessing.labels.splits import Splits
from trainer.config import TrainConfig
from trainer.run.changes import changed_facts, changed_splits
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run

FACTS = ModelFacts(
    ("a", "b"), 8, "4.0", "flow", "", "{}", data_digest="1", feature_moments=((0.0,), (1.0,))
)
SPLITS = Splits(("s0", "s1"), ("s2",), ("s3",))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, []),
        ({"dimension": 9, "data_digest": "2"}, ["the number of features in --store (8, now 9)"]),
        ({"backbone": "hog"}, ["the backbone of --store (flow, now hog)"]),
        ({"fps": "native"}, ["the fps of --store (4.0, now native)"]),
        ({"classes": ("a", "b", "c")}, ["the classes in --labels (with c, 3)"]),
        ({"classes": ("b",), "data_digest": "2"}, ["the classes in --labels (without a, 1)"]),
        ({"data_digest": "2"}, ["what --labels hold, or the recordings behind --store"]),
        ({"model_digest": "x"}, ["the file of --model"]),
        ({"feature_moments": ((1.0,), (1.0,))}, ["the features in --store"]),
        ({"settings": "x" * 900}, ["the settings of --store"]),
    ],
)
def test_facts_that_differ_are_named(now: dict[str, Any], expected: list[str]) -> None:
    assert list(changed_facts(FACTS, replace(FACTS, **now))) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (SPLITS, []),
        (Splits(("s0",), ("s2",), ("s3",)), ["the train split (without 's1', 1 sequences)"]),
        (Splits(("s0", "s1"), ("s2",), ("s3", "s4")), ["the test split (with 's4', 2 sequences)"]),
        (Splits(("s1", "s0"), ("s2",), ("s3",)), ["the train split (its order)"]),
    ],
)
def test_splits_that_differ_are_named(now: Splits, expected: list[str]) -> None:
    assert list(changed_splits(SPLITS, now)) == expected


def test_a_run_on_other_data_is_refused_by_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, config = Run(tmp_path), TrainConfig(Path("s"), Path("l"), tmp_path)
    run.begin(config, SPLITS, FACTS)
    monkeypatch.setattr(type(run.checkpoints), "paths", lambda _: [tmp_path])
    run.require_same(config, SPLITS, FACTS)
    with pytest.raises(InputError) as refused:
        run.require_same(config, SPLITS, replace(FACTS, fps="native"))
    assert str(refused.value) == (
        f"{tmp_path} was begun with other data: changed are the fps of --store (4.0, now native); "
        "give another --run, or what it was begun with"
    )
