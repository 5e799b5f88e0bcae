"""Models for programs that have no Longtake: each format against the run's own predictions."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals, write_numbers
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.options import to_yaml
from trainer import cli
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.devices.processes import Processes
from trainer.export import check as export_check
from trainer.export import formats as export_formats
from trainer.export.check import Check
from trainer.export.command import described, export
from trainer.export.facts import facts_of
from trainer.export.formats import FORMATS, Format
from trainer.export.graph import Graph
from trainer.export.options import ExportConfig, Shape
from trainer.model.build import build_model
from trainer.model.model_file import load_model, save_model
from trainer.model.own_model import OwnModel
from trainer.predictions.inference import predict
from trainer.run.folder import Run
from trainer.training.data import load_data
from trainer.training.feature_moments import with_feature_moments

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
STEPS, DIMENSION = 30, 5
needs_onnx = pytest.mark.skipif(
    find_spec("tf2onnx") is None, reason="needs tf2onnx: pip install '.[export]'"
)
ONNX = pytest.param("onnx", marks=needs_onnx)
# The others are tried below, with other runs.
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("keras", "saved_model", "tflite")]
ALL = [ONNX, *SLOW]
EVERYTHING = {"cell": "gru", "layers": 2, "layer_norm": True, "learn_initial_state": True}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, and labels of each kind."""
    root, chance = tmp_path_factory.mktemp("export"), np.random.default_rng(0)
    one, several, numbers = [], [], []
    for number in range(6):
        name = f"s{number}"
        write_sequence(root / "store", name, chance.normal(3, 2, size=(STEPS, DIMENSION)))
        end = STEPS / FPS
        one += [(name, 0.0, 4.0, "rest"), (name, 4.0, end, "work")]
        several += [(name, 0.0, 4.0, "rest"), (name, 2.0, end, "work")]
        numbers += [(name, step / FPS, step, 100 + step % 3) for step in range(STEPS)]
    write_intervals(root / "classification.csv", one)
    write_intervals(root / "multilabel.csv", several)
    write_numbers(root / "regression.csv", ["x", "y"], numbers)
    return root


def made(data: Path, name: str, **options: Any) -> Run:
    """A run whose weights are random."""
    labels = data / f"{options.get('task', 'classification')}.csv"
    small = {"units": 6, "chunk_length": 8, **options}
    config, run = TrainConfig(data / "store", labels, data / name, **small), Run(data / name)
    loaded = with_feature_moments(load_data(config), config, run, Processes())
    run.begin(config, loaded.splits, loaded.facts)
    own = OwnModel.read(config.model) if config.model else None
    facts, chance = loaded.facts, np.random.default_rng(1)
    model = build_model(config, loaded.layout, facts.dimension, facts.feature_moments, own)
    for weight in model.trainable_weights:
        weight.assign(chance.normal(scale=0.5, size=weight.shape))
    save_model(model, run.model_path)
    return run


@pytest.fixture(scope="module")
def run(data: Path) -> Run:
    """A run with all that its layers can be asked for."""
    return made(data, "everything", normalize="running", shrinkage=64, **EVERYTHING)


@pytest.fixture(scope="module")
def plain(data: Path) -> Run:
    """A run of one layer."""
    return made(data, "plain", normalize="none")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats that write a word, where only names and folders matter."""

    def write(_: Any, partial: Path, facts: str) -> None:
        if json.loads(facts)["format"] == "saved_model":
            partial.mkdir()
            partial = partial / "inside"
        partial.write_text("model")

    def nothing(_: Any) -> Any:
        return {}

    for name in list(FORMATS):
        monkeypatch.setitem(FORMATS, name, Format(write, lambda _: nothing, False, 1.0))
    monkeypatch.setattr(
        "trainer.export.command.compare", lambda *_: Check("none", 1, ((1, 1),), 0.0)
    )


def told_by_predict(run: Run, name: str) -> np.ndarray:
    """The run's own outputs for a sequence, ``<float32>[N, C]``."""
    store, path = FeatureStore(run.config.store), run.path / "predictions.h5"
    if not path.exists():
        infos = [store.info(sequence_id) for sequence_id in store.ids()]
        predict(run, SequenceSet(store, infos, None, run.layout), path)
    with h5py.File(path) as file:
        column = "predicted" if run.facts.task == "regression" else "probabilities"
        return np.asarray(file[f"{name}/{column}"])


