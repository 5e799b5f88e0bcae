"""The answers of a run in Python are those of the command."""

import csv
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import write_memory_task
from quick_trainings import write_persons
from run_decoders import write_made_decoder
from untrained_runs import untrained

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_numbers
from preprocessing.store.feature_store import FeatureStore
from trainer.ensemble.command import EnsembleConfig, make_ensemble
from trainer.labelling.command import PredictConfig, run_predict
from trainer.run.folder import Run
from trainer.trained.prediction import Prediction
from trainer.trained.run import TrainedRun, load_run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store and labels of classes, and a run that decodes."""
    root = tmp_path_factory.mktemp("predicting")
    write_persons(root, 2, 3)
    run = untrained(root / "store", root / "labels.csv", root / "run")
    write_made_decoder(run)
    return root


def features_of(store: FeatureStore) -> dict[str, np.ndarray]:
    return {name: store.features(name, 0, store.info(name).steps) for name in store.ids()}


def labels_of(out: Path) -> list[list[str]]:
    with (out / "labels.csv").open(newline="") as file:
        return [row[:4] for row in csv.reader(file)][1:]


def require_same(run: TrainedRun, store: Path, out: Path, **options: Any) -> None:
    """Compares answers to arrays with the files of the command."""
    run_predict(PredictConfig(run.path, (store,), out, **options))
    opened = FeatureStore(store)
    found = run.predict(features_of(opened), **options)
    assert list(found) == opened.ids()
    with h5py.File(out / "predictions.h5") as file:
        assert found
        for name, one in found.items():
            group = file[name]
            said = "decoded" if one.decoded else "predicted"
            assert one.decoded == ("decoded" in group)
            assert one.numbers.tobytes() == group[said][()].tobytes()
            if one.probabilities is not None:
                assert one.probabilities.tobytes() == group["probabilities"][()].tobytes()
    if run.facts.task == "regression":
        rows = [
            [name, time, *row]
            for name, one in found.items()
            for time, row in zip(one.timestamps, one.numbers, strict=True)
        ]
        told = labels_of(out)
        assert rows == [[name, float(a), *map(np.float32, more)] for name, a, *more in told]
    elif run.layout.outputs == "sequence":
        told = [row[:2] for row in labels_of(out)]  # Behind them it says how sure it is.
        assert [[name, one.labels[0]] for name, one in found.items()] == told
    else:
        rows = [[name, *one] for name, answers in found.items() for one in answers.segments()]
        told = [[name, float(a), float(b), label] for name, a, b, label in labels_of(out) if label]
        assert rows == told


def test_answers_to_arrays_are_those_of_the_command(root: Path, tmp_path: Path) -> None:
    run = load_run(root / "run")
    require_same(run, root / "store", tmp_path / "out")
    assert not list(root.rglob("*.partial"))


def test_one_array_has_one_object_of_answers(root: Path) -> None:
    run, store = load_run(root / "run"), FeatureStore(root / "store")
    features = store.features("P1_0", 0, 12)
    times = np.arange(12) / 4 + 100
    one = run.predict(features, timestamps=times, decode="none")
    assert (len(one), one.decoded, one.classes) == (12, False, ("high", "low"))
    np.testing.assert_array_equal(one.timestamps, times)
    np.testing.assert_array_equal(one.numbers, one.probabilities.argmax(1))
    assert list(one.labels) == [one.classes[number] for number in one.numbers]
    np.testing.assert_array_equal(one.confidence, one.probabilities.max(1))
    segments = one.segments()
    assert (segments[0].start, segments[-1].end) == (100.0, 103.0)
    assert [a.end for a in segments[:-1]] == [b.start for b in segments[1:]]
    assert "12 answers" in repr(one)
    assert "array" in one._repr_html_()


OTHERS: dict[str, dict[str, Any]] = {
    "late": {"horizon": -3},
    "early": {"horizon": 2},
    "backward": {"direction": "backward", "horizon": -1},
    "windows": {"state": "reset", "burn_in": 2},
    "once": {"outputs": "sequence", "state": "carry"},
    "fed": {"inputs": "both"},
    "labels-alone": {"inputs": "labels"},
    "several": {"task": "multilabel"},
    "numbers": {"task": "regression"},
    "numbers-early": {"task": "regression", "horizon": 3},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_so_are_those_of_other_layouts_and_tasks(name: str, root: Path, tmp_path: Path) -> None:
    options, labels = OTHERS[name], root / "labels.csv"
    if options.get("task") == "regression":
        store = FeatureStore(root / "store")
        rows = [(one, t / 4, t, -t) for one in store.ids() for t in range(store.info(one).steps)]
        write_numbers(tmp_path / "numbers.csv", ["up", "down"], rows)
        labels = tmp_path / "numbers.csv"
    if options.get("outputs") == "sequence":
        names = FeatureStore(root / "store").ids()
        labels = tmp_path / "once.csv"
        lines = [f"{one},{'ab'[n % 2]}" for n, one in enumerate(names)]
        labels.write_text("\n".join(["sequence,label", *lines]) + "\n")
    run = untrained(root / "store", labels, tmp_path / name, **options)
    if run.facts.task != "regression" and run.layout.outputs == "frame":
        write_made_decoder(run)
    require_same(load_run(run.path), root / "store", tmp_path / "out")


@pytest.mark.slow
def test_so_are_those_of_an_ensemble_and_with_a_lag(root: Path, tmp_path: Path) -> None:
    other = untrained(root / "store", root / "labels.csv", tmp_path / "gru", 2, cell="gru")
    make_ensemble(EnsembleConfig((root / "run", other.path), tmp_path / "both"))
    require_same(load_run(tmp_path / "both"), root / "store", tmp_path / "out")
    require_same(load_run(root / "run"), root / "store", tmp_path / "lagging", lag=2.0)


@pytest.mark.slow
def test_a_store_is_answered_under_the_names_of_its_sequences(root: Path) -> None:
    run, store = load_run(root / "run"), FeatureStore(root / "store")
    by_store, by_path = run.predict(store), run.predict(str(root / "store"))
    assert list(by_store) == list(by_path) == store.ids()
    for name, one in by_store.items():
        assert one.probabilities.tobytes() == by_path[name].probabilities.tobytes()
    assert store.features("P1_0", 0, 1).shape == (1, 2)  # It is still open.
    assert f"Predictions({len(store.ids())} sequences" in repr(by_store)
    assert "P1_0" in by_store._repr_html_()
    listed = run.predict([store[name] for name in store])
    assert list(listed) == [str(number) for number in range(len(store))]
    alone = run.predict(store["P1_0"])
    first = by_store["P1_0"]
    assert listed["0"].probabilities.tobytes() == first.probabilities.tobytes()
    np.testing.assert_allclose(alone.probabilities, first.probabilities, atol=1e-6)  # One lane.
    for one in (listed["0"], alone):
        assert one.timestamps.tobytes() == first.timestamps.tobytes()


def test_features_of_another_size_are_refused_in_a_line(root: Path) -> None:
    with pytest.raises(InputError, match=r"array has 3 features a step, .* takes 2 \(test\)"):
        load_run(root / "run").predict(np.zeros((5, 3)))


def test_training_from_python_gives_the_same_kind_of_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.trained import training

    monkeypatch.setattr(training, "train_run", lambda config, callbacks, build: Run(config))
    run = training.train(tmp_path / "run")  # type: ignore[arg-type]
    assert isinstance(run, TrainedRun)
    assert run.path == tmp_path / "run"


@pytest.mark.slow
def test_tables_have_a_row_a_step(root: Path) -> None:
    pandas = pytest.importorskip("pandas")
    run, store = load_run(root / "run"), FeatureStore(root / "store")
    found = run.predict(store)
    table = found.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    expected = ["sequence", "time", "label", "confidence", "high", "low"]
    assert list(table.columns) == expected
    assert len(table) == sum(map(len, found.values()))
    one = table[table["sequence"] == "P2_1"]
    assert list(one["label"]) == list(found["P2_1"].labels)


def test_of_several_labels_a_step_the_least_sure_counts() -> None:
    shares = np.array([[0.9, 0.6], [0.2, 0.7], [0.1, 0.2]], np.float32)
    said = (shares > 0.5).astype("int8")
    one = Prediction("s", ("a", "b"), "multilabel", np.arange(3.0), said, shares, False)
    assert list(one.labels) == [("a", "b"), ("b",), ()]
    np.testing.assert_array_equal(one.confidence, np.float32([0.6, 0.7, np.nan]))
    assert "a|b" in one._repr_html_()
    with pytest.raises(InputError, match="have no segments"):
        one.segments()


def test_without_pandas_a_table_names_what_installs_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    one = Prediction("\33[2J", ("a",), "regression", np.zeros(1), np.zeros((1, 1)), None, False)
    assert repr(one).startswith("Prediction(?[2J: 1 answer")
    with pytest.raises(InputError, match=r'pip install "longtake\[pandas\]"'):
        one.to_pandas()


@pytest.mark.slow
def test_a_training_of_its_own_is_evaluated_drawn_and_asked(tmp_path: Path) -> None:
    import trainer

    store, labels = write_memory_task(tmp_path)
    small: dict[str, Any] = {"units": 4, "layers": 1, "chunk_length": 8, "epochs": 2}
    run = trainer.train(trainer.TrainConfig(store, labels, tmp_path / "run", **small))
    figures = trainer.evaluate(trainer.EvaluateConfig(run.path))
    assert run.metrics() == figures
    assert repr(figures).startswith("test: ")
    assert len(run.plot("curves").axes) == 2
    assert set(run.predict(str(store))) == set(FeatureStore(store).ids())
