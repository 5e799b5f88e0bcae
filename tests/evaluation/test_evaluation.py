import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import pytest
from made_stores import copy_with_its_run, write_memory_task

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_numbers
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate, run_evaluate
from trainer.evaluation.latency import measure_latency
from trainer.evaluation.scoring import score
from trainer.evaluation.summary import summary
from trainer.labelling.command import PredictConfig, run_predict
from trainer.metrics import HEADLINES
from trainer.predictions.writer import sequence_ids
from trainer.run.folder import Run, load_run
from trainer.training.command import train

Task = tuple[Path, Path]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a task and a run."""
    folder = tmp_path_factory.mktemp("trained")
    small = {"units": 4, "layers": 1, "chunk_length": 8, "epochs": 1, "tensorboard": False}
    train(TrainConfig(*write_memory_task(folder), folder / "run", **small))
    return folder


@pytest.fixture
def memory_task(run: Run) -> Task:
    return run.config.store, run.config.labels[0]


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Run:
    copy_with_its_run(trained, tmp_path)
    return load_run(tmp_path / "run")


def test_predictions_hold_every_step_of_every_test_sequence(run: Run, memory_task: Task) -> None:
    evaluate(EvaluateConfig(run.path))
    store = FeatureStore(memory_task[0])
    with h5py.File(run.evaluation_path("test") / "predictions.h5") as file:
        assert sequence_ids(file) == sorted(run.splits.test)
        assert list(file.attrs["classes"]) == ["minus", "plus"]
        assert file.attrs["weights"] == run.weights_digest != ""
        for sequence_id in run.splits.test:
            group, steps = file[sequence_id], store.info(sequence_id).steps
            assert group["probabilities"].shape == (steps, 2)
            np.testing.assert_allclose(group["probabilities"][()].sum(-1), 1, rtol=1e-5)
            assert (group["probabilities"][()].argmax(-1) == group["predicted"][()]).all()
            np.testing.assert_array_equal(group["timestamps"], store.timestamps(sequence_id))


def test_metrics_json_has_the_names_of_the_contract(run: Run) -> None:
    evaluate(EvaluateConfig(run.path))
    metrics = json.loads((run.evaluation_path("test") / "metrics.json").read_text())
    headlines = set(HEADLINES["classification"])
    assert all(0 <= metrics[name] <= 1 for name in headlines)
    assert {"accuracy", "precision", "recall", "f1", "jaccard", "edit"} < headlines
    assert {"f1@10", "f1@25", "f1@50", "map", "cmap"} < headlines
    assert metrics["task"] == "classification"
    assert set(metrics["accuracy_per_sequence"]) == {"mean", "sd"}
    assert set(metrics["per_class"]) == {"minus", "plus"}
    assert len(metrics["per_sequence"]) == len(run.splits.test)
    assert np.array(metrics["confusion"]).sum() == metrics["steps"]


def test_what_is_asked_for_besides_is_written_and_said(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EvaluateConfig(
        run.path, decode="none", ignore_classes=("minus",), relax=1.5, bootstrap=50
    )
    assert run_evaluate(config) == 0
    metrics = json.loads((run.evaluation_path("test") / "metrics.json").read_text())
    assert metrics["ignored_classes"] == ["minus"]
    assert (metrics["relaxed"]["seconds"], metrics["relaxed"]["bug_compatible"]) == (1.5, False)
    assert metrics["relaxed"]["accuracy"] == metrics["accuracy_per_sequence"]["mean"]
    assert (metrics["delay"]["changes"], metrics["delay"]["late"]) == (0, None)
    low, high = metrics["intervals"]["accuracy"]
    assert low <= metrics["accuracy"] <= high
    printed = capsys.readouterr().out
    assert f"  accuracy   {metrics['accuracy']:.4f}  [{low:.4f}, {high:.4f}]" in printed
    assert "95 % interval over sequences, by 50 draws of them" in printed
    assert "relaxed    by 1.5 s: accuracy" in printed
    assert "  weakest classes  steps      F1  precision  recall\n" in printed


def test_the_delay_is_said_where_there_are_changes() -> None:
    known = dict.fromkeys(HEADLINES["regression"])
    delay = {"median": 0.25, "p90": 3.0, "changes": 5, "noticed": 4}
    (line,) = summary({"task": "regression", **known, "delay": delay})
    assert line == (
        "  delay      4 of 5 changes noticed, half within 0.25 s, nine tenths within 3 s"
    )
    (late,) = summary({"task": "regression", **known, "delay": delay, "behind": 1.5})
    assert late == f"{line}, beside the 1.5 s that answers come late"
    (line,) = summary({"task": "regression", **known, "delay": {**delay, "noticed": 0}})
    assert line == "  delay      0 of 5 changes noticed"


def test_measures_that_do_not_fit_the_run_are_refused_before_it_answers(run: Run) -> None:
    with pytest.raises(InputError, match="--ignore-classes mimus: no such class; there are minus"):
        evaluate(EvaluateConfig(run.path, ignore_classes=("mimus",)))
    with pytest.raises(InputError, match="'minus': the published script knows"):
        evaluate(EvaluateConfig(run.path, relax=5.0, relaxed_bug_compatible=True))
    assert not run.evaluation_path("test").exists()


def test_the_report_is_one_file_that_needs_no_network(run: Run) -> None:
    metrics = evaluate(EvaluateConfig(run.path))
    page = (run.evaluation_path("test") / "report.html").read_text()
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)[^#]", page)
    pictures = re.findall(r'<img [^>]*alt="(?:true|predicted) labels of', page)
    assert len(pictures) == 2 * metrics["sequences"]
    assert all(sequence_id in page for sequence_id in run.splits.test)
    assert page.count("<svg") == 3
    assert f"{metrics['accuracy']:.3f}" in page
    # As tests/conftest.py has it be; with --all it is measured here too.
    assert "latency a step" in page


def test_latency_is_that_of_single_steps(run: Run) -> None:
    latency = measure_latency(run, steps=20)
    assert 0 < latency.median_ms <= latency.p95_ms < 1000
    assert latency.steps == 20


def test_an_empty_split_is_refused_with_those_that_are_not(
    memory_task: Task, tmp_path: Path
) -> None:
    store, labels = memory_task
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["s00", "s01"]}))
    config = TrainConfig(
        store, labels, tmp_path / "some", splits=splits, units=4, layers=1, epochs=1,
        tensorboard=False,
    )  # fmt: skip
    train(config)
    with pytest.raises(InputError, match=r"the test split of .* is empty; .*train"):
        evaluate(EvaluateConfig(config.run))


@pytest.fixture
def number_labels(memory_task: Task, tmp_path: Path) -> Path:
    """What the first step's feature is, and how many steps ago it was."""
    store = FeatureStore(memory_task[0])
    rows = [
        (info.sequence_id, step / 4, float(store.features(info.sequence_id, 0, 1)[0, 0]), step)
        for info in map(store.info, store.ids())
        for step in range(info.steps)
    ]
    write_numbers(tmp_path / "numbers.csv", ["first", "ago"], rows)
    return tmp_path / "numbers.csv"


