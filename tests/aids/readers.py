"""All that reads files of others: each makes a small one, and reads it as the commands do."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from made_label_files import FILES


@dataclass(frozen=True)
class Reader:
    """Who reads a kind of file.

    Attributes:
        make: writes a whole file into a folder.
        read: reads one, as far as commands do.
        digest: whether the file is known by a digest, so that nothing else may come of it.
        cost: of so many mutants of others, it reads one.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    digest: bool = False
    cost: int = 1


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


# The store.


def make_sequence(folder: Path) -> Path:
    from preprocessing.store.sequence_file import SequenceWriter
    from preprocessing.store.sequence_info import Origin, settings_text

    origin = Origin("s", "", "4.0", "test", "0", settings_text())
    with SequenceWriter(folder / "s.h5", 3, origin, "float32") as writer:
        writer.append(np.arange(20) / 4, numbers(20, 3), np.arange(20))
        writer.source_frames = 20
    return folder / "s.h5"


def read_sequence(path: Path) -> None:
    from preprocessing.store.feature_store import FeatureStore

    store = FeatureStore(path.parent)
    info = store.info(store.ids()[0])
    assert info.step_seconds is not None
    for start in range(0, info.steps, 4096):
        store.features(info.sequence_id, start, min(start + 4096, info.steps))
        store.timestamps(info.sequence_id, start, min(start + 4096, info.steps))
    store.frames(info.sequence_id)
    store.close()


def read_listing(path: Path) -> None:
    from preprocessing.inspection.command import run
    from preprocessing.inspection.options import InspectConfig

    run(InspectConfig(path.parent))
    run(InspectConfig(path.parent, json=True))


# Features of others.


