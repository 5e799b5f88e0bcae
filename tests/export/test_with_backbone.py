"""Models with their backbone in one file: frames in, and the answers of `predict` out."""

import json
import runpy
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
from clip_networks import keras_network as clip_network
from clip_networks import lossless
from untrained_runs import untrained

from preprocessing.backbones import load_backbone
from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.videos.reader import VideoReader
from trainer import cli
from trainer.batches.sequence_set import SequenceSet
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.export import onnx_backbone
from trainer.export.command import described, export
from trainer.export.formats import FORMATS
from trainer.export.options import ExportConfig
from trainer.predictions.inference import predict
from trainer.run.folder import Run
from trainer.training.command import train

pytestmark = pytest.mark.skipif(
    find_spec("tf2onnx") is None, reason="needs tf2onnx: pip install '.[export]'"
)
CLIENT = Path(__file__).parents[2] / "docs" / "examples" / "frames_client.py"
STEPS, FPS = 15, 5
Made = Callable[..., tuple[Run, str]]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of three seconds without loss, their labels and splits."""
    root = tmp_path_factory.mktemp("films")
    (root / "videos").mkdir()
    rows, chance = [], np.random.default_rng(0)
    for name in ("v0", "v1", "v2"):
        dark = chance.integers(0, 90, (30, 8, 12, 3))
        dark[14:] += 120
        lossless(root / "videos" / f"{name}.mkv", dark.astype("uint8"))
        rows += [(name, 0.0, 1.4, "dark"), (name, 1.4, 3.0, "bright")]
    write_intervals(root / "labels.csv", rows)
    (root / "splits.json").write_text('{"train": ["v0", "v1"], "test": ["v2"]}')
    return root


def keras_file(path: Path, size: tuple[int, int] = (6, 8)) -> str:
    """A small network of random weights."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    parts = [layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    keras.Sequential([keras.Input((*size, 3)), *parts, layers.Dense(5)]).save(path)
    return str(path)


@pytest.fixture
def made(films: Path, tmp_path: Path) -> Made:
    """Makes a run of random weights on features of a backbone."""

    def make(backbone: str, name: str = "run", **options: Any) -> tuple[Run, str]:
        how = {key: options.pop(key) for key in ("pixels", "dtype", "clip") if key in options}
        videos, store = films / "videos", tmp_path / f"{name}-store"
        extract(ExtractConfig((videos,), store, fps=FPS, backbone=backbone, **how))
        splits = films / "splits.json"
        run = untrained(store, (films / "labels.csv",), tmp_path / name, splits=splits, **options)
        return run, backbone

    return make


def exported(run: Run, backbone: str | None, name: Any = "onnx", **options: Any) -> Any:
    """A model exported and opened, and its description."""
    config = ExportConfig(run.path, name, with_backbone=True, backbone=backbone, **options)
    export(config)
    return FORMATS[config.format].open(config.path), json.loads(described(config.path).read_text())


def pictures(films: Path, backbone: str, **how: Any) -> list[np.ndarray]:
    """The frames of a film as each part of a backbone sees them."""
    seen = load_backbone(backbone, **how)
    with VideoReader(films / "videos" / "v2.mkv", FPS, seen.sizes, seen.clips) as video:
        samples = list(video)
    return [
        np.stack([np.asarray(one.pixels[part]) for one in samples])
        for part in range(len(seen.parts))
    ]


def told_by_predict(run: Run) -> np.ndarray:
    store, path = FeatureStore(run.config.store), run.path / "predictions.h5"
    predict(run, SequenceSet(store, [store.info("v2")], None, run.layout), path)
    with h5py.File(path) as file:
        return np.asarray(file["v2/probabilities"])


def answers(call: Any, facts: dict[str, Any], frames: Sequence[np.ndarray]) -> np.ndarray:
    """Answers as a client does: a step at a time, the carry handed on."""
    shapes = {name: facts["inputs"][name][1:] for name in facts["carry"]}
    carry = {name: np.zeros((1, *shape), "float32") for name, shape in shapes.items()}
    given = dict(zip(facts["frames"], frames, strict=True))
    found = []
    for step in range(STEPS):
        after = call({**{name: all_[None, [step]] for name, all_ in given.items()}, **carry})
        carry = {name: after[out] for name, out in facts["carry"].items()}
        found.append(after["outputs"][0, 0])
    return np.stack(found)


