import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from preprocessing.errors import InputError
from preprocessing.store import FeatureStore
from trainer.config import TrainConfig
from trainer.evaluation import HEADLINES, EvaluateConfig, evaluate, score
from trainer.loop import train
from trainer.predictions import sequence_ids
from trainer.report import read_strips
from trainer.ribbons import class_colours, ribbon
from trainer.run import Run

Task = tuple[Path, Path]


@pytest.fixture
def run(memory_task: Task, tmp_path: Path) -> Run:
    store, labels = memory_task
    return train(
        TrainConfig(
            store, labels, tmp_path / "run", units=4, chunk_length=8, epochs=1, tensorboard=False
        )
    )


def test_predictions_hold_every_step_of_every_test_sequence(run: Run, memory_task: Task) -> None:
    evaluate(EvaluateConfig(run.path))
    store = FeatureStore(memory_task[0])
    with h5py.File(run.evaluation_path("test") / "predictions.h5") as file:
        assert sequence_ids(file) == sorted(run.splits.test)
        assert list(file.attrs["classes"]) == ["minus", "plus"]
        for sequence_id in run.splits.test:
            group, steps = file[sequence_id], store.info(sequence_id).steps
            assert group["probabilities"].shape == (steps, 2)
            np.testing.assert_allclose(group["probabilities"][()].sum(-1), 1, rtol=1e-5)
            assert (group["probabilities"][()].argmax(-1) == group["predicted"][()]).all()
            np.testing.assert_array_equal(group["timestamps"], store.timestamps(sequence_id))


def test_metrics_json_has_the_names_of_the_contract(run: Run) -> None:
    evaluate(EvaluateConfig(run.path))
    metrics = json.loads((run.evaluation_path("test") / "metrics.json").read_text())
    assert all(0 <= metrics[name] <= 1 for name in HEADLINES)
    assert {"accuracy", "precision", "recall", "f1", "jaccard", "edit"} < set(HEADLINES)
    assert {"f1@10", "f1@25", "f1@50", "map"} < set(HEADLINES)
    assert set(metrics["accuracy_per_sequence"]) == {"mean", "sd"}
    assert set(metrics["per_class"]) == {"minus", "plus"}
    assert len(metrics["per_sequence"]) == len(run.splits.test)
    assert np.array(metrics["confusion"]).sum() == metrics["steps"]


def test_the_report_is_one_file_that_needs_no_network(run: Run) -> None:
    metrics = evaluate(EvaluateConfig(run.path))
    page = (run.evaluation_path("test") / "report.html").read_text()
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)[^#]", page)
    pictures = re.findall(r'<img src="(data:image/png;base64,[^"]+)"', page)
    assert len(pictures) == 2 * metrics["sequences"]
    assert all(sequence_id in page for sequence_id in run.splits.test)
    assert page.count("<svg") == 1
    assert f"{metrics['accuracy']:.3f}" in page


def test_names_in_a_report_are_escaped(tmp_path: Path) -> None:
    from trainer.report import render

    render(
        tmp_path / "page.html",
        "demo.html",
        title="<script>",
        results={
            s: {
                "sequences": 1,
                "accuracy": 0.5,
                "accuracy_per_sequence": {"mean": 0, "sd": 0},
                "f1": 0,
                "jaccard": 0,
                "map": 0,
                "edit": 0,
                "f1@10": 0,
                "f1@25": 0,
                "f1@50": 0,
            }
            for s in ("carry", "reset")
        },
        legend=[("<b>", "#000000")],
        strips=[],
        classes=["<b>"],
        confusions={"carry": [[(1, 1.0)]]},
        curves="",
    )
    page = (tmp_path / "page.html").read_text()
    assert "<script>" not in page
    assert "&lt;b&gt;" in page


def test_an_empty_split_is_refused_with_those_that_are_not(
    memory_task: Task, tmp_path: Path
) -> None:
    store, labels = memory_task
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["s00", "s01"]}))
    config = TrainConfig(
        store, labels, tmp_path / "run", splits=splits, units=4, epochs=1, tensorboard=False
    )
    train(config)
    with pytest.raises(InputError, match=r"the test split of .* is empty; .*train"):
        evaluate(EvaluateConfig(tmp_path / "run"))


def test_every_class_has_a_colour_of_its_own() -> None:
    colours = class_colours([str(number) for number in range(40)])
    assert len(set(colours)) == 40
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


def test_a_ribbon_has_a_pixel_for_each_step_up_to_a_limit() -> None:
    import base64

    import cv2

    def pixels(labels: np.ndarray) -> np.ndarray:
        data = base64.b64decode(ribbon(labels, ["#ff0000", "#0000ff"]).partition(",")[2])
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[0]

    drawn = pixels(np.array([0, 1, -1], np.int32))
    assert drawn.tolist() == [[0, 0, 255], [255, 0, 0], [0xD8, 0xD3, 0xD0]]
    assert len(pixels(np.zeros(100_000, np.int32))) == 2400


def test_scores_of_a_million_steps_take_no_memory_to_speak_of(tmp_path: Path) -> None:
    import resource

    def work(steps: int) -> float:
        path = tmp_path / f"{steps}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["classes"] = ["a", "b", "c"]
            for name, shape, kind in (
                ("probabilities", (steps, 3), "float32"),
                ("predicted", (steps,), "int32"),
                ("true", (steps,), "int32"),
                ("timestamps", (steps,), "float64"),
            ):
                data = file.create_dataset(f"s/{name}", shape, kind)
                for start in range(0, steps, 10_000):
                    values = np.arange(start, start + 10_000) // 997 % 3
                    block = values if len(shape) == 1 else np.eye(3)[values]
                    data[start : start + 10_000] = block
        assert score(path, segmental=True)["accuracy"] == 1
        read_strips(["a", "b", "c"], {"predicted": path})
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    work(10_000)
    before = work(10_000)
    assert work(1_000_000) - before < 40


def test_average_precision_leaves_out_steps_without_a_label(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file.attrs["classes"] = ["a", "b"]
        file["s/probabilities"] = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], "float32")
        file["s/predicted"] = np.array([0, 0, 0], "int32")
        file["s/true"] = np.array([0, -1, 1], "int32")
        file["s/timestamps"] = np.arange(3.0)
    metrics = score(tmp_path / "p.h5", segmental=True)
    assert metrics["map"] == 1
    assert metrics["steps"] == 2