def make_features(form: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from array_files import write

        if form != "csv":
            return write(folder, form, numbers(20, 3).astype("float64"))
        lines = ["time,a,b,label"] + [f"{n / 4},{n}.5,-{n}e-1,{'xy'[n % 2]}" for n in range(20)]
        (folder / "a.csv").write_text("\n".join(lines) + "\n")
        return folder / "a.csv"

    return make


def read_features(path: Path) -> None:
    from preprocessing.importing.feature_files import Selection, format_of, open_table

    csv = path.suffix == ".csv"
    columns = ("label", "time") if csv else (None, None)
    selection = Selection((), *columns, None if csv or path.suffix == ".npy" else "x", False)
    for block in open_table(path, format_of(path), selection).blocks:
        assert len(block.features) == len(block.numbers)


# What stands beside a store.

LABELS = {
    "intervals": "sequence,start,end,label\ns,0,1.5,a\ns,1.5,3.25,b\ns,4,5,a\n",
    "one a sequence": "sequence,label\ns,a\n",
    "numbers": "sequence,time,x,y\ns,0,1.5,2\ns,1,-3e2,4\ns,2.5,5,6\n",
}


def make_labels(form: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        make_sequence(folder)
        (folder / "labels.csv").write_text(LABELS[form])
        return folder / "labels.csv"

    return make


def make_label_text(folder: Path) -> Path:
    make_sequence(folder)
    (folder / "labels").mkdir()
    (folder / "labels" / "s.txt").write_text("a\na\nb\n" * 6 + "a\nb\n")
    return folder / "labels" / "s.txt"


def read_labels(path: Path) -> None:
    from preprocessing.labels.base import LabelOptions
    from preprocessing.labels.reading import read_labels
    from preprocessing.store.feature_store import FeatureStore

    whole = path if path.suffix == ".csv" else path.parent
    store = FeatureStore(whole.parent)
    task = "regression" if "time" in path.read_text("utf-8", "replace")[:60] else "classification"
    labels = read_labels(LabelOptions(whole, task=task), store)
    for sequence_id in labels.ids():
        info = store.info(sequence_id)
        labels.check(info)
        labels.at(info, 0, store.timestamps(sequence_id))


def make_label_file(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(FILES[name])
        return folder / name

    return make


def read_label_file(path: Path) -> None:
    from made_label_files import read_any

    read_any(path)


def make_splits(folder: Path) -> Path:
    (folder / "splits.json").write_text('{"train": ["a", "b"], "validation": [], "test": ["c"]}\n')
    return folder / "splits.json"


def read_splits(path: Path) -> None:
    from preprocessing.labels.splits import read_splits

    read_splits(path)


def make_groups(folder: Path) -> Path:
    (folder / "groups.csv").write_text("sequence,group\na,anna\nb,ben\n")
    return folder / "groups.csv"


def read_groups(path: Path) -> None:
    from preprocessing.labels.groups import read_groups

    read_groups(str(path), ["a", "b"])


def make_failures(folder: Path) -> Path:
    from preprocessing.files.failures import FailureLog

    FailureLog(folder, []).add(folder / "a.mp4", "unreadable", "why, in words")
    return folder / "failures.csv"


def read_failures(path: Path) -> None:
    from preprocessing.files.failures import FailureLog, failed_among

    failed_among(path.parent, ["a"])
    FailureLog(path.parent, [])


# Runs.


def make_lineage(folder: Path) -> Path:
    from trainer.run.lineage import Lineage, Recording

    lineage = Lineage(frozenset([Recording("a", "0f", 9)]), frozenset([Recording("b", "", 8)]))
    (folder / "trained.json").write_text(lineage.to_json())
    return folder / "trained.json"


def read_lineage(path: Path) -> None:
    from trainer.run.lineage import read_lineage

    read_lineage(path, ["a"])


def make_yaml(folder: Path) -> Path:
    from preprocessing.terminal.options import to_yaml
    from trainer.config import TrainConfig

    config = TrainConfig(Path("store"), Path("labels.csv"), Path("run"), ignore_label=("a",))
    (folder / "config.yaml").write_text(to_yaml(config))
    return folder / "config.yaml"


def read_yaml(path: Path) -> None:
    from trainer.run.folder import Run

    assert Run(path.parent).config.epochs


def make_facts(folder: Path) -> Path:
    from trainer.run.facts import ModelFacts

    facts = ModelFacts(("a", "b"), 3, "4", "test", "0", "{}", feature_moments=((0.0,), (1.0,)))
    (folder / "run.json").write_text(facts.to_json())
    return folder / "run.json"


def read_facts(path: Path) -> None:
    from trainer.run.folder import Run

    assert Run(path.parent).facts.learned_task


def make_history(folder: Path) -> Path:
    from trainer.run.folder import Run

    Run(folder).write_history([{"epoch": n, "loss": 1 / n, "val_loss": 2 / n} for n in (1, 2, 3)])
    return folder / "history.csv"


def read_history(path: Path) -> None:
    from trainer.report.curves import learning_curves
    from trainer.run.folder import Run

    learning_curves({"": Run(path.parent).history})


def plain(arrays: Any) -> list[Any]:
    return [(name, one.dtype.str, one.shape, one.tobytes()) for name, one in sorted(arrays.items())]


def make_checkpoint(folder: Path) -> Path:
    from trainer.run.checkpoint import Checkpoints, Progress

    weights = {"variables/00000": numbers(30, 4), "variables/00001": numbers()}
    arrays = {**weights, "carry/00000": numbers(2, 3)}
    history = [{"epoch": 1, "loss": 0.5}]
    return Checkpoints(folder).save(Progress(epoch=1, history=history), arrays, 1)


def read_checkpoint(path: Path) -> Any:
    from trainer.run.checkpoint import Checkpoints

    checkpoints = Checkpoints(path.parent)
    checkpoints.progress()
    found = checkpoints.latest()
    return found and (vars(found.progress), plain(found.arrays))


def make_state(folder: Path) -> Path:
    from trainer.run.checkpoint import write_archive

    (folder / "model.keras").write_bytes(b"model")
    import hashlib

    told = {"model": hashlib.sha256(b"model").hexdigest(), "source": "", "timestamp": 3.5}
    arrays = {"carry/00000": numbers(2, 3), "waiting/dropped": np.zeros(2, np.int64)}
    arrays |= {"waiting/times": np.array([3.0, 3.5]), "waiting/clocks": np.full(2, np.nan)}
    write_archive(folder / "state", {**told, "origin": None}, arrays)
    return folder / "state"


def read_state(path: Path) -> Any:
    from trainer.streaming.state import StreamState
    from trainer.streaming.waiting import Waiting

    kept: list[Any] = []
    run = SimpleNamespace(model_path=path.parent / "model.keras")
    state = StreamState(path, SimpleNamespace(answering=[run], **vars(run)))  # type: ignore[arg-type]
    follower, waiting = SimpleNamespace(restore=kept.append, steps=9, answered=7), Waiting()
    state.restore(follower, waiting)  # type: ignore[arg-type]
    return state.timestamp, state.origin, plain(kept[0].arrays), plain(waiting.arrays())


def make_decoder(folder: Path) -> Path:
    from made_decoders import made_decoder

    from trainer.decoder.decoder_file import write_decoder

    write_decoder(folder / "decoder.json", made_decoder(np.random.default_rng(0), 3))
    return folder / "decoder.json"


def read_decoder(path: Path) -> None:
    from made_decoders import made_answers, reader

    from trainer.decoder import decoder_file
    from trainer.decoder.decoding import decode

    decoder = decoder_file.read_decoder(path, ("c0", "c1", "c2"))
    answers = reader(made_answers(np.random.default_rng(0), 40, 3))
    for lag in (None, 1.0):
        for labels in decode(decoder, answers, 40, decoder.lag_steps(lag), lag):
            assert set(labels.tolist()) <= {0, 1, 2}


def make_calibration(folder: Path) -> Path:
    from trainer.run.calibration import Calibration

    told = Calibration(0.74, 1000, 0.112, 0.046, "0123456789abcdef")
    (folder / "calibration.json").write_text(told.to_json())
    return folder / "calibration.json"


def read_calibration(path: Path) -> Any:
    from trainer.run.calibration import read_calibration

    return read_calibration(path)


def make_model(folder: Path) -> Path:
    from preprocessing.terminal.quiet import import_tensorflow

    import_tensorflow()
    import keras

    layers = [keras.Input((None, 3)), keras.layers.GRU(2, return_sequences=True)]
    keras.Sequential(layers).save(folder / "model.keras")
    return folder / "model.keras"


def read_model(path: Path) -> None:
    from preprocessing.terminal.quiet import import_tensorflow

    import_tensorflow()
    from trainer.model.model_file import load_model

    load_model(path)


def make_predictions(task: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from prediction_files import write_predictions

        steps, whole = np.arange(40), numbers(40, 3)
        odds = np.exp(whole) / np.exp(whole).sum(1, keepdims=True)
        arrays = {
            "classification": {"probabilities": odds, "true": steps // 5 % 3},
            "multilabel": {"probabilities": odds, "true": whole > 0},
            "regression": {"predicted": whole, "true": whole + 0.5},
        }[task]
        return write_predictions(folder / "p.h5", "abc", {"s": arrays, "t": arrays}, task)

    return make


def read_answers(path: Path) -> None:
    from trainer.predictions.reader import open_answers

    with open_answers(path) as answers:
        for sequence_id in answers.ids:
            answers.seconds(sequence_id)
            for _ in answers.blocks(sequence_id, "true", "predicted", "probabilities"):
                pass


def read_predictions(path: Path) -> None:
    from prediction_files import run_of

    from trainer.evaluation.scoring import Measures, score
    from trainer.report.evaluation_page import write_report

    metrics = score(path, True, Measures(bootstrap=10))
    told = {**metrics, "split": "test", "feed": None}
    write_report(path.with_suffix(".html"), run_of(metrics["task"]), told, path)


def make_comparison(folder: Path) -> Path:
    from preprocessing.terminal.options import to_yaml
    from trainer.config import TrainConfig

    for name in ("one", "two"):
        run = folder / name
        (run / "evaluation" / "test").mkdir(parents=True)
        made = make_predictions("classification")(run)
        made.rename(run / "evaluation" / "test" / "predictions.h5")
        config = TrainConfig(folder / "store", folder / "labels.csv", run)
        (run / "config.yaml").write_text(to_yaml(config))
        (run / "evaluation" / "test" / "metrics.json").write_text('{"feed": null, "steps": 40}')
    return folder / "two" / "evaluation" / "test" / "metrics.json"


def read_comparison(path: Path) -> None:
    from trainer.evaluation.comparison import CompareConfig, compare
    from trainer.evaluation.comparison_table import comparison_lines

    folder = path.parents[3]
    list(comparison_lines(compare(CompareConfig((folder / "one", folder / "two"), bootstrap=10))))


def make_description(folder: Path) -> Path:
    from trainer.export.command import described
    from trainer.export.facts import MAKER

    path = described(folder / "model.onnx")
    path.write_text(json.dumps({MAKER: "1", "format": "onnx", "classes": ["a"]}))
    return path


def read_description(path: Path) -> None:
    from trainer.export.command import _require_free

    _require_free(path.with_name(path.name.removesuffix(".json")))


# Networks and videos.


def make_samples(folder: Path) -> Path:
    path = folder / "samples.json"
    path.write_text(json.dumps({"count": 3, "seconds": 60.0, "seed": 0}))
    return path


def read_samples(path: Path) -> None:
    from trainer.demo.videos import _require_same

    _require_same(path, {"count": 3, "seconds": 60.0, "seed": 0})


def make_encoder(folder: Path) -> Path:
    from preprocessing.terminal.quiet import import_tensorflow

    import_tensorflow()
    import keras

    layers = [keras.Input((6, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential(layers).save(folder / "encoder.keras")
    return folder / "encoder.keras"


def make_onnx(folder: Path) -> Path:
    import onnx
    from onnx_models import model, node

    nodes = [node("Flatten", "images", output="flat"), node("MatMul", "flat", "w")]
    onnx.save(model(nodes, [None, 6, 8, 3], w=numbers(144, 2)), folder / "encoder.onnx")
    return folder / "encoder.onnx"


def read_backbone(path: Path) -> None:
    from preprocessing.backbones import load_backbone

    backbone = load_backbone(str(path))
    backbone([np.zeros((2, *size, 3), np.uint8) for size in backbone.sizes])


def make_weights(folder: Path) -> Path:
    from torch_files import GOOD

    (folder / "weights.pth").write_bytes(GOOD)
    return folder / "weights.pth"


def read_weights(path: Path) -> None:
    from preprocessing.backbones.torch_file import read_tensors

    for tensor in read_tensors(path).values():
        tensor.sum()


def frames() -> Iterator[Any]:
    import av

    for number in range(12):
        image = np.full((48, 64, 3), 20 * number, np.uint8)
        image[number : number + 20] ^= 255
        yield av.VideoFrame.from_ndarray(image, format="rgb24")


def make_video(name: str, codec: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import av

        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream(codec, rate=4)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for frame in frames():
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return folder / name

    return make


def read_video(path: Path) -> None:
    from preprocessing.videos.reader import VideoReader

    with VideoReader(path, 2, [(24, 32)]) as reader:
        # A rate of one frame in a day is damage that nobody can tell from a slow recording.
        for _ in islice(reader, 5000):
            pass
        assert reader.damage is not None


READERS = {
    "sequence": Reader(make_sequence, read_sequence),
    "listing": Reader(make_sequence, read_listing),
    **{
        form: Reader(make_features(form), read_features)
        for form in ("npy", "npz", "npz packed", "mat", "mat 7.3", "h5", "csv")
    },
    **{f"labels, {form}": Reader(make_labels(form), read_labels) for form in LABELS},
    "labels, text": Reader(make_label_text, read_labels),
    **{f"labels, {name}": Reader(make_label_file(name), read_label_file) for name in FILES},
    "splits": Reader(make_splits, read_splits),
    "groups": Reader(make_groups, read_groups),
    "failures": Reader(make_failures, read_failures),
    "yaml": Reader(make_yaml, read_yaml),
    "run.json": Reader(make_facts, read_facts),
    "trained.json": Reader(make_lineage, read_lineage),
    "history": Reader(make_history, read_history, cost=10),
    "checkpoint": Reader(make_checkpoint, read_checkpoint, digest=True),
    "state": Reader(make_state, read_state, digest=True),
    "decoder": Reader(make_decoder, read_decoder),
    "calibration": Reader(make_calibration, read_calibration),
    **{
        task: Reader(make_predictions(task), read_predictions, cost=10)
        for task in ("classification", "multilabel", "regression")
    },
    "answers": Reader(make_predictions("classification"), read_answers),
    "comparison": Reader(make_comparison, read_comparison, cost=10),
    "description": Reader(make_description, read_description),
    "samples": Reader(make_samples, read_samples),
    "onnx": Reader(make_onnx, read_backbone),
    "weights": Reader(make_weights, read_weights),
    "mp4": Reader(make_video("v.mp4", "mpeg4"), read_video),
    "mkv": Reader(make_video("v.mkv", "mpeg4"), read_video),
    "avi": Reader(make_video("v.avi", "mpeg4"), read_video),
    "encoder.keras": Reader(make_encoder, read_backbone, cost=10),
    "model.keras": Reader(make_model, read_model, cost=10),
}