def test_frames_are_answered_as_predict_answers_their_features(
    films: Path, made: Made, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    run, backbone = made(keras_file(tmp_path / "net.keras"), pixels="0-1", normalize="running")
    words = ["longtake", "export", str(run.path), "--format", "onnx"]
    words += ["--with-backbone", "--backbone", backbone]
    monkeypatch.setattr(sys, "argv", words)
    capfd.readouterr()
    assert cli.main() == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith(f"{run.path}/export/with_backbone.onnx: ")
    assert "(16 calls of 2 x 2 and of 1 x 1 steps, frames of v2.mkv)" in out
    path = run.path / "export" / "with_backbone.onnx"
    call, facts = FORMATS["onnx"].open(path), json.loads(described(path).read_text())
    assert facts["inputs"]["frames"] == [None, None, 6, 8, 3]
    assert facts["frames"]["frames"] == {
        "height": 6,
        "width": 8,
        "colours": "RGB",
        "resize": "area",
        "clip": None,
        "clip_stride": None,
    }
    assert (facts["fps"], facts["check"]["features"]) == ("5.0", "frames of v2.mkv")
    frames = pictures(films, backbone, pixels="0-1")
    np.testing.assert_allclose(answers(call, facts, frames), told_by_predict(run), atol=1e-4)
    # Features come out too, rounded as in the store.
    features = call({"frames": frames[0][None], **_zeros(facts)})["features"][0]
    stored = FeatureStore(run.config.store).features("v2", 0, STEPS)
    assert stored.dtype == "float16"
    np.testing.assert_array_equal(features, features.astype("float16"))
    np.testing.assert_allclose(features, stored, rtol=2**-10, atol=1e-5)


def _zeros(facts: dict[str, Any]) -> dict[str, np.ndarray]:
    shapes = {name: facts["inputs"][name][1:] for name in facts["carry"]}
    return {name: np.zeros((1, *shape), "float32") for name, shape in shapes.items()}


def test_what_no_file_can_hold_is_refused_in_a_line(made: Made, tmp_path: Path) -> None:
    def refused(run: Run, match: str, name: Any = "onnx", **options: Any) -> None:
        with pytest.raises(InputError, match=match) as caught:
            export(ExportConfig(run.path, name, with_backbone=True, **options))
        assert "\n" not in str(caught.value)
        assert not (run.path / "export").exists()

    run, _ = made("pixels+flow")
    refused(run, "flow compares a frame with the step before|pixels is computed by code")
    _rewritten(run, inputs="both")
    refused(run, r"sees past labels \(--inputs both\)")
    facts = json.loads(run.facts_path.read_text())
    run.facts_path.write_text(
        json.dumps({**facts, "backbone": "import-npy", "backbone_digest": ""})
    )
    _rewritten(run, inputs="features")
    refused(run, r"trained on imported features \(import-npy\)")


def _rewritten(run: Run, **options: str) -> None:
    """Writes a run's configuration again with other options."""
    lines = run.config_path.read_text().splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in options]
    changed = [f"{name}: {value}" for name, value in options.items()]
    run.config_path.write_text("\n".join([*kept, *changed]) + "\n")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"format": "keras", "with_backbone": True}, "expected --format onnx or saved_model"),
        ({"format": "tflite", "with_backbone": True}, "expected --format onnx or saved_model"),
        ({"format": "onnx", "backbone": "net.keras"}, "what --with-backbone puts into the file"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        ExportConfig(Path("run"), **options)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(None, None), ("1", 1), ("3", None)])
@pytest.mark.parametrize("name", ["onnx", "saved_model"])
def test_both_formats_take_any_number_of_steps_or_one(
    films: Path, made: Made, tmp_path: Path, name: str, shape: tuple[str | None, int | None]
) -> None:
    run, backbone = made(keras_file(tmp_path / "net.keras"), cell="gru", dtype="float32")
    call, facts = exported(run, backbone, name, steps=shape[0], batch=shape[1])
    assert facts["inputs"]["frames"][:2] == [shape[1], shape[0] and int(shape[0])]
    assert facts["check"]["difference"] < 1e-5
    (frames,) = pictures(films, backbone)
    expected = told_by_predict(run)
    if shape[0] == "3":
        both = call({"frames": np.stack([frames[:3]] * 2), **_two_rows(facts)})["outputs"]
        np.testing.assert_allclose(both, np.stack([expected[:3]] * 2), atol=1e-5)
    else:
        np.testing.assert_allclose(answers(call, facts, [frames]), expected, atol=1e-5)


def _two_rows(facts: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: array.repeat(2, 0) for name, array in _zeros(facts).items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("opset", "is_map", "form"),
    [
        *((opset, is_map, "usual") for opset in (13, 17, 18, 21) for is_map in (True, False)),
        (8, True, "weights are inputs too"),
        (17, True, "functions"),
    ],
)
def test_an_onnx_backbone_of_any_version_comes_before_the_model(
    films: Path, made: Made, tmp_path: Path, opset: int, is_map: bool, form: str
) -> None:
    backbone = _onnx_file(tmp_path / "net.onnx", opset, is_map, form=form)
    run, _ = made(backbone, pixels="imagenet")
    call, facts = exported(run, backbone)
    frames = pictures(films, backbone, pixels="imagenet")
    np.testing.assert_allclose(answers(call, facts, frames), told_by_predict(run), atol=1e-4)
    with pytest.raises(InputError, match="which only --format onnx can hold"):
        exported(run, backbone, "saved_model")


