"""Decoded figures of several runs: seeds and folds as one, and runs side by side."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from made_decoders import made_decoder
from prediction_files import write_predictions
from spoken import Longtake, speaking

from preprocessing.errors import InputError
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.decoded.decoding import Decoding
from trainer.decoded.facts import joined_decoder
from trainer.evaluation.compare_options import CompareConfig
from trainer.evaluation.comparison import compare
from trainer.evaluation.comparison_table import comparison_lines
from trainer.evaluation.pooling import pool_answers
from trainer.evaluation.scoring import score
from trainer.metrics import ANSWERED
from trainer.predictions.reader import open_answers

CLASSES = ["a", "b", "c"]
FACTS = {"kind": "viterbi", "lag": 2.0, "weights": {"emission": 0.3}}
TASKS = ("classification", "multilabel")


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def answers(seed: int, decoded: bool, task: str = "classification") -> dict[str, Any]:
    """Six sequences with the same truth for any seed; what is decoded is the truth, a step late."""
    truth, chance = np.random.default_rng(9), np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    for number in range(6):
        true = np.repeat(truth.integers(0, 3, 10), 3)
        rows = {"true": true, "probabilities": chance.dirichlet([1, 1, 1], 30)}
        late = np.append(true[:1], true[:-1])
        if task == "multilabel":
            rows["true"], late = np.eye(3, dtype=int)[true], np.eye(3, dtype=int)[late]
        arrays[f"s{number}"] = {**rows, "decoded": late} if decoded else rows
    return arrays


def as_raw(arrays: dict[str, Any]) -> dict[str, Any]:
    """The same sequences, as if the decoded answers were the model's own."""
    return {
        name: {"predicted" if key == "decoded" else key: values for key, values in rows.items()}
        for name, rows in arrays.items()
    }


def make_run(path: Path, arrays: dict[str, Any], task: str, decoder: Any = FACTS) -> Path:
    folder = path / "evaluation" / "test"
    folder.mkdir(parents=True)
    (path / "config.yaml").write_text(to_yaml(TrainConfig(Path("store"), Path("labels"), path)))
    (folder / "metrics.json").write_text(json.dumps({"feed": None, "decoder": decoder}))
    write_predictions(folder / "predictions.h5", CLASSES, arrays, task)
    return path


@pytest.mark.parametrize("task", TASKS)
def test_decoded_figures_are_those_of_a_model_that_answers_so(task: str, tmp_path: Path) -> None:
    arrays = answers(1, True, task)
    metrics = score(write_predictions(tmp_path / "p.h5", CLASSES, arrays, task), True)
    own = score(write_predictions(tmp_path / "raw.h5", CLASSES, as_raw(arrays), task), True)
    decoded = metrics["decoded"]
    assert set(ANSWERED[task]) < set(decoded)
    for name in set(decoded) - {"intervals", "per_class"}:
        assert decoded[name] == own[name], name
    for name, row in decoded["per_class"].items():
        assert row == {key: own["per_class"][name][key] for key in row}
    assert decoded["intervals"] == {name: own["intervals"][name] for name in ANSWERED[task]}
    alone = answers(1, False, task)
    raw = score(write_predictions(tmp_path / "only.h5", CLASSES, alone, task), True)
    assert {**metrics, "decoded": None} == raw


@pytest.mark.parametrize("task", TASKS)
def test_a_comparison_has_decoded_figures_with_the_same_draws(task: str, tmp_path: Path) -> None:
    raw = make_run(tmp_path / "raw", answers(1, False, task), task, None)
    decoded = make_run(tmp_path / "decoded", answers(2, True, task), task)
    found = compare(CompareConfig((raw, decoded), out=tmp_path / "out", bootstrap=60))
    one, other = found["runs"]
    assert (one["decoder"], other["decoder"]) == ("none", "Viterbi, with a lag of 2 s")
    assert found["options"]["decoder"] == [one["decoder"], other["decoder"]]
    # Whose answers are raw is compared by them.
    assert one["decoded"]["metrics"]["f1"] == one["metrics"]["f1"]
    twin = make_run(tmp_path / "twin", as_raw(answers(2, True, task)), task, None)
    plain = compare(CompareConfig((raw, twin), bootstrap=60))["runs"][1]
    for name in ANSWERED[task]:
        assert other["decoded"]["metrics"][name] == plain["metrics"][name]
        assert other["decoded"]["intervals"][name] == plain["intervals"][name]
        assert other["decoded"]["difference"][name] == plain["difference"][name]
    assert other["decoded"]["sequences"] == plain["sequences"]
    assert plain["decoded"] is None
    lines = list(comparison_lines(found))
    assert any(re.match(r"  decoded accuracy +0\.\d+ +0\.\d+$", line) for line in lines)
    assert any(re.match(r"  decoded accuracy +\+0\.\d+ +\[", line) for line in lines)
    assert any(line.startswith("  by decoded accuracy, better in ") for line in lines)
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "equal, decoded</th>" in page
    assert page.count("<th>decoded F1</th>") == 2
    if task == "classification":
        assert page.count('alt="decoded, decoded labels of') == 6
        assert 'alt="raw, decoded labels of' not in page


