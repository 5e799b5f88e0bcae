"""Decoded answers of ``evaluate`` and ``predict``, from the command line to files and pages."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import FPS
from run_decoders import majority, use_majority, write_made_decoder
from spoken import Longtake, refusal, speaking

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.decoded.decoding import asked_decoding
from trainer.metrics import ANSWERED
from trainer.run.folder import Run


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def arrays_of(path: Path) -> dict[str, dict[str, np.ndarray]]:
    with h5py.File(path) as file:
        return {name: {key: group[key][()] for key in group} for name, group in file.items()}


def naive_accuracy(arrays: dict[str, dict[str, np.ndarray]], said: str) -> float:
    right: list[bool] = []
    for rows in arrays.values():
        pairs = zip(rows["true"].tolist(), rows[said].tolist(), strict=True)
        right += [true == named for true, named in pairs if np.min(true) >= 0]
    return sum(right) / len(right)


@pytest.mark.parametrize(
    ("task", "lag"),
    [
        ("classification", None),
        pytest.param("multilabel", 0.5, marks=pytest.mark.slow),
        pytest.param("classification", 0.5, marks=pytest.mark.slow),
        pytest.param("multilabel", None, marks=pytest.mark.slow),
    ],
)
def test_decoded_answers_stand_beside_raw_ones(
    task: str, lag: float | None, runs: dict[str, Run], longtake: Longtake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = runs[task]
    several = task == "multilabel"
    folder = run.evaluation_path("test")
    assert longtake("evaluate", run.path, "--decode", "none")[0] == 0
    before = json.loads((folder / "metrics.json").read_text())
    raw = arrays_of(folder / "predictions.h5")
    assert (before["decoded"], before["decoder"]) == (None, None)
    use_majority(monkeypatch, run.path, kind="lengths" if several else "viterbi")
    options = () if lag is None else ("--lag", lag)
    code, out, _ = longtake("evaluate", run.path, *options)
    assert code == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    arrays = arrays_of(folder / "predictions.h5")
    for name, rows in arrays.items():
        seen = None if lag is None else round(lag * FPS)
        expected = majority(rows["probabilities"], seen, several)
        np.testing.assert_array_equal(rows["decoded"], expected)
        assert rows["decoded"].dtype == expected.dtype
        for key, values in raw[name].items():
            np.testing.assert_array_equal(rows[key], values)
    decoded = metrics.pop("decoded")
    assert metrics.pop("decoder") == {
        "kind": "lengths" if several else "viterbi", "lag": lag, "weights": {"majority": 1.0},
    }  # fmt: skip
    assert (metrics["behind"], decoded["behind"]) == (0, lag)
    assert {**metrics, "decoded": None, "decoder": None} == before
    assert set(ANSWERED[task]) < set(decoded)
    assert decoded["accuracy"] == pytest.approx(naive_accuracy(arrays, "decoded"))
    assert decoded["accuracy"] != metrics["accuracy"]
    assert set(decoded["per_class"]) == {"a", "b"}
    assert len(decoded["per_sequence"]) == 3
    assert set(decoded["intervals"]) == set(ANSWERED[task])
    how = "whole sequences at once" if lag is None else "with a lag of 0.5 s"
    assert f", {how}:\n    " in out
    assert f"    accuracy   {decoded['accuracy']:.4f}" in out
    page = (folder / "report.html").read_text()
    assert how in page
    assert f"{decoded['accuracy']:.3f}" in page
    if not several:
        assert page.count('alt="decoded labels of') == 3


def test_without_a_decoder_answers_stay_raw(runs: dict[str, Run], longtake: Longtake) -> None:
    path = runs["classification"].path
    Run(path).decoder_path.unlink(missing_ok=True)
    code, out, err = longtake("evaluate", path)
    assert code == 0
    assert "Viterbi" not in out
    assert "--lag" not in err
    assert "changes nothing" in longtake("evaluate", path, "--lag", 1)[2]
    line = refusal(longtake("evaluate", path, "--decode", "viterbi"))
    assert "has no decoder.json; the command that trained it makes one, " in line


def test_a_decoder_that_was_no_better_works_only_if_it_is_asked_for(
    runs: dict[str, Run], longtake: Longtake
) -> None:
    run = runs["classification"]
    write_made_decoder(run, won=False)
    code, out, _ = longtake("evaluate", run.path)
    assert code == 0
    assert "decoder    none: on validation, raw answers were as good" in out
    path = run.evaluation_path("test") / "metrics.json"
    metrics = json.loads(path.read_text())
    assert (metrics["decoder"], metrics["decoded"]) == ({"kind": "none", "lag": None}, None)
    said = longtake("evaluate", run.path, "--lag", 2, "--bootstrap", 0)[2]
    assert f"--lag 2 changes nothing, for answers of {run.path} stay raw: on validation" in said
    code, out, _ = longtake("evaluate", run.path, "--decode", "viterbi", "--lag", 0.4)
    assert "decoded by Viterbi, with a lag of 0.4 s:" in out
    decoder = json.loads(path.read_text())["decoder"]
    assert (decoder["kind"], decoder["lag"]) == ("viterbi", 0.4)
    assert decoder["weights"]["emission"] == 0.8


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_labels_of_new_sequences_are_decoded_ones(
    task: str, runs: dict[str, Run], longtake: Longtake, tmp_path: Path
) -> None:
    run, store = runs[task], FeatureStore(runs[task].config.store)
    write_made_decoder(run)
    known = {}
    for decode in ("auto", "none"):
        out = tmp_path / decode
        code, said, _ = longtake("predict", run.path, store.root, "--out", out, "--decode", decode)
        assert code == 0
        told = "labels are decoded by " in said and "--decode none writes raw ones" in said
        assert told == (decode == "auto")
        labels = read_labels(LabelOptions(out / "labels.csv", task=task), store)  # type: ignore[arg-type]
        labels.use_classes(run.facts.classes)
        arrays = arrays_of(out / "predictions.h5")
        for name, rows in arrays.items():
            found = labels.at(store.info(name), 0, store.timestamps(name))
            said = "decoded" if decode == "auto" else "predicted"
            np.testing.assert_array_equal(found, rows[said])
        known[decode] = arrays
    for name, rows in known["auto"].items():
        np.testing.assert_array_equal(rows["predicted"], known["none"][name]["predicted"])
    assert any((rows["predicted"] != rows["decoded"]).any() for rows in known["auto"].values())


@pytest.mark.parametrize("command", ["evaluate", "predict", "stream"])
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--lag", -1), "--lag -1: expected seconds, from 0 to 3600"),
        (("--lag", "nan"), "--lag nan: expected seconds, from 0 to 3600"),
        (("--lag", 2, "--decode", "none"), "--lag 2 with --decode none: raw answers wait for"),
        (("--decode", "magic"), "magic"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    command: str, options: tuple[object, ...], reason: str, longtake: Longtake, tmp_path: Path
) -> None:
    more = {"evaluate": (), "predict": ("in", "--out", tmp_path / "out"), "stream": ("in.mp4",)}
    code, _, err = longtake(command, tmp_path / "run", *more[command], *options)
    assert code == 2
    assert reason in err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"task": "regression"}, "answers with numbers, which have no classes to decode"),
        ({"outputs": "sequence"}, "answers once a sequence, so nothing follows"),
        ({"direction": "backward"}, "goes backward in time, from the end of a recording"),
    ],
)
def test_runs_whose_answers_have_no_course_say_so(
    options: dict[str, Any], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path)
    run.config_path.write_text(to_yaml(TrainConfig(Path("s"), Path("l"), tmp_path, **options)))
    with pytest.raises(InputError, match=f"--decode viterbi: .*{reason}.* leave"):
        asked_decoding(run, "viterbi", 1.0)
    assert asked_decoding(run, "auto", 1.0) == (None, None)
    said = f"--lag 1 changes nothing, for answers stay raw: {tmp_path} {reason}"
    assert said in capsys.readouterr().err
    assert asked_decoding(run, "none", None) == (None, None)