@pytest.fixture
def overlapping_labels(memory_task: Task, tmp_path: Path) -> Path:
    """The label of each sequence, and beside it ``early`` in the first seconds."""
    path = tmp_path / "overlapping.csv"
    early = [f"{sequence_id},0,2,early" for sequence_id in FeatureStore(memory_task[0]).ids()]
    path.write_text(memory_task[1].read_text() + "\n".join(early) + "\n")
    return path


@pytest.mark.parametrize("horizon", [0, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("task", ["multilabel", pytest.param("regression", marks=pytest.mark.slow)])
def test_other_tasks_from_labels_to_a_report_and_to_labels(
    task: Literal["multilabel", "regression"],
    horizon: int,
    memory_task: Task,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"multilabel": "overlapping_labels", "regression": "number_labels"}
    labels = request.getfixturevalue(names[task])
    path = tmp_path / "other"
    train(
        TrainConfig(
            memory_task[0], labels, path, task=task, horizon=horizon,
            units=4, layers=1, chunk_length=8, epochs=2, tensorboard=False,
        )
    )  # fmt: skip
    assert run_evaluate(EvaluateConfig(path)) == 0
    printed = capsys.readouterr().out
    metrics = json.loads((path / "evaluation" / "test" / "metrics.json").read_text())
    assert (metrics["task"], metrics["horizon"]) == (task, horizon)
    for name in HEADLINES[task]:
        assert metrics[name] is not None
        assert f"  {name} " in printed
    assert "per video" in printed
    assert (path / "evaluation" / "test" / "report.html").stat().st_size > 5000

    assert run_predict(PredictConfig(path, (memory_task[0],), tmp_path / "out")) == 0
    store = FeatureStore(memory_task[0])
    found = read_labels(LabelOptions(tmp_path / "out" / "labels.csv", task=task), store)
    assert set(found.ids()) == set(store.ids())


def test_a_file_of_probabilities_gives_the_metrics_that_evaluate_wrote(run: Run) -> None:
    metrics = evaluate(EvaluateConfig(run.path))
    again = score(run.evaluation_path("test") / "predictions.h5", segmental=True)
    about = {"split": "test", "seen": [], "inputs": "features", "feed": None}
    about |= {"decoder": metrics["decoder"], "behind": 0.0}
    again["decoded"]["behind"] = None
    assert metrics == {**about, "labelled_share": 1.0, "remarks": [], **again}


def test_labels_that_the_model_does_not_know_can_be_left_out_as_is_advised(
    run: Run, memory_task: Task, tmp_path: Path
) -> None:
    text = memory_task[1].read_text()
    (tmp_path / "more.csv").write_text(text.replace("minus", "new", 1))
    config = EvaluateConfig(run.path, "all", labels=tmp_path / "more.csv", bootstrap=0)
    with pytest.raises(InputError, match="--ignore-label leaves a label out"):
        evaluate(config)
    evaluate(replace(config, ignore_label=("new",)))


def test_data_that_were_moved_are_asked_for_by_their_option(
    run: Run, memory_task: Task, tmp_path: Path
) -> None:
    memory_task[0].rename(tmp_path / "moved")
    with pytest.raises(InputError, match=r"is no longer at .*task; give --store with the place"):
        evaluate(EvaluateConfig(run.path))
    memory_task[1].rename(tmp_path / "moved.csv")
    with pytest.raises(InputError, match=r"is no longer at .*task\.csv; give --labels"):
        evaluate(EvaluateConfig(run.path, store=tmp_path / "moved"))
    evaluate(EvaluateConfig(run.path, "test", tmp_path / "moved", tmp_path / "moved.csv"))