def _onnx_file(
    path: Path, opset: int, is_map: bool, batch: int | str = "n", form: str = "usual"
) -> str:
    """A convolution of pictures ``[N, 3, 6, 8]``, and perhaps its mean."""
    import onnx
    from onnx import helper, numpy_helper
    from onnx_models import node

    kernel = np.random.default_rng(2).normal(size=(4, 3, 3, 3)).astype("float32")
    mean = node("GlobalAveragePool", "bent", output="pooled"), node("Flatten", "pooled")
    end = [node("Identity", "bent")] if is_map else list(mean)
    nodes = [
        node("Conv", "images", "kernel", output="mapped"),
        node("Relu", "mapped", output="bent"),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [*nodes, *end],
        "encoder",
        [helper.make_tensor_value_info("images", kind, (batch, 3, 6, 8))],
        [helper.make_tensor_value_info("features", kind, None)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    opsets, functions = [helper.make_opsetid("", opset)], []
    if form == "weights are inputs too":
        graph.input.append(helper.make_tensor_value_info("kernel", kind, kernel.shape))
    if form == "functions":
        nodes[1].domain, nodes[1].op_type = "own", "Bend"
        body = [node("Relu", "x", output="y")]
        functions = [helper.make_function("own", "Bend", ["x"], ["y"], body, opsets)]
        graph.node[1].CopyFrom(nodes[1])
        opsets = [*opsets, helper.make_opsetid("own", 1)]
    ir_version = 3 if form == "weights are inputs too" else 9
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=ir_version, functions=functions
    )
    onnx.save(model, path)
    return str(path)


@pytest.mark.slow
def test_a_backbone_that_takes_one_frame_at_once_wants_one_step_a_call(
    films: Path, made: Made, tmp_path: Path
) -> None:
    backbone = _onnx_file(tmp_path / "one.onnx", 17, True, batch=1)
    run, _ = made(backbone)
    with pytest.raises(InputError, match=r"takes 1 at once.*give --batch 1 --steps 1"):
        exported(run, backbone)
    call, facts = exported(run, backbone, steps="1", batch=1)
    expected = told_by_predict(run)
    found = answers(call, facts, pictures(films, backbone))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
def test_joined_backbones_of_two_sizes_have_an_input_each(
    films: Path, made: Made, tmp_path: Path
) -> None:
    small, large = (
        keras_file(tmp_path / "small.keras"),
        keras_file(tmp_path / "large.keras", (8, 12)),
    )
    backbone = "+".join([small, _onnx_file(tmp_path / "net.onnx", 17, True), large])
    run, _ = made(backbone)
    call, facts = exported(run, backbone)
    assert list(facts["frames"]) == ["frames_0", "frames_1"]
    assert [one["height"] for one in facts["frames"].values()] == [6, 8]
    first, _, last = pictures(films, backbone)
    found = answers(call, facts, [first, last])
    np.testing.assert_allclose(found, told_by_predict(run), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "saved_model"])
def test_a_step_of_a_network_of_clips_is_a_clip(
    films: Path, made: Made, tmp_path: Path, name: str
) -> None:
    backbone = str(clip_network(tmp_path / "clips.keras", 4))
    run, _ = made(backbone)
    call, facts = exported(run, backbone, name)
    assert facts["inputs"]["frames"] == [None, None, 4, 8, 12, 3]
    assert (facts["frames"]["frames"]["clip"], facts["frames"]["frames"]["clip_stride"]) == (4, 1)
    found = answers(call, facts, pictures(films, backbone))
    np.testing.assert_allclose(found, told_by_predict(run), atol=1e-4)


@pytest.mark.slow
def test_a_backbone_that_was_trained_is_checked_on_the_frames_of_the_store(tmp_path: Path) -> None:
    from frame_tasks import finetuning, save_network, write_frame_task

    write_frame_task(tmp_path)
    save_network(tmp_path / "net.keras")
    run = train(finetuning(tmp_path, epochs=1))
    _, facts = exported(run, None)
    assert facts["check"]["features"] == "frames of sequence s4"
    assert facts["check"]["difference"] < 1e-4
    assert facts["frames"]["frames"]["height"] == 24


