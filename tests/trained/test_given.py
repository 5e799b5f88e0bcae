"""Things that a run may be asked about, and others that it may not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import settings_text
from trainer.run.facts import ModelFacts
from trainer.trained.given import Asking

RAMP = np.arange(12.0).reshape(6, 2)


def asking(folder: Path, fps: str = "4.0", **more: Any) -> Asking:
    facts = ModelFacts(("a", "b"), 2, fps, "test", "0", settings_text())
    config = SimpleNamespace(store=folder / "trained-on")
    run: Any = SimpleNamespace(path=folder / "run", facts=facts, config=config)
    return Asking(run, folder / "asked", **more)


def test_arrays_become_a_store_that_fits_the_run(tmp_path: Path) -> None:
    half = RAMP.astype("float16")
    ask = asking(tmp_path)
    given = ask.given({"day 1/cage": RAMP.astype(int), "b": half})
    assert (given.ids, given.alone) == (["day 1/cage", "b"], False)
    for name, dtype in (("day 1/cage", "float32"), ("b", "float16")):
        info = given.store.info(name)
        ask.run.facts.require(info)
        assert (info.dtype, info.last) == (dtype, 1.25)
        np.testing.assert_array_equal(given.store.features(name, 0, 6), RAMP)


def test_times_may_be_given(tmp_path: Path) -> None:
    times = [3.0, 3.5, 5.0, 6.0, 7.0, 8.0]
    given = asking(tmp_path, "native", timestamps=[times, RAMP[:, 0]]).given([RAMP, RAMP])
    assert given.ids == ["0", "1"]
    np.testing.assert_array_equal(given.store.timestamps("0", 0, 6), times)


@pytest.mark.parametrize(
    ("what", "more", "message"),
    [
        (RAMP.T, {}, r"array has 6 features a step, .* takes 2 \(test\); give <float>\[N, 2\]"),
        (RAMP[0], {}, r"array has the shape \[2\]; expected \[N, F\]"),
        (RAMP[:0], {}, r"array has the shape \[0, 2\]"),
        ([[1, 2], [3]], {}, "array: not an array of numbers"),
        ([["a", "b"]], {}, "array: not an array of numbers"),
        (None, {}, r"expected"),
        ({}, {}, "nothing to predict"),
        ({"../x": RAMP}, {}, "'../x' is no sequence id"),
        ({"/x": RAMP}, {}, "'/x' is no sequence id"),
        ({"a//b": RAMP}, {}, "'a//b' is no sequence id"),
        ({7: RAMP}, {}, "7 is no sequence id"),
        ({"a.h5/b": RAMP}, {}, "'a.h5/b' is no sequence id"),
        ({"\ud800": RAMP}, {}, r"'\\ud800' is no sequence id"),
        ({"a" * 300: RAMP}, {}, "is too long for a sequence id"),
        (RAMP * 1e300, {}, "feature 1 of step 0 is inf"),
        ("a" * 5000, {}, "there is no aaa"),
        ([RAMP], {"timestamps": 5}, "has 0 arrays and features 1"),
        ({"x": np.full((6, 2), np.inf)}, {}, "x: feature 0 of step 0 is"),
        (RAMP, {"timestamps": [1, 2]}, "expected 6 timestamps"),
        (RAMP, {"timestamps": [0, 1, 1, 2, 3, 4]}, "timestamps that increase"),
        (RAMP, {"timestamps": [0, 1, 2, 3, 4, np.nan]}, "expected 6 timestamps"),
        (RAMP, {"timestamps": "noon"}, "expected 6 timestamps"),
        ([RAMP], {"timestamps": [RAMP[:, 0]] * 2}, "has 2 arrays and features 1"),
        (RAMP, {"fps": "native"}, r"every frame .* give timestamps="),
        ("nowhere", {}, "there is no nowhere"),
        ("nowhere", {"timestamps": [1.0]}, "timestamps= is for arrays"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_line(
    what: Any, more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message) as error:
        asking(tmp_path, **more).given(what)
    assert "\n" not in str(error.value)


def test_a_store_stands_for_itself(tmp_path: Path) -> None:
    made = asking(tmp_path).given([RAMP]).store
    again = asking(tmp_path / "other").given(made)
    assert (again.store, again.ids) == (made, ["0"])
    by_path = asking(tmp_path / "other").given(str(made.root))
    assert (by_path.store.root, by_path.alone) == (made.root, False)
    with pytest.raises(InputError, match="answered alone"):
        asking(tmp_path / "other").given([made.root, made.root])


def test_sequences_of_a_store_of_another_making_are_refused_however_they_are_given(
    tmp_path: Path,
) -> None:
    """An array says nothing of how it was made; a stored sequence does."""
    other = asking(tmp_path, "25.0").given([RAMP]).store
    ask = asking(tmp_path / "run")
    for what in ([other["0"]], {"x": other["0"]}):
        with pytest.raises(InputError, match=r"25\.0"):
            ask.given(what)
    fitting = asking(tmp_path / "fitting").given([RAMP]).store
    assert ask.given([fitting["0"]]).ids == ["0"]


def test_features_of_videos_never_join_what_was_trained_on(tmp_path: Path) -> None:
    (tmp_path / "trained-on").mkdir()
    (tmp_path / "a.mp4").touch()
    ask = asking(tmp_path, store=tmp_path / "trained-on")
    with pytest.raises(InputError, match="was trained on; give another folder"):
        ask.given([tmp_path / "a.mp4"])
    assert isinstance(FeatureStore(tmp_path / "trained-on").ids(), list)
