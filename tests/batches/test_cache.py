from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_stores import MadeStore

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from trainer.batches import cache
from trainer.config import TrainConfig
from trainer.plan.lanes import fixed_lengths, lane_plan, shared
from trainer.training.data import load_data

Task = tuple[Path, Path]


def infos_of(store: FeatureStore) -> list[Any]:
    return [store.info(sequence_id) for sequence_id in store.ids()]


@pytest.mark.parametrize(
    ("asked", "small", "stays"),
    [("auto", True, True), ("auto", False, False), ("none", True, False), ("memory", False, True)],
)
def test_what_stays_in_memory(
    make_store: MadeStore, monkeypatch: pytest.MonkeyPatch, asked: str, small: bool, stays: bool
) -> None:
    infos = infos_of(make_store([100, 50], dimension=3))
    size = 150 * 3 * 4
    monkeypatch.setattr(cache, "SMALL_BYTES", size if small else size - 1)
    assert cache.stays_in_memory(asked, infos) == stays


def test_features_that_do_not_fit_into_memory_are_refused(
    make_store: MadeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = infos_of(make_store([10]))[0]
    monkeypatch.setattr(cache, "free_bytes", lambda: 10**9)
    with pytest.raises(InputError, match=r"features take 12.0 GB and 1.0 GB of memory are free"):
        cache.stays_in_memory("memory", [replace(info, steps=10**9)])


def test_free_memory_is_what_the_system_says_or_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LIMITS", tmp_path / "none")
    for text, free in (("MemFree: 5 kB\nMemAvailable:  2048 kB\n", 2 << 20), ("nothing", None)):
        (tmp_path / "meminfo").write_text(text)
        monkeypatch.setattr(cache, "MEMORY", tmp_path / "meminfo")
        assert cache.free_bytes() == free
    monkeypatch.setattr(cache, "MEMORY", tmp_path / "none")
    assert cache.free_bytes() is None


def test_in_a_container_only_what_it_may_take_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LIMITS", tmp_path)
    (tmp_path / "meminfo").write_text("MemAvailable: 1000 kB\n")
    monkeypatch.setattr(cache, "MEMORY", tmp_path / "meminfo")
    (tmp_path / "memory.current").write_text("300\n")
    for limit, free in (("1000\n", 700), ("200\n", 0), ("max\n", 1000 << 10)):
        (tmp_path / "memory.max").write_text(limit)
        assert cache.free_bytes() == free


def test_features_that_nobody_looks_at_do_not_stay_in_memory(
    memory_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_data(TrainConfig(*memory_task, tmp_path / "run", cache="memory", inputs="labels"))
    assert "stay in memory" not in capsys.readouterr().err


def test_batches_are_the_same_from_memory(
    memory_task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for asked in ("none", "memory"):
        config = TrainConfig(*memory_task, tmp_path / "run", cache=asked)
        data = load_data(config).train
        plan = lane_plan(data.lengths, shared(range(9), 3), fixed_lengths(7))
        found[asked] = [batch.features for batch in data.batches(plan)]
    for one, other in zip(*found.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert capsys.readouterr().err.count("features stay in memory once they are read: 0 MB") == 1
