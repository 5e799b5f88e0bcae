import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from trainer.run.lineage import Lineage, Recording, read_lineage

recordings = st.frozensets(
    st.builds(Recording, st.text(), st.text("01", max_size=2), st.integers(0, 3)), max_size=5
)


@given(recordings, recordings)
def test_a_lineage_reads_back_from_its_json(tmp_path_factory, run, ancestors):
    path = tmp_path_factory.mktemp("run") / "trained.json"
    path.write_text(Lineage(run, ancestors).to_json(), "utf-8")
    assert read_lineage(path, ()) == Lineage(run, ancestors)


@pytest.fixture
def info(tmp_path):
    write_sequence(tmp_path, "a", np.zeros((8, 2)), fingerprint="f")
    return FeatureStore(tmp_path).info("a")


@pytest.mark.parametrize(
    ("known", "seen"),
    [
        (Recording("a", "f", 8), True),
        (Recording("called otherwise", "f", 8), True),
        (Recording("sampled otherwise", "f", 4), True),
        (Recording("a", "encoded anew", 8), True),
        (Recording("a", "another of this name", 9), False),
        (Recording("a"), True),
        (Recording("b"), False),
        (Recording("b", "", 8), False),
        (Recording("b", "g", 8), False),
    ],
)
def test_a_recording_is_known_by_its_source_or_by_its_name_and_length(info, known, seen):
    for lineage in (Lineage(frozenset([known])), Lineage(frozenset(), frozenset([known]))):
        assert lineage.seen([info]) == ["a"] * seen


def test_unknown_sources_are_not_the_same(info):
    origin = dataclasses.replace(info.origin, fingerprint="")
    unknown = dataclasses.replace(info, origin=origin)
    assert Lineage(frozenset([Recording("b", "", 8)])).seen([unknown]) == []


def test_a_run_knows_its_ancestors_of_any_generation(info):
    oldest = Lineage.begun([dataclasses.replace(info, sequence_id="x")], None)
    older = Lineage.begun([dataclasses.replace(info, sequence_id="y")], oldest)
    youngest = Lineage.begun([info], older)
    assert {it.sequence_id for it in youngest.run} == {"a"}
    assert {it.sequence_id for it in youngest.ancestors} == {"x", "y"}


def test_an_older_run_knows_its_sequences_by_name(tmp_path):
    lineage = read_lineage(tmp_path / "none.json", ["a", "b"])
    assert lineage == Lineage(frozenset([Recording("a"), Recording("b")]))


@pytest.mark.parametrize(
    "content", [[], {}, {"run": []}, *({"run": [it], "ancestors": []} for it in (["a"], [1, 2, 3]))]
)
def test_a_damaged_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "trained.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"cannot read .*trained\.json: .*; train the run again"):
        read_lineage(path, ["a"])