@pytest.mark.slow
def test_where_the_videos_are_gone_pictures_are_made_up(
    made: Made, tmp_path: Path, monkeypatch: Any
) -> None:
    run, backbone = made(keras_file(tmp_path / "net.keras"))
    monkeypatch.setattr("trainer.export.frames.source_video", _gone)
    _, facts = exported(run, backbone)
    assert facts["check"]["features"].startswith("made-up pictures, since no video")


def _gone(_: Any) -> Path:
    from preprocessing.errors import VideoError

    raise VideoError("gone", "it is gone")


@pytest.mark.slow
def test_an_ensemble_on_one_backbone_is_one_file(films: Path, made: Made, tmp_path: Path) -> None:
    backbone = keras_file(tmp_path / "net.keras")
    runs = [made(backbone, f"run{seed}", weights=seed)[0].path for seed in (1, 2)]
    (run,) = make_ensemble(EnsembleConfig(tuple(runs), tmp_path / "together"))
    call, facts = exported(run, backbone)
    found = answers(call, facts, pictures(films, backbone))
    assert next(iter(facts["carry"])).startswith("model_1_")
    assert facts["check"]["difference"] < 1e-3
    assert found.shape == (STEPS, 2)


@pytest.mark.slow
def test_a_backbone_that_was_written_otherwise_is_found_out(
    made: Made, tmp_path: Path, monkeypatch: Any
) -> None:
    run, backbone = made(keras_file(tmp_path / "net.keras"))
    honest = onnx_backbone._set_weights

    def off(model: Any, weights: dict[str, Any]) -> None:
        honest(model, weights)
        kernel = next(one for one in model.graph.initializer if one.name in weights)
        kernel.raw_data = bytes(len(kernel.raw_data))

    monkeypatch.setattr(onnx_backbone, "_set_weights", off)
    with pytest.raises(InputError, match="makes other features: a difference of"):
        exported(run, backbone)
    assert not list((run.path / "export").iterdir())


def film(path: Path, seed: int, seconds: int = 8) -> list[tuple[str, float, float, str]]:
    """A compressed video of dark and bright scenes of two seconds, and their labels."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    chance, rows = np.random.default_rng(seed), []
    for second in range(0, seconds, 2):
        bright = bool(chance.integers(2))
        rows.append((path.stem, float(second), second + 2.0, ("dark", "bright")[bright]))
        for _ in range(50):
            colours = chance.integers(0, 100, (6, 8, 3)) + 120 * bright
            writer.write(cv2.resize(colours.astype("uint8"), (320, 240)))
    writer.release()
    return rows


@pytest.mark.slow
def test_the_client_says_of_a_video_what_stream_says(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    (tmp_path / "videos").mkdir()
    rows = [row for n in range(3) for row in film(tmp_path / "videos" / f"v{n}.mp4", n)]
    write_intervals(tmp_path / "labels.csv", rows)
    (tmp_path / "splits.json").write_text('{"train": ["v0", "v1"], "test": ["v2"]}')
    store, labels, video = tmp_path / "store", tmp_path / "labels.csv", tmp_path / "videos/v2.mp4"
    extract(ExtractConfig((tmp_path / "videos",), store))
    run = untrained(store, (labels,), tmp_path / "run", splits=tmp_path / "splits.json")
    _, facts = exported(run, None)
    assert facts["backbone"] == "efficientnet-lite0"
    assert facts["check"]["difference"] <= 1e-4
    assert facts["check"]["features_difference"] <= 2**-10
    monkeypatch.setattr(sys, "argv", ["longtake", "stream", str(run.path), str(video)])
    assert cli.main() == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    model = run.path / "export" / "with_backbone.onnx"
    monkeypatch.setattr(sys, "argv", ["frames_client.py", str(model), str(video)])
    runpy.run_path(str(CLIENT), run_name="__main__")
    said = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [label for _, label, _ in said] == [one["label"] for one in told]
    assert [float(second) for second, *_ in said] == [step / 4 for step in range(32)]
    found = [float(probability) for *_, probability in said]
    np.testing.assert_allclose(found, [one["confidence"] for one in told], atol=1e-3)


@pytest.mark.slow
def test_the_client_refuses_what_it_would_answer_wrongly(
    made: Made, tmp_path: Path, monkeypatch: Any
) -> None:
    run, backbone = made(keras_file(tmp_path / "net.keras"), horizon=-2)
    exported(run, backbone)
    export(ExportConfig(run.path, "onnx"))
    for name, reason in (("with_backbone", "wants windows, a horizon"), ("model", "of one frame")):
        model = run.path / "export" / f"{name}.onnx"
        monkeypatch.setattr(sys, "argv", ["frames_client.py", str(model), "video.mp4"])
        with pytest.raises(SystemExit, match=reason):
            runpy.run_path(str(CLIENT), run_name="__main__")
