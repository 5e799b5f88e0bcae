import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.same_content import require_apart, twins_by_features
from preprocessing.store.feature_store import FeatureStore


def parts_of(store, **ids):
    return {part: [store.info(name) for name in names] for part, names in ids.items()}


def test_two_names_of_one_source_in_two_parts_are_refused(tmp_path):
    generator = np.random.default_rng(0)
    prints = {"a": "0a", "b": "0b", "copy of a": "0a", "c": "", "d": ""}
    for name, fingerprint in prints.items():
        write_sequence(tmp_path, name, generator.normal(size=(9, 2)), fingerprint=fingerprint)
    store = FeatureStore(tmp_path)
    require_apart(store, parts_of(store, train=["a", "copy of a", "c"], test=["b", "d"]))
    expected = (
        "a (train) and copy of a (test) are the same recording (their sources have the same "
        "fingerprint); take one of each out of the labels, or put both into one part, by --splits "
        "or a --group-by that gives them the same group"
    )
    with pytest.raises(InputError, match=f"^{re.escape(expected)}$"):
        require_apart(store, parts_of(store, train=["a", "b"], test=["copy of a"]), look=False)


def test_equal_features_in_two_parts_are_refused(tmp_path):
    generator = np.random.default_rng(0)
    one = generator.normal(size=(50, 3))
    for name in ("a", "b", "c", "d"):
        write_sequence(tmp_path, name, one)
    other = one.copy()
    other[49, 2] += 1
    write_sequence(tmp_path, "almost", other)
    write_sequence(tmp_path, "longer", np.concatenate([one, one[-1:]]))
    store = FeatureStore(tmp_path)
    require_apart(store, parts_of(store, train=["a", "b"], test=["almost", "longer"]))
    parts = parts_of(store, train=["almost", "a", "b"], validation=["c"], test=["longer", "d"])
    require_apart(store, parts, look=False)
    expected = r"a \(train\) and c \(validation\) .* equal\), and 1 sequence more likewise; take"
    with pytest.raises(InputError, match=expected):
        require_apart(store, parts)


def test_features_that_never_change_tell_nothing(tmp_path):
    for name in ("a", "b"):
        write_sequence(tmp_path, name, np.ones((20, 2)))
    write_sequence(tmp_path, "c", np.ones((1, 2)))
    write_sequence(tmp_path, "d", np.ones((1, 2)))
    store = FeatureStore(tmp_path)
    require_apart(store, parts_of(store, train=["a", "c"], test=["b", "d"]))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["train", "test"])), max_size=8))
def test_exactly_what_is_equal_in_two_parts_is_found(tmp_path_factory, sequences):
    root = tmp_path_factory.mktemp("store")
    names = {part: [] for part in ("train", "test")}
    for number, (content, part) in enumerate(sequences):
        features = np.random.default_rng(content).normal(size=(6 + content // 2, 2))
        write_sequence(root, f"s{number}", features)
        names[part].append(f"s{number}")
    store = FeatureStore(root)
    common = set.intersection(*({c for c, p in sequences if p == part} for part in names))
    found = twins_by_features(store, parts_of(store, **names))
    assert {twins.other.info.sequence_id for twins in found} == {
        f"s{n}" for n, (c, part) in enumerate(sequences) if c in common and part == "test"
    }
