"""Models of a user's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from interrupted import Signal, require_same
from made_stores import MadeStore

from preprocessing.errors import InputError, Stopped
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import zero_carry
from trainer.model.own_model import OwnModel
from trainer.predictions.inference import predict_pieces
from trainer.task import Classification
from trainer.training.command import train

Task = tuple[Path, Path]
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "causal_convolution.py"


def config_for(task: Task, run: Path, **options: Any) -> TrainConfig:
    store, labels = task
    small: dict[str, Any] = {"units": 6, "chunk_length": 6, "lanes": 3, "epochs": 2}
    small |= {"tensorboard": False, "learning_rate": 0.02, "decoder": "none"}
    small |= {"layers": 1, "normalize": "train", "dropout": 0.2}
    return TrainConfig(store, labels, run, **{**small, **options})


@pytest.mark.slow
@pytest.mark.parametrize("normalize", ["train", "running"])
def test_the_example_answers_alike_however_the_sequence_is_cut(
    make_store: MadeStore, normalize: Any
) -> None:
    store = make_store([70, 3, 25])
    paths = (Path(), Path(), Path())
    config = TrainConfig(*paths, units=5, dropout=0.0, normalize=normalize, shrinkage=64)
    layout = Layout(Classification(("a", "b")))
    own = OwnModel.read(f"{EXAMPLE}:build")
    model = build_model(config, layout, 3, (), own)
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    data = SequenceSet(store, infos, None, layout)
    for lanes, chunk_length in ((1, 7), (3, 1), (2, 64)):
        cut = replace(config, chunk_length=chunk_length)
        for piece in predict_pieces(model, data, cut, lanes):
            info = infos[piece.chunk.sequence]
            features = keras.ops.convert_to_tensor(store.features(info.sequence_id, 0, info.steps))
            whole, *_ = model([features[None], *zero_carry(model, 1)])
            expected = np.asarray(whole)[0, piece.chunk.start : piece.chunk.stop]
            np.testing.assert_allclose(piece.outputs, expected, atol=1e-5)


@pytest.mark.parametrize("gradient", ["truncated", pytest.param("full", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_example_trains_resumes_and_evaluates_like_the_built_in_model(
    memory_task: Task, tmp_path: Path, gradient: Any
) -> None:
    options = {"model": f"{EXAMPLE}:build", "gradient": gradient}
    straight = train(config_for(memory_task, tmp_path / "straight", **options))
    config = config_for(memory_task, tmp_path / "stopped", **options)
    with pytest.raises(Stopped):
        train(config, callbacks=[Signal([3])])
    require_same(straight, train(config))
    assert 0 <= evaluate(EvaluateConfig(straight.path, "all"))["accuracy"] <= 1


@pytest.mark.slow
def test_a_function_passed_in_python_does_as_well(memory_task: Task, tmp_path: Path) -> None:
    named = train(config_for(memory_task, tmp_path / "named", model=f"{EXAMPLE}:build"))
    build = OwnModel.read(f"{EXAMPLE}:build").build
    passed = train(config_for(memory_task, tmp_path / "passed"), build=build)
    for one, other in zip(
        *(run.checkpoints.latest().group("variables") for run in (named, passed)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


LAYER = """
import keras

@keras.saving.register_keras_serializable(package="mine")
class Count(keras.layers.Layer):
    def call(self, x, count):
        steps = keras.ops.cumsum(keras.ops.ones_like(x[..., :1]), axis=1) + count[:, None]
        return steps, steps[:, -1]

def build(size, classes, config):
    x, count = keras.Input((None, size)), keras.Input((1,))
    steps, after = Count()(x, count)
    seen = keras.layers.Concatenate()([x, steps * 0.01])
    outputs = keras.layers.Dense(classes, activation="softmax")(seen)
    return keras.Model([x, count], [outputs, after])
"""


@pytest.mark.slow
def test_layers_of_ones_own_need_their_file_and_nothing_else_runs_it(
    memory_task: Task, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "layer.py"
    path.write_text(LAYER)
    run = train(config_for(memory_task, tmp_path / "run", model=f"{path}:build"))
    registered = keras.saving.get_custom_objects()
    registered.pop("mine>Count")
    with pytest.raises(InputError, match="give --model FILE"):
        evaluate(EvaluateConfig(run.path, "all"))
    assert evaluate(EvaluateConfig(run.path, "all", model=f"{path}:build"))["steps"] > 0
    assert "is not the file" not in capfd.readouterr().err
    path.write_text(LAYER + "\n# changed\n")
    evaluate(EvaluateConfig(run.path, "all", model=f"{path}:build"))
    assert "is not the file" in capfd.readouterr().err
    with pytest.raises(InputError, match="changed are the file of --model"):
        train(config_for(memory_task, tmp_path / "run", model=f"{path}:build", epochs=9))


def test_no_file_that_a_run_names_is_executed(
    memory_task: Task, tmp_path: Path, thorough: bool
) -> None:
    run = train(config_for(memory_task, tmp_path / "run", model=f"{EXAMPLE}:build", epochs=1))
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n{EXAMPLE.read_text()}")
    text = run.config_path.read_text().replace(str(EXAMPLE), str(trap))
    run.config_path.write_text(text)
    more = config_for(memory_task, tmp_path / "more", continue_from=run.path, epochs=1)
    with pytest.raises(InputError, match=r"was trained with --model .*give the same file"):
        train(more)
    evaluate(EvaluateConfig(run.path, "all"))
    assert not (tmp_path / "sprung").exists()
    if thorough:
        assert train(replace(more, model=f"{EXAMPLE}:build")).progress.finished


BODY = "import keras\ndef build(size, classes, config):\n    x = keras.Input((None, size))\n    "


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", r"my\.py, line 1: ZeroDivisionError"),
        ("def other(): ...", r"has no function 'build'; expected .*my\.py:other"),
        ("build = 3", "has no function 'build'"),
        (BODY + "return 3", "built a int; expected a model from"),
        (BODY + "return size / 0", "ZeroDivisionError"),
        (BODY + "return keras.Model(x, [x, x])", "1 inputs and 2 outputs"),
        (
            BODY + "return keras.Model(x, keras.layers.Dense(classes + 1)(x))",
            r"answers \[2, 3, 3\]",
        ),
        (BODY + "return keras.Model(x, 5 + keras.layers.Dense(classes)(x))", "no probabilities"),
        (
            BODY + "c = keras.Input((4,))\n    y = keras.layers.Dense(2, activation='softmax')(x)\n"
            "    return keras.Model([x, c], [y, c[:, :3]])",
            r"goes in as \[2, 4\] and comes out as \[2, 3\]",
        ),
    ],
)
def test_a_file_that_builds_no_such_model_is_refused_in_a_line(
    memory_task: Task, tmp_path: Path, code: str, reason: str
) -> None:
    path = tmp_path / "my.py"
    path.write_text(code)
    with pytest.raises(InputError, match=reason) as raised:
        train(config_for(memory_task, tmp_path / "run", model=f"{path}:build"))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()