def test_decoded_answers_at_other_times_are_compared_on_the_common_clock(tmp_path: Path) -> None:
    """Its decoded figures are those of a model whose raw answers are these."""
    arrays, often = answers(2, True), answers(1, False)
    twice = {
        name: {key: np.repeat(values, 2, axis=0) for key, values in rows.items()}
        for name, rows in often.items()
    }
    first = make_run(tmp_path / "first", twice, TASKS[0], None)
    predictions = first / "evaluation" / "test" / "predictions.h5"
    times = {name: np.arange(60) / 8 for name in twice}
    write_predictions(predictions, CLASSES, twice, times=times)
    decoded = make_run(tmp_path / "decoded", arrays, TASKS[0])
    twin = make_run(tmp_path / "twin", as_raw(arrays), TASKS[0], None)
    found, plain = (
        compare(CompareConfig((first, other), bootstrap=20))["runs"][1] for other in (decoded, twin)
    )
    for name in ANSWERED[TASKS[0]]:
        assert found["decoded"]["metrics"][name] == plain["metrics"][name]
        assert found["decoded"]["difference"][name] == plain["difference"][name]


def test_runs_of_the_same_decoder_say_it_only_once_it_differs(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / n, answers(s, True), TASKS[0]) for s, n in enumerate("xy")]
    found = compare(CompareConfig(tuple(runs), bootstrap=0))
    assert "decoder" not in found["options"]
    assert "  decoded by Viterbi, with a lag of 2 s" in list(comparison_lines(found))


NO_DECODERS = [{"kind": "magic", "lag": None}, {"kind": "viterbi", "lag": "x"}, {"kind": "viterbi"}]


@pytest.mark.parametrize("decoder", [{}, 3, *NO_DECODERS])
def test_a_decoder_that_is_none_is_damage_of_the_evaluation(decoder: Any, tmp_path: Path) -> None:
    one = make_run(tmp_path / "x", answers(1, False), TASKS[0], None)
    other = make_run(tmp_path / "y", answers(2, True), TASKS[0], decoder)
    if not decoder:
        compare(CompareConfig((one, other), bootstrap=0))
        return
    with pytest.raises(InputError, match=r"cannot read .*metrics\.json; run `longtake evaluate"):
        compare(CompareConfig((one, other), bootstrap=0))


@pytest.mark.parametrize("task", TASKS)
def test_a_fold_without_a_decoder_answers_raw_in_the_pool(task: str, tmp_path: Path) -> None:
    several = {"1": answers(1, True, task), "2": answers(2, False, task)}
    parts = {}
    for fold, arrays in several.items():
        chosen = {f"{fold}/{name}": rows for name, rows in arrays.items()}
        parts[fold] = write_predictions(tmp_path / f"{fold}.h5", CLASSES, chosen, task)
    pool_answers(parts, tmp_path / "pool.h5", "")
    with open_answers(tmp_path / "pool.h5") as pool:
        assert pool.decoded
        for name in pool.ids:
            fold, own = name.split("/")
            expected = several[fold][own].get("decoded", pool.whole(name, "predicted"))
            np.testing.assert_array_equal(pool.whole(name, "decoded"), expected)


def test_the_decoders_of_several_are_one_if_they_are_of_one_kind() -> None:
    none = {"kind": "none", "lag": 2.0}
    assert joined_decoder({"1": None, "2": None}, "folds") is None
    same = joined_decoder({"1": FACTS, "2": FACTS}, "folds")
    assert same == {"kind": "viterbi", "lag": 2.0, "folds": {"1": FACTS, "2": FACTS}}
    mixed = joined_decoder({"1": FACTS, "2": none}, "seeds")
    assert mixed == {"kind": "mixed", "lag": 2.0, "seeds": {"1": FACTS, "2": none}}


def test_sequences_of_another_rate_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decoding = Decoding(made_decoder(np.random.default_rng(0), 3, rate=4.0), 2.0)
    for steps in (4, 8):
        times = {"s1": np.arange(30) / steps, "s2": np.arange(30) / 4.1}
        path = write_predictions(tmp_path / "p.h5", CLASSES, answers(0, False), times=times)
        with h5py.File(path, "r+") as file:
            decoding.complete(SimpleNamespace(file=file, require_success=lambda: None))  # type: ignore[arg-type]
        said = "1 sequence with other than the 4 steps a second of the training (s1): a decoder"
        assert (said in capsys.readouterr().err) == (steps == 8)


def test_a_sequence_named_decoded_is_none_that_is_decoded(tmp_path: Path) -> None:
    arrays = answers(1, False)["s0"]
    path = write_predictions(tmp_path / "p.h5", CLASSES, {"x": arrays, "x/decoded": arrays})
    with open_answers(path) as found:
        assert found.ids == ["x", "x/decoded"]
        assert not found.decoded
        np.testing.assert_array_equal(found.whole("x/decoded", "true"), arrays["true"])
    pool_answers({"1": path}, tmp_path / "pool.h5", "")
    with open_answers(tmp_path / "pool.h5") as found:
        assert found.ids == ["x", "x/decoded"]


def broken(path: Path, how: str) -> str:
    """Breaks decoded answers of ``s1``; returns what is said of it."""
    with h5py.File(path, "r+") as file:
        group = file["s1"]
        length = len(group["decoded"])
        if how == "value":
            group["decoded"][3] = 3
            return "'decoded' of 's1' holds what no answer is"
        del group["decoded"]
        if how == "missing":
            return "'s1' has no 'decoded', and others have"
        if how == "short":
            group["decoded"] = np.zeros(length - 1, "int32")
            return "'decoded' of 's1' has shape"
        if how == "numbers":
            group["decoded"] = np.zeros(length)
            return "'decoded' of 's1' holds what no answer is"
        group["decoded"] = h5py.SoftLink("/s0/decoded")
        return "'decoded' is a link"


@pytest.mark.parametrize("how", ["value", "missing", "short", "numbers", "link"])
def test_decoded_answers_of_strangers_are_checked(how: str, tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "p.h5", CLASSES, answers(1, True))
    said = broken(path, how)
    with pytest.raises(InputError, match=f"no whole file of predictions: .*{said}.*; run evaluate"):
        score(path, segmental=True)
