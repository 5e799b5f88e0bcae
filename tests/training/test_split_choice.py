"""Which splits a training gets; nothing is trained here."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_stores import MadeStore, write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.groups import divided_groups, read_groups
from preprocessing.labels.reading import read_labels
from preprocessing.labels.splits import PARTS, Splits
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.run.lineage import Lineage, Recording
from trainer.training.split_choice import begun_lineage, choose_splits

FACTS = ModelFacts(("a", "b"), 3, "4.0", "test", "0", "{}")
PERSONS = [f"P{person}_{n}" for person in range(8) for n in range(3)]


class Bench:
    """A store with labels, and the splits that options give."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, *ids: str) -> None:
        generator = np.random.default_rng(len(ids))
        rows = ["sequence,label"]
        for name in ids:
            write_sequence(self.folder / "store", name, generator.normal(size=(10, 3)))
        store = FeatureStore(self.folder / "store")
        rows += [f"{name},{'ab'[number % 2]}" for number, name in enumerate(store.ids())]
        (self.folder / "labels.csv").write_text("\n".join(rows))

    def choose(self, **options: object) -> Splits:
        config = self.config(**options)
        store = FeatureStore(config.store)
        return choose_splits(config, read_labels(config.label_options, store), store.info).splits

    def config(self, **options: object) -> TrainConfig:
        run = self.folder / "run"
        return TrainConfig(
            self.folder / "store", self.folder / "labels.csv", **{"run": run, **options}
        )

    def begin(self, splits: Splits, lineage: Lineage | None = None, **options: object) -> Run:
        """Leaves what a training leaves behind, with an empty checkpoint."""
        config = self.config(**options)
        run = Run(config.run)
        run.begin(config, splits, FACTS, lineage)
        (run.path / "checkpoints" / "0001-000000.npz").touch()
        return run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_group_stays_in_one_part(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add(*PERSONS)
    groups = read_groups(r"^(P\d+)_", PERSONS)
    splits = bench.choose(group_by=r"^(P\d+)_")
    assert not list(divided_groups(groups, splits))
    assert not capsys.readouterr().err
    table = bench.folder / "groups.csv"
    table.write_text("sequence,group\n" + "".join(f"{n},{g}\n" for n, g in groups.items()))
    assert bench.choose(group_by=str(table)) == splits


def test_ids_that_look_grouped_get_a_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add(*PERSONS)
    splits = bench.choose()
    divided = [it.group for it in divided_groups(read_groups("^(P.)", PERSONS), splits)]
    line = (
        f"note: ids look grouped by what stands before the first _ or -, and {len(divided)} of 8 "
        f"groups are in two parts ({', '.join(divided[:3])}, ...); if these are persons, animals "
        "or places, figures on the test will be too good: --group-by '^([^_-]+)' keeps each in one "
        "part, or refuses --splits that do not\n"
    )
    assert capsys.readouterr().err == line
    (bench.folder / "splits.json").write_text(splits.to_json())
    bench.choose(splits=bench.folder / "splits.json")
    assert capsys.readouterr().err == line


def test_splits_that_are_given_must_keep_groups_whole(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.add(*PERSONS)
    path = bench.folder / "splits.json"
    path.write_text(json.dumps({"train": ["P0_0", "P1_0"], "test": ["P2_0", "P1_1"]}))
    expected = (
        f"the splits of {path} have group 'P1' in two parts (P1_0 in train, P1_1 in test); "
        "expected whole groups of --group-by ^(P.): mend the splits, or leave --group-by out"
    )
    with pytest.raises(InputError, match=f"^{re.escape(expected)}$"):
        bench.choose(splits=path, group_by="^(P.)")
    path.write_text(json.dumps({"train": ["P0_0", "P1_0", "P1_1"], "test": ["P2_0"]}))
    bench.choose(splits=path, group_by="^(P.)", split_seed=3)
    assert capsys.readouterr().err == "note: --split-seed 3 does nothing with --splits\n"


def test_groups_of_one_sequence_each_are_said(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.add("a", "b", "c")
    bench.choose(group_by=".+")
    assert capsys.readouterr().err == "note: --group-by: each sequence is a group of its own\n"


def test_splits_have_a_seed_of_their_own(bench: Bench) -> None:
    bench.add(*(f"s{n:02d}" for n in range(20)))
    usual = bench.choose(seed=1)
    assert bench.choose(seed=1, split_seed=1) == bench.choose(seed=2, split_seed=1) == usual
    assert bench.choose(seed=1, split_seed=2) == bench.choose(seed=2) != usual


def test_a_run_that_was_begun_keeps_its_splits_whoever_dealt_them(bench: Bench) -> None:
    ids = [f"s{n:02d}" for n in range(20)]
    bench.add(*ids)
    before = Splits(tuple(ids[6:]), tuple(ids[:3]), tuple(ids[3:6]))
    assert bench.choose() != before
    bench.begin(before)
    assert bench.choose() == before
    assert bench.choose(run=bench.folder / "other") != before
    bench.add("new")
    assert bench.choose() != before


def test_what_the_run_continued_from_knows_stays_and_the_rest_is_dealt_out(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [f"s{n:02d}" for n in range(20)]
    bench.add(*ids)
    before = Splits(tuple(ids[6:]), tuple(ids[:3]), tuple(ids[3:6]))
    base = bench.begin(before, run=bench.folder / "base")
    new = [f"t{n:02d}" for n in range(20)]
    bench.add(*new)
    splits = bench.choose(continue_from=base.path)
    for part in PARTS:
        assert set(before[part]) < set(splits[part])
    assert [len(splits[part]) for part in PARTS] == [28, 6, 6]
    assert capsys.readouterr().err == (
        f"note: of 40 sequences 20 stay in the part that {base.path} had them in; 20 are new and "
        "dealt out\n"
    )


def test_what_an_ancestor_was_trained_on_is_dealt_to_training(bench: Bench) -> None:
    ids = [f"s{n:02d}" for n in range(20)]
    bench.add(*ids)
    base = bench.begin(
        Splits(("s00",), ("s01",), ("s02",)),
        Lineage(frozenset([Recording("s00")]), frozenset(map(Recording, ids[10:]))),
        run=bench.folder / "base",
    )
    for seed in range(5):
        splits = bench.choose(continue_from=base.path, seed=seed)
        assert set(ids[10:]) < set(splits.train)
        assert "s01" in splits.validation
        assert "s02" in splits.test


def test_what_is_held_out_now_and_was_trained_on_before_is_said(
    bench: Bench, make_store: MadeStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store = make_store([5, 6, 7])
    infos = [store.info(name) for name in store.ids()]
    base = bench.begin(Splits(("s0",), (), ()), run=bench.folder / "base")
    parts = {"train": infos[:1], "validation": infos[1:2], "test": infos[2:]}
    begun_lineage(base.path, parts)
    begun_lineage(None, {**parts, "test": infos})
    assert not capsys.readouterr().err
    begun_lineage(base.path, {**parts, "test": infos})
    assert capsys.readouterr().err == (
        f"note: {base.path}, or a run that it continues, was trained on 1 sequence of the test "
        "split (s0): they are not held out, and evaluate will refuse them; without --splits, each "
        "stays in the part that it had\n"
    )


def test_labels_that_do_not_fit_are_refused_before_splits_are_dealt(bench: Bench) -> None:
    bench.add("a", "b", "c")
    (bench.folder / "labels.csv").write_text(
        "sequence,start,end,label\na,0,1,x\nb,0,1,y\nc,0,99,x\n"
    )
    with pytest.raises(InputError, match=r"labels of c .* last 99\.00 s"):
        bench.choose()
