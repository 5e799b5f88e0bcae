"""Folders as other projects lay them out, to a store, labels and splits that can be trained on."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from preprocessing.errors import InputError
from preprocessing.importing.command import run
from preprocessing.importing.options import ImportConfig
from preprocessing.labels.base import UNLABELLED, LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.splits import Splits, read_splits
from preprocessing.store.feature_store import FeatureStore

ALL_DONE, SOME_FAILED = 0, 3
FPS = 5.0
CLASSES = ["cut", "mix", "serve"]
VIDEOS = {"v-1": 20, "v-2": 31, "v-3": 26, "v-4": 40}


def import_into(tmp_path: Path, *inputs: Path, **options) -> tuple[int, FeatureStore]:
    store = tmp_path / "store"
    code = run(ImportConfig(inputs, store, **{"dtype": "float32", **options}))
    return code, FeatureStore(store)


def whole(store: FeatureStore, sequence_id: str) -> np.ndarray:
    return store.features(sequence_id, 0, store.info(sequence_id).steps)


def failures(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "store" / "failures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def named_steps(path: Path, store: FeatureStore, sequence_id: str) -> list[str]:
    labels = read_labels(LabelOptions(path), store)
    info = store.info(sequence_id)
    labels.check(info)
    indices = labels.at(info, 0, store.timestamps(sequence_id))
    return ["" if index == UNLABELLED else labels.classes[index] for index in indices]


def truth_of(name: str, lines: int) -> list[str]:
    number = int(name[-1])
    return [CLASSES[(line // 7 + number) % 3] for line in range(lines)]


@pytest.fixture
def salads(tmp_path) -> Path:
    """Four videos laid out as for ms-tcn, with two splits."""
    root = tmp_path / "salads"
    for folder in ("features", "groundTruth", "splits"):
        (root / folder).mkdir(parents=True)
    for name, steps in VIDEOS.items():
        features = np.random.default_rng(steps).normal(size=(6, steps)).astype("float32")
        np.save(root / "features" / f"{name}.npy", features)
        write_truth(root, name, truth_of(name, steps))
    (root / "mapping.txt").write_text("".join(f"{n} {c}\n" for n, c in enumerate(CLASSES)))
    write_bundles(root, "split1", train=["v-1", "v-2", "v-3"], test=["v-4"])
    write_bundles(root, "split2", train=["v-1", "v-4"], val=["v-2"], test=["v-3"])
    return root


def write_truth(root: Path, name: str, lines: list[str]) -> None:
    (root / "groundTruth" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


def write_bundles(root: Path, split: str, **parts: list[str]) -> None:
    for part, names in parts.items():
        path = root / "splits" / f"{part}.{split}.bundle"
        path.write_text("".join(f"{name}.txt\n" for name in names))


def import_salads(tmp_path: Path, root: Path, **options) -> tuple[int, FeatureStore]:
    given = {"fps": FPS, "labels_out": tmp_path / "labels.csv", "splits_out": tmp_path / "splits"}
    return import_into(tmp_path, root, **{**given, **options})


def test_data_of_ms_tcn_becomes_a_store_labels_and_splits(tmp_path, salads, capsys):
    code, store = import_salads(tmp_path, salads)
    assert code == ALL_DONE
    assert "taken as data of the layout ms-tcn" in capsys.readouterr().err
    assert store.ids() == list(VIDEOS)
    for name, steps in VIDEOS.items():
        np.testing.assert_array_equal(
            whole(store, name), np.load(salads / "features" / f"{name}.npy").T
        )
        assert named_steps(tmp_path / "labels.csv", store, name) == truth_of(name, steps)
    store.uniform(store.ids())
    assert read_splits(tmp_path / "splits" / "split1.json") == Splits(
        ("v-1", "v-2", "v-3"), (), ("v-4",)
    )
    second = json.loads((tmp_path / "splits" / "split2.json").read_text())
    assert second == {"train": ["v-1", "v-4"], "validation": ["v-2"], "test": ["v-3"]}


def test_importing_it_again_does_nothing_and_writes_the_same_labels(tmp_path, salads, capsys):
    import_salads(tmp_path, salads)
    before = (tmp_path / "labels.csv").read_text()
    (tmp_path / "labels.csv").unlink()
    code, _ = import_salads(tmp_path, salads)
    assert code == ALL_DONE
    assert "0 imported, 4 already done, 0 failed: 117 steps" in capsys.readouterr().out
    assert (tmp_path / "labels.csv").read_text() == before


def test_ground_truth_of_another_rate_is_taken_by_time(tmp_path, salads):
    for name, steps in VIDEOS.items():
        write_truth(salads, name, [line for line in truth_of(name, steps) for _ in range(2)])
    code, store = import_salads(tmp_path, salads, label_fps=2 * FPS)
    assert code == ALL_DONE
    for name, steps in VIDEOS.items():
        assert named_steps(tmp_path / "labels.csv", store, name) == truth_of(name, steps)


def test_a_few_lines_more_or_less_than_steps_do_not_matter(tmp_path, salads):
    write_truth(salads, "v-1", truth_of("v-1", 20 + 4))
    write_truth(salads, "v-2", truth_of("v-2", 31 - 4))
    code, store = import_salads(tmp_path, salads)
    assert code == ALL_DONE
    labels = tmp_path / "labels.csv"
    assert named_steps(labels, store, "v-1") == truth_of("v-1", 20)
    assert named_steps(labels, store, "v-2") == truth_of("v-2", 27) + [""] * 4


def test_ground_truth_of_another_length_is_a_failure_that_names_both(tmp_path, salads):
    write_truth(salads, "v-4", truth_of("v-4", 80))
    code, store = import_salads(tmp_path, salads)
    assert code == SOME_FAILED
    assert store.ids() == ["v-1", "v-2", "v-3"]
    features, first, second = failures(tmp_path)
    assert "80 lines, 16.00 s at 5 a second; the features have 40 steps" in features["message"]
    assert "--label-fps" in features["message"]
    for row, split in ((first, "split1"), (second, "split2")):
        assert row["kind"] == "split"
        assert f"{split}: 1 of its videos cannot be used: v-4 (not imported)" in row["message"]
    assert not (tmp_path / "splits").exists()
    assert "v-4" not in (tmp_path / "labels.csv").read_text()


def test_features_with_time_first_need_the_flag(tmp_path, salads):
    for name in VIDEOS:
        path = salads / "features" / f"{name}.npy"
        np.save(path, np.load(path).T)
    code, _ = import_salads(tmp_path, salads)
    assert code == SOME_FAILED
    assert "--time-axis" in failures(tmp_path)[0]["message"]
    assert import_salads(tmp_path, salads, time_axis="first")[0] == ALL_DONE


def test_a_class_that_the_mapping_lacks_is_named_with_its_line(tmp_path, salads):
    write_truth(salads, "v-3", [*truth_of("v-3", 25), "burn"])
    code, store = import_salads(tmp_path, salads)
    assert code == SOME_FAILED
    assert store.ids() == ["v-1", "v-2", "v-4"]
    message = failures(tmp_path)[0]["message"]
    assert "v-3.txt line 26: mapping.txt has no class 'burn'" in message


@pytest.mark.parametrize("content", ["cut 0\n", "0 cut\n1\n", "0,cut\n"])
def test_a_mapping_that_is_none_is_an_error(tmp_path, salads, content):
    (salads / "mapping.txt").write_text(content)
    with pytest.raises(InputError, match=r"mapping\.txt line \d.*a number and a class"):
        import_salads(tmp_path, salads)


def test_a_bundle_that_names_what_is_not_there_is_a_failure_and_not_written(tmp_path, salads):
    (salads / "features" / "v-4.npy").unlink()
    (salads / "groundTruth" / "v-2.txt").unlink()
    write_bundles(salads, "split3", train=["v-1"], test=["v-3"])
    code, store = import_salads(tmp_path, salads)
    assert code == SOME_FAILED
    assert store.ids() == ["v-1", "v-2", "v-3"]
    first, second = failures(tmp_path)
    assert "split1: 2 of its videos cannot be used" in first["message"]
    assert "v-2 (no ground truth), v-4 (no features)" in first["message"]
    assert "split2: 2 of its videos" in second["message"]
    assert [path.name for path in (tmp_path / "splits").iterdir()] == ["split3.json"]


def test_a_video_in_both_parts_of_a_split_is_a_failure(tmp_path, salads):
    write_bundles(salads, "split1", train=["v-1", "v-2"], test=["v-2"])
    code, _ = import_salads(tmp_path, salads)
    assert code == SOME_FAILED
    assert "'v-2' is in train and again in test" in failures(tmp_path)[0]["message"]


def test_features_alone_can_be_imported(tmp_path, salads, capsys):
    code, store = import_salads(tmp_path, salads, labels_out=None, splits_out=None)
    assert code == ALL_DONE
    assert store.ids() == list(VIDEOS)
    assert "--labels-out FILE gets the ground truth" in capsys.readouterr().err


def test_the_layout_can_be_overruled(tmp_path, salads):
    code, store = import_into(tmp_path, salads, fps=FPS, layout="files", time_axis="last")
    assert code == ALL_DONE
    assert store.ids() == [f"features/{name}" for name in VIDEOS]
    with pytest.raises(InputError, match="takes one folder, with the folders features"):
        import_into(tmp_path, salads / "features", fps=FPS, layout="ms-tcn")


def test_no_input_is_refused_whatever_else_is_said(tmp_path):
    with pytest.raises(InputError, match="takes one folder"):
        import_into(tmp_path, layout="ms-tcn", fps=FPS, splits_out=tmp_path / "splits")


def test_splits_need_bundles(tmp_path, salads):
    for path in (salads / "splits").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="--splits-out"):
        import_salads(tmp_path, salads)


MS = np.arange(12) * 40.0


@pytest.fixture
def two_streams(tmp_path) -> Path:
    """Two videos in the two streams of I3D, as video_features writes them."""
    root = tmp_path / "i3d"
    root.mkdir()
    for video, steps in (("v_a_1", 12), ("v_b", 7)):
        np.save(root / f"{video}_rgb.npy", np.full((steps, 3), 1.0))
        np.save(root / f"{video}_flow.npy", np.full((steps, 2), 2.0))
        np.save(root / f"{video}_fps.npy", np.array(25.0))
        np.save(root / f"{video}_timestamps_ms.npy", 2560 + MS[:steps])
    return root


def test_files_of_video_features_become_one_sequence_a_video(tmp_path, capsys):
    root = tmp_path / "out"
    (root / "day").mkdir(parents=True)
    features = np.arange(24.0).reshape(12, 2)
    np.save(root / "day" / "v_a_resnet.npy", features)
    np.save(root / "day" / "v_a_fps.npy", np.array(25.0))
    np.save(root / "day" / "v_a_timestamps_ms.npy", MS)
    code, store = import_into(tmp_path, root)
    assert code == ALL_DONE
    assert "taken as data of the layout video-features" in capsys.readouterr().err
    assert store.ids() == ["day/v_a"]
    np.testing.assert_array_equal(whole(store, "day/v_a"), features)
    np.testing.assert_array_equal(store.timestamps("day/v_a"), MS / 1000)
    info = store.info("day/v_a")
    assert (info.origin.fps, info.start_time) == ("native", 0.0)


def test_streams_are_joined_column_by_column(tmp_path, two_streams):
    code, store = import_into(tmp_path, two_streams, streams=("rgb", "flow"))
    assert code == ALL_DONE
    assert store.ids() == ["v_a_1", "v_b"]
    assert whole(store, "v_b").tolist() == [[1, 1, 1, 2, 2]] * 7
    columns = json.loads(store.info("v_b").origin.settings)["columns"]
    assert columns == ["rgb:0", "rgb:1", "rgb:2", "flow:0", "flow:1"]


def test_labels_of_a_video_count_from_its_beginning_not_from_the_first_features(
    tmp_path, two_streams
):
    _, store = import_into(tmp_path, two_streams, streams=("rgb",))
    (tmp_path / "labels.csv").write_text("sequence,start,end,label\nv_b,0,2.6,x\nv_b,2.6,3,y\n")
    assert store.timestamps("v_b")[0] == 2.56
    assert named_steps(tmp_path / "labels.csv", store, "v_b") == ["x"] + ["y"] * 6


def test_another_stream_is_another_sequence(tmp_path, two_streams, capsys):
    import_into(tmp_path, two_streams, streams=("rgb",))
    import_into(tmp_path, two_streams, streams=("flow",))
    assert "2 had been made of other content or with other settings" in capsys.readouterr().err
    import_into(tmp_path, two_streams, streams=("flow",))
    assert "0 imported, 2 already done" in capsys.readouterr().out


def test_columns_can_be_chosen_of_a_stream(tmp_path, two_streams):
    _, store = import_into(
        tmp_path, two_streams, streams=("rgb", "flow"), columns=("flow:1", "rgb:0")
    )
    assert whole(store, "v_b").tolist() == [[2, 1]] * 7


def test_of_two_streams_one_must_be_chosen(tmp_path, two_streams):
    with pytest.raises(InputError, match="has features flow, rgb; choose with --streams"):
        import_into(tmp_path, two_streams)
    with pytest.raises(InputError, match="no 'clip' features of this video; it has flow, rgb"):
        import_into(tmp_path, two_streams, streams=("clip",))


def test_streams_of_different_lengths_are_a_failure_that_names_both(tmp_path, two_streams):
    np.save(two_streams / "v_b_flow.npy", np.zeros((6, 2)))
    code, store = import_into(tmp_path, two_streams, streams=("rgb", "flow"))
    assert code == SOME_FAILED
    assert store.ids() == ["v_a_1"]
    message = failures(tmp_path)[0]["message"]
    assert "v_b_flow.npy has 6 steps, what it goes with has 7" in message


def test_timestamps_that_do_not_increase_are_a_failure_that_names_the_step(tmp_path, two_streams):
    np.save(two_streams / "v_b_timestamps_ms.npy", [0, 40, 80, 120, 160, 200, 0.0])
    code, _ = import_into(tmp_path, two_streams, streams=("rgb",))
    assert code == SOME_FAILED
    message = failures(tmp_path)[0]["message"]
    assert "step 6: the time 0 s does not come after 0.2 s of step 5" in message


def test_without_timestamps_the_rate_must_be_said(tmp_path):
    root = tmp_path / "r21d"
    root.mkdir()
    np.save(root / "v_a_r21d.npy", np.zeros((4, 3)))
    code, _ = import_into(tmp_path, root, layout="video-features")
    assert code == SOME_FAILED
    assert "v_a_r21d.npy has no times; say with --fps" in failures(tmp_path)[0]["message"]
    code, store = import_into(tmp_path, root, layout="video-features", fps=2.0)
    assert code == ALL_DONE
    assert store.timestamps("v_a").tolist() == [0, 0.5, 1, 1.5]


def test_a_file_without_features_is_a_failure(tmp_path, two_streams):
    np.save(two_streams / "v_c_fps.npy", np.array(25.0))
    np.save(two_streams / "lonely.npy", np.zeros((2, 2)))
    code, store = import_into(tmp_path, two_streams, streams=("rgb",))
    assert code == SOME_FAILED
    assert store.ids() == ["v_a_1", "v_b"]
    assert [Path(row["path"]).name for row in failures(tmp_path)] == ["lonely.npy", "v_c_fps.npy"]
    assert all("VIDEO_FEATURES.npy" in row["message"] for row in failures(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "video-features", "time_column": "0"}, "--time-column does not go with"),
        ({"layout": "video-features", "format": "h5"}, "reads .npy files only"),
        ({"layout": "video-features", "dataset": "x"}, "--dataset does not go with"),
        ({"layout": "files", "fps": 1.0, "streams": ("rgb",)}, "--streams goes with"),
        ({"layout": "files", "fps": 1.0, "label_fps": 2.0}, "--splits-out and --label-fps go"),
        ({"layout": "files", "fps": 1.0, "splits_out": Path("s")}, "--splits-out and --label-fps"),
        ({"layout": "files"}, "--fps or --time-column is needed"),
        ({"layout": "video-features", "label_column": "x", "labels_out": Path("l")}, "--label-col"),
    ],
)
def test_options_that_do_not_go_with_the_layout_are_refused(tmp_path, options, message):
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match=message):
        import_into(tmp_path, tmp_path / "in", **options)


def test_a_summary_dataset_in_one_hdf5_file_is_a_sequence_a_video(tmp_path):
    path = tmp_path / "tvsum.h5"
    with h5py.File(path, "w") as file:
        for number in (1, 2, 10):
            group = file.create_group(f"video_{number}")
            group["features"] = np.full((number + 3, 4), number, "float32")
            group["gtscore"] = np.zeros(number + 3)
            group["picks"] = np.arange(number + 3) * 15
    code, store = import_into(tmp_path, path, fps=2.0, dataset="video_*/features")
    assert code == ALL_DONE
    assert store.ids() == ["tvsum/video_1", "tvsum/video_10", "tvsum/video_2"]
    assert whole(store, "tvsum/video_2").tolist() == [[2] * 4] * 5


def test_one_bad_dataset_is_a_failure_that_names_it_and_the_others_are_imported(tmp_path):
    path = tmp_path / "all.h5"
    with h5py.File(path, "w") as file:
        file["a/x"] = np.zeros((3, 2))
        file["b/x"] = np.full((3, 2), np.nan)
        file["../x"] = np.zeros((3, 2))
        file[".hidden/x"] = np.zeros((3, 2))
        file["c/x"] = h5py.ExternalLink("other.h5", "x")
    code, store = import_into(tmp_path, path, fps=2.0, dataset="*/x")
    assert code == SOME_FAILED
    assert store.ids() == ["all/a"]
    messages = sorted(row["message"].removeprefix(f"{path}: ") for row in failures(tmp_path))
    assert [message.split(";")[0] for message in messages] == [
        "'..' cannot be part of a sequence id",
        "'.hidden' cannot be part of a sequence id",
        "b/x: feature 0 of step 0 is nan",
        "c/x is a link, which is not followed",
    ]


def test_an_array_and_a_file_that_would_be_one_sequence_are_refused(tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    with h5py.File(tmp_path / "in" / "a.h5", "w") as file:
        file["b/x"] = np.zeros((3, 2))
    np.savez(tmp_path / "in" / "a" / "b.npz", x=np.zeros((3, 2)))
    with pytest.raises(InputError, match="would both be sequence 'a/b/x'"):
        import_into(tmp_path, tmp_path / "in", fps=1.0, dataset="*")