def features_of(run: Run, name: str) -> np.ndarray:
    return FeatureStore(run.config.store).features(name, 0, STEPS).astype("float32")


def exported(run: Run, format_name: Any, **options: Any) -> tuple[Any, dict[str, Any]]:
    """A model exported and opened, and its description."""
    config = ExportConfig(run.path, format_name, **options)
    export(config)
    facts = json.loads(described(config.path).read_text("utf-8"))
    return FORMATS[config.format].open(config.path), facts


def zeros(facts: dict[str, Any], batch: int = 1) -> dict[str, np.ndarray]:
    shapes = {name: facts["inputs"][name][1:] for name in facts["carry"]}
    return {name: np.zeros((batch, *shape), "float32") for name, shape in shapes.items()}


def steps_through(call: Any, facts: dict[str, Any], rows: np.ndarray) -> Iterator[np.ndarray]:
    """Answers as a client does: a step at a time, the carry handed on."""
    carry = zeros(facts)
    for row in rows:
        after = call({"features": row[None, None], **carry})
        assert set(after) == set(facts["outputs"])
        carry = {name: after[out] for name, out in facts["carry"].items()}
        yield after["outputs"][0, 0]


@pytest.mark.parametrize("format_name", ALL)
def test_single_steps_answer_as_predict_does(run: Run, format_name: str) -> None:
    call, facts = exported(run, format_name)
    answers = np.stack(list(steps_through(call, facts, features_of(run, "s1"))))
    np.testing.assert_allclose(answers, told_by_predict(run, "s1"), atol=1e-5)
    free = None if format_name != "tflite" else 1
    assert facts["inputs"]["features"] == [free, free, DIMENSION]
    assert facts["outputs"]["outputs"] == [free, free, 2]
    if free is None:
        three = np.repeat(features_of(run, "s1")[None], 3, 0)
        for whole in call({"features": three, **zeros(facts, 3)})["outputs"]:
            np.testing.assert_allclose(whole, answers, atol=1e-5)
    assert list(facts["carry"]) == ["h_0", "h_1", "started", "count", "sum", "square_sum"]
    assert facts["carry"]["h_1"] == "h_1_out"
    assert facts["check"]["difference"] <= facts["check"]["tolerance"]
    assert facts["check"]["features"].startswith("sequence s")


@pytest.mark.slow
@pytest.mark.parametrize(
    "format_name",
    [
        "tflite",
        *(pytest.param(name, marks=needs_onnx) for name in ("saved_model", "onnx")),
    ],
)
def test_chunks_side_by_side_answer_as_predict_does(plain: Run, format_name: str) -> None:
    call, facts = exported(plain, format_name, steps="3", batch=2)
    assert facts["inputs"]["features"] == [2, 3, DIMENSION]
    both = np.stack([features_of(plain, name) for name in ("s0", "s2")])
    carry, answers = zeros(facts, 2), []
    for start in range(0, STEPS, 3):
        after = call({"features": both[:, start : start + 3], **carry})
        carry = {name: after[out] for name, out in facts["carry"].items()}
        answers.append(after["outputs"])
    for row, name in zip(np.concatenate(answers, 1), ("s0", "s2"), strict=True):
        np.testing.assert_allclose(row, told_by_predict(plain, name), atol=1e-5)


@pytest.mark.slow
def test_a_keras_file_opens_by_keras_alone(run: Run) -> None:
    path = ExportConfig(run.path, "keras").path
    export(ExportConfig(run.path, "keras"))
    code = (
        "import sys, keras, numpy as np\n"
        f"model = keras.saving.load_model({str(path)!r})\n"
        "inputs = {x.name: np.zeros([2, *(n or 7 for n in x.shape[1:])]) for x in model.inputs}\n"
        "print({name: tuple(y.shape) for name, y in model(inputs).items()}['outputs'])\n"
        "assert not {'trainer', 'preprocessing'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout == "(2, 7, 2)\n", done.stderr


@pytest.mark.slow
@needs_onnx
@pytest.mark.parametrize(
    "options",
    [
        {"task": "multilabel", "inputs": "both"},
        {"task": "regression", "inputs": "labels", "horizon": 1},
        {"inputs": "both", "horizon": 2},
    ],
    ids=["multilabel", "regression", "ahead"],
)
def test_a_client_that_feeds_answers_back_does_as_predict(
    data: Path, options: dict[str, Any]
) -> None:
    run = made(data, "-".join(map(str, options.values())), normalize="none", **options)
    call, facts = exported(run, "onnx")
    past, carry = facts["past"], zeros(facts)
    rows, answers = features_of(run, "s1")[:, : facts["features"]], []
    fed = [np.array(past["first_labels"])] * (1 + facts["horizon"])
    before = np.array(past["first_features"] or np.zeros(facts["features"]))
    for step in range(STEPS):
        seen = np.concatenate([before, fed[step]]).astype("float32")
        after = call({"features": seen[None, None], **carry})
        carry = {name: after[out] for name, out in facts["carry"].items()}
        answers.append(after["outputs"][0, 0])
        fed.append(np.asarray(run.layout.task.fed(answers[-1][None]))[0])
        before = rows[step]
    np.testing.assert_allclose(answers, told_by_predict(run, "s1"), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@needs_onnx
def test_one_step_needs_no_loop_and_many_are_a_layer_of_onnx(plain: Run, tmp_path: Path) -> None:
    import onnx

    loops = {"LSTM", "Loop", "Scan"}
    for steps, expected in ((None, {"LSTM"}), ("1", set())):
        config = ExportConfig(plain.path, "onnx", steps, out=tmp_path / f"{steps}.onnx")
        export(config)
        graph = onnx.load(config.path).graph
        assert {node.op_type for node in graph.node} & loops == expected
        sizes = [
            size.dim_param or size.dim_value for size in graph.input[0].type.tensor_type.shape.dim
        ]
        assert sizes == ["batch", "steps" if steps is None else 1, DIMENSION]


@pytest.mark.slow
@needs_onnx
def test_a_run_trained_in_windows_says_where_the_carry_is_zeroed(data: Path) -> None:
    run = made(data, "windows", state="reset", chunk_length=8, burn_in=2)
    call, facts = exported(run, "onnx")
    window, burn_in = facts["windows"]["steps"], facts["windows"]["burn_in"]
    features, answers = features_of(run, "s1"), []
    for start in range(0, STEPS - burn_in, window - burn_in):
        part = list(steps_through(call, facts, features[start : start + window]))
        answers += part[burn_in:] if start else part
    np.testing.assert_allclose(answers, told_by_predict(run, "s1"), atol=1e-5)


MIXED = {"precision": "mixed_bfloat16", "layers": 2, "layer_norm": True}
OWN = {"model": f"{EXAMPLES}/causal_convolution.py:build"}
NUMBERS = {"outputs": "sequence", "task": "regression"}


@pytest.mark.parametrize(
    ("options", "format_name"),
    [
        pytest.param(options, format_name, marks=needs_onnx)
        for options in (MIXED, OWN, NUMBERS, {"precision": "mixed_float16"})
        for format_name in ("keras", "saved_model", "onnx", "tflite")
    ],
)
@pytest.mark.slow
def test_other_runs_are_exported_too(data: Path, options: dict[str, Any], format_name: str) -> None:
    run = made(data, f"other-{len(list(data.iterdir()))}", **options)
    call, facts = exported(run, format_name)
    answers = np.stack(list(steps_through(call, facts, features_of(run, "s1"))))
    expected = told_by_predict(run, "s1")
    tolerance = 1e-4 if facts["precision"] == "float32" else 0.05
    np.testing.assert_allclose(answers[-len(expected) :], expected, rtol=1e-5, atol=tolerance)


NOT_FOR_THE_CLIENT = {
    "task": "multilabel",
    "answers": "sequence",
    "windows": {"steps": 8, "burn_in": 2},
    "past": {"size": 2, "first_features": [], "first_labels": [0, 0]},
}


def describe_otherwise(path: Path, other: Path, changed: dict[str, Any]) -> None:
    """Writes an ONNX file again with other facts in its description."""
    import onnx

    model = onnx.load(path)
    facts = json.loads(model.metadata_props[0].value)
    assert set(changed) <= set(facts)
    onnx.helper.set_model_props(model, {"longtake": json.dumps({**facts, **changed})})
    onnx.save(model, other)


@pytest.mark.slow
@needs_onnx
def test_the_example_client_runs_as_it_is_written(
    plain: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, features, client = (tmp_path / name for name in ("m.onnx", "f.npy", "c.onnx"))
    export(ExportConfig(plain.path, "onnx", out=model))
    np.save(features, features_of(plain, "s1"))
    monkeypatch.setattr(sys, "argv", ["onnx_client.py", str(model), str(features)])
    runpy.run_path(str(EXAMPLES / "onnx_client.py"), run_name="__main__")
    told = told_by_predict(plain, "s1")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [int(step) for step, _, _ in lines] == list(range(STEPS))
    assert [label for _, label, _ in lines] == [plain.facts.classes[n] for n in told.argmax(-1)]
    np.testing.assert_allclose([float(text) for *_, text in lines], told.max(-1), atol=2e-3)
    for key, value in NOT_FOR_THE_CLIENT.items():
        describe_otherwise(model, client, {key: value})
        monkeypatch.setattr(sys, "argv", ["onnx_client.py", str(client), str(features)])
        with pytest.raises(SystemExit, match=r"^\S*c\.onnx .*this client [^\n]*$"):
            runpy.run_path(str(EXAMPLES / "onnx_client.py"), run_name="__main__")
        assert capsys.readouterr().out == ""
    describe_otherwise(model, client, {"horizon": 3})
    runpy.run_path(str(EXAMPLES / "onnx_client.py"), run_name="__main__")
    assert capsys.readouterr().out.startswith("3\t")  # The step that the label is about.
    describe_otherwise(model, client, {"horizon": -3, "repeat_last": 3})
    runpy.run_path(str(EXAMPLES / "onnx_client.py"), run_name="__main__")
    late = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [int(step) for step, _, _ in late] == list(range(STEPS))
    assert [answer for _, *answer in late[:-3]] == [answer for _, *answer in lines[3:]]


def test_a_description_says_how_a_sequence_is_continued_and_the_check_does_so(
    plain: Run, tmp_path: Path
) -> None:
    late = Run(tmp_path / "late")
    shutil.copytree(plain.path, late.path)
    late.config_path.write_text(to_yaml(replace(plain.config, horizon=-3)))
    graph = Graph(load_model(late.model_path), Shape(None, None))
    facts = facts_of(late, graph, "keras")
    assert (facts["horizon"], facts["repeat_last"]) == (-3, 3)
    rows, whole = (export_check._rows(one, 18, 2, 16) for one in (late, plain))
    np.testing.assert_array_equal(whole, [np.arange(16), np.arange(1, 17)])
    np.testing.assert_array_equal(rows[:, :13], whole[:, :13])
    np.testing.assert_array_equal(rows[:, 13:], whole[:, 12:13].repeat(3, 1))


@needs_onnx
def test_without_its_store_a_run_is_checked_on_random_features(plain: Run, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("run.json", "splits.json", "model.keras", "config.yaml"):
        text = (plain.path / name).read_bytes()
        (moved / name).write_bytes(text.replace(str(plain.config.store).encode(), b"gone"))
    _, facts = exported(Run(moved), "onnx")
    assert facts["check"]["features"] == "random features"
    assert facts["check"]["difference"] < 1e-5


@pytest.mark.slow
def test_what_answers_otherwise_gets_no_name(
    plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = export_check.call_model

    def other(*arguments: Any, **options: Any) -> Any:
        outputs, carry = honest(*arguments, **options)
        return outputs + 0.01, carry

    monkeypatch.setattr(export_check, "call_model", other)
    for format_name in ("keras", "saved_model"):
        out = tmp_path / "new" / ("m.keras" if format_name == "keras" else "m")
        with pytest.raises(InputError, match=r"answers otherwise: a difference of 1\.0e-02"):
            export(ExportConfig(plain.path, format_name, out=out))
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_an_export_may_be_made_again_and_nothing_else_is_written_over(
    plain: Run, tmp_path: Path
) -> None:
    config = ExportConfig(plain.path, "saved_model", out=tmp_path / "model")
    export(config)
    before = config.path.stat().st_ino
    export(config)
    assert config.path.stat().st_ino != before
    assert {path.name for path in tmp_path.iterdir()} == {"model", "model.json"}
    (tmp_path / "model.json").write_text('{"format": "onnx"}')
    with pytest.raises(InputError, match=r"model exists and is no export .*give another --out"):
        export(config)
    (tmp_path / "precious.onnx").write_text("mine")
    with pytest.raises(InputError, match="exists and is no export"):
        export(ExportConfig(plain.path, "onnx", out=tmp_path / "precious.onnx"))
    assert (tmp_path / "precious.onnx").read_text() == "mine"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="link is a link; give --out the name of what it leads to"):
        export(ExportConfig(plain.path, "saved_model", out=tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "other.onnx.json").write_text("[]")
    with pytest.raises(InputError, match="describes no export"):
        export(ExportConfig(plain.path, "onnx", out=tmp_path / "other.onnx"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("format_name", ["keras", "saved_model"])
def test_what_is_interrupted_leaves_no_description_of_an_unfinished_model(
    plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_name: Any
) -> None:
    path, honest = tmp_path / "m.keras", Path.replace

    def stopped(self: Path, target: Path) -> Path:
        if target == path:
            raise KeyboardInterrupt
        return honest(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    config = ExportConfig(plain.path, format_name, out=path)
    with pytest.raises(KeyboardInterrupt):
        export(config)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "replace", honest)
    export(config)
    # An export of another kind gives way.
    other: Any = "keras" if format_name == "saved_model" else "saved_model"
    export(ExportConfig(plain.path, other, out=path))
    assert path.is_dir() == (other == "saved_model")
    assert {left.name for left in tmp_path.iterdir()} == {"m.keras", "m.keras.json"}
    assert json.loads(described(path).read_text())["format"] == other


@pytest.mark.slow
def test_free_sizes_are_tried_with_one_step_of_one_sequence_too(
    plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, config = FORMATS["keras"], ExportConfig(plain.path, "keras", out=tmp_path / "m.keras")
    assert export(config).shapes == ((2, 5), (1, 1))

    def opened(path: Path) -> Any:
        call = honest.open(path)

        def wrong_at_one(arrays: Any) -> Any:
            made, shape = call(arrays), arrays["features"].shape[:2]
            return {name: array + 0.5 * (shape == (1, 1)) for name, array in made.items()}

        return wrong_at_one

    monkeypatch.setitem(FORMATS, "keras", replace(honest, open=opened))
    with pytest.raises(InputError, match="answers otherwise: a difference of"):
        export(config)


@needs_onnx
@pytest.mark.parametrize("package", ["tf2onnx", "onnxruntime"])
def test_a_missing_package_is_named(
    plain: Run, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf"needs the package {package}.*pip install"):
        export(ExportConfig(plain.path, "onnx"))


def test_a_tensorflow_without_the_converter_is_said(
    plain: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without:
        __version__ = "9.0"

    monkeypatch.setattr(export_formats, "tf", Without)
    with pytest.raises(InputError, match=r"TensorFlow 9\.0 has no converter"):
        export_formats._lite()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--format", "pickle"], "invalid choice 'pickle'|pickle"),
        (["--format", "keras", "--steps", "4"], "takes any number"),
        (["--format", "keras", "--batch", "4"], "takes any number"),
        (["--format", "onnx", "--steps", "0"], "from 1 on, or chunk .*is 8"),
        (["--format", "onnx", "--steps", "all"], "or chunk"),
        (["--format", "tflite", "--batch", "0"], "at least 1"),
        (["--format", "onnx", "--out", "model.tflite"], r"expected a name in \.onnx"),
        ([], "format"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(
    plain: Run,
    arguments: list[str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["longtake", "export", str(plain.path), *arguments])
    assert cli.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(reason, line), line


@needs_onnx
def test_the_command_says_what_came_of_it(
    plain: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    words = ["longtake", "export", str(plain.path), "--format", "onnx", "--steps", "chunk"]
    monkeypatch.setattr(sys, "argv", words)
    assert cli.main() == 0
    out, err = capfd.readouterr()
    assert err == ""
    first, second = out.splitlines()
    assert first.startswith(f"{plain.path}/export/model.onnx: 0.")
    assert "16 calls of 2 x 8 and of 1 x 8 steps, sequence s" in second
    for no_run in (tmp_path / "nothing", tmp_path):
        monkeypatch.setattr(sys, "argv", ["longtake", "export", str(no_run), "--format", "onnx"])
        assert cli.main() == 2
        assert "is no run" in capfd.readouterr().err
