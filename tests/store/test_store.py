import tempfile
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from preprocessing.store import feature_store as store_module
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter, require_finite
from preprocessing.store.sequence_info import Origin, open_file, sequence_path, settings_text
from trainer.run.facts import ModelFacts

quick = settings(deadline=None, max_examples=50)


def origin(**changes: str) -> Origin:
    facts = {
        "source": "somewhere/a.mp4",
        "fingerprint": "f00d",
        "fps": "4.0",
        "backbone": "test",
        "backbone_digest": "d1",
        "settings": settings_text(color="rgb"),
    }
    return Origin(**{**facts, **changes})


def write(root: Path, sequence_id: str, features: np.ndarray, **changes: str) -> None:
    path = sequence_path(root, sequence_id)
    with SequenceWriter(path, features.shape[1], origin(**changes), "float32") as writer:
        writer.append(np.arange(len(features)) / 4, features)


def write_blocks(root: Path, *blocks: tuple[np.ndarray, np.ndarray]) -> None:
    with SequenceWriter(sequence_path(root, "a"), blocks[0][1].shape[1], origin()) as writer:
        for times, features in blocks:
            writer.append(times, features)


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def append_one(writer: SequenceWriter, time: float, *values: float) -> None:
    writer.append(np.array([time]), np.array([values]))


@quick
@given(
    blocks=st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any),
    dimension=st.integers(1, 9),
    dtype=st.sampled_from(["float16", "float32"]),
    data=st.data(),
)
def test_what_is_written_block_by_block_reads_back_the_same(blocks, dimension, dtype, data):
    steps = sum(blocks)
    generator = np.random.default_rng(steps)
    features = generator.normal(size=(steps, dimension)).astype(dtype)
    times = np.cumsum(generator.uniform(0.01, 2, steps))
    with tempfile.TemporaryDirectory() as folder:
        path = sequence_path(Path(folder), "a")
        with SequenceWriter(path, dimension, origin(), dtype) as writer:
            begin = 0
            for length in blocks:
                stop = begin + length
                writer.append(times[begin:stop], features[begin:stop])
                begin = stop
        store = FeatureStore(folder)
        start = data.draw(st.integers(0, steps))
        stop = data.draw(st.integers(start, steps))
        read = store.features("a", start, stop)
        read_times = store.timestamps("a", start, stop)
        info = store.info("a")
        store.close()
    assert read.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(read, features[start:stop])
    np.testing.assert_array_equal(read_times, times[start:stop])
    assert (info.steps, info.dimension, info.dtype) == (steps, dimension, dtype)
    assert (info.first, info.last) == (times[0], times[-1])


def test_facts_about_the_source_read_back(tmp_path):
    path = sequence_path(tmp_path, "a")
    with SequenceWriter(path, 1, origin(), start_time=1.5) as writer:
        append_one(writer, 2.0, 1)
        append_one(writer, 2.5, 1)
        writer.frames_decoded = 17
    info = FeatureStore(tmp_path).info("a")
    assert info.origin == origin()
    assert info.frames_decoded == 17
    assert info.bytes == path.stat().st_size
    assert info.step_seconds == 0.5
    assert info.end == 2.5 + 0.5 - 1.5


@pytest.mark.parametrize(("fps", "seconds"), [("8.0", 0.125), ("native", 0.0)])
def test_a_single_step_lasts_as_long_as_was_asked_for(tmp_path, fps, seconds):
    write(tmp_path, "a", np.zeros((1, 2)), fps=fps)
    assert FeatureStore(tmp_path).info("a").step_seconds == seconds


def test_a_file_has_its_final_name_only_when_it_is_whole(tmp_path):
    path = sequence_path(tmp_path, "a")
    with SequenceWriter(path, 1, origin()) as writer:
        append_one(writer, 0.0, 1)
        assert not path.exists()
        assert FeatureStore(tmp_path).ids() == []
    assert files_under(tmp_path) == [path]


def fail_while_writing(root: Path) -> None:
    with SequenceWriter(sequence_path(root, "a"), 1, origin()) as writer:
        append_one(writer, 0.0, 1)
        raise RuntimeError("power cut")


def test_an_exception_while_writing_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"):
        fail_while_writing(tmp_path)
    assert files_under(tmp_path) == []


def test_an_exception_while_writing_keeps_the_file_that_was_there(tmp_path):
    write(tmp_path, "a", np.full((3, 1), 7.0))
    with pytest.raises(RuntimeError, match="power cut"):
        fail_while_writing(tmp_path)
    assert FeatureStore(tmp_path).features("a", 0, 3).tolist() == [[7], [7], [7]]


def test_a_sequence_without_steps_is_refused(tmp_path):
    with (
        pytest.raises(InputError),
        SequenceWriter(sequence_path(tmp_path, "a"), 1, origin()),
    ):
        pass
    assert files_under(tmp_path) == []


def make_garbage(path: Path) -> None:
    path.write_bytes(b"not HDF5 at all" * 100)


def make_empty(path: Path) -> None:
    path.touch()


def make_cut(path: Path) -> None:
    write(path.parent, path.stem, np.zeros((100, 4)))
    path.write_bytes(path.read_bytes()[:-1000])


def make_foreign(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["features"] = np.zeros((3, 2))


def make_folder_of_datasets(path: Path) -> None:
    write(path.parent, path.stem, np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        del file["features"]
        file.create_group("features")


def make_incomplete(path: Path) -> None:
    write(path.parent, path.stem, np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        file.attrs["complete"] = False


def make_short_of_timestamps(path: Path) -> None:
    write(path.parent, path.stem, np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        file["timestamps"].resize(2, axis=0)


def make_later_schema(path: Path) -> None:
    write(path.parent, path.stem, np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = 99


@pytest.mark.parametrize(
    "make",
    [
        make_garbage,
        make_empty,
        make_cut,
        make_foreign,
        make_folder_of_datasets,
        make_incomplete,
        make_short_of_timestamps,
        make_later_schema,
    ],
)
def test_a_file_that_is_not_a_whole_sequence_is_refused(tmp_path, make):
    make(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"a\.h5 .*again"):
        FeatureStore(tmp_path).info("a")


def test_a_sequence_that_is_not_there_is_named(tmp_path):
    store = FeatureStore(tmp_path)
    assert "lost" not in store
    with pytest.raises(InputError, match=r"lost\.h5"):
        store.info("lost")
    with pytest.raises(InputError, match=r"lost\.h5"):
        store.features("lost", 0, 1)


def test_a_store_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        FeatureStore(tmp_path / "nowhere")


@pytest.mark.parametrize("sequence_id", ["../x", "/x", "", "a/../../x", "..", ".", "a\0b"])
def test_an_id_that_is_no_path_inside_the_store_is_refused(tmp_path, sequence_id):
    with pytest.raises(InputError, match="no sequence id"):
        FeatureStore(tmp_path).info(sequence_id)


@quick
@given(st.text("ab./\\ é", min_size=1, max_size=12))
def test_no_id_leads_out_of_the_store(sequence_id):
    root = Path("/some/store")
    try:
        path = sequence_path(root, sequence_id)
    except InputError:
        return
    assert path.resolve().is_relative_to(root)


@pytest.mark.parametrize("sequence_id", ["day.1/cam.left/take.2", "v1.0", "a b/ü", "a/b.h5"])
def test_ids_may_have_folders_and_dots(tmp_path, sequence_id):
    write(tmp_path, sequence_id, np.ones((2, 1)))
    write(tmp_path, "other", np.zeros((2, 1)))
    store = FeatureStore(tmp_path)
    assert store.ids() == sorted([sequence_id, "other"])
    assert sequence_id in store
    assert store.info(sequence_id).sequence_id == sequence_id
    assert store.features(sequence_id, 0, 2).tolist() == [[1], [1]]


def test_hidden_and_other_files_are_not_sequences(tmp_path):
    write(tmp_path, "a", np.ones((2, 1)))
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "b.h5").touch()
    (tmp_path / ".c.h5").touch()
    (tmp_path / "failures.csv").touch()
    assert FeatureStore(tmp_path).ids() == ["a"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_not_finite_is_refused_by_step_and_column(tmp_path, value):
    features = np.zeros((14, 3))
    features[12, 1] = value
    times = np.arange(14.0)
    with pytest.raises(InputError, match=rf"a\.mp4: feature 1 of step 12 is {value}"):
        write_blocks(tmp_path, (times[:10], features[:10]), (times[10:], features[10:]))
    assert files_under(tmp_path) == []


def test_a_stored_feature_that_is_not_finite_is_refused_when_read(tmp_path):
    write(tmp_path, "a", np.zeros((9, 3)))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["features"][5, 2] = np.nan
    store = FeatureStore(tmp_path)
    assert store.features("a", 0, 5).shape == (5, 3)
    with pytest.raises(InputError, match=r"a\.h5: feature 2 of step 5 is nan"):
        store.features("a", 3, 9)


@quick
@given(step=st.integers(0, 19), column=st.integers(0, 4), start=st.integers(0, 1000))
def test_the_first_value_that_is_not_finite_is_named(step, column, start):
    block = np.zeros((20, 5))
    block[step, column] = np.nan
    block[19, 4] = np.nan
    with pytest.raises(InputError, match=f"x: feature {column} of step {start + step} is nan"):
        require_finite(block, "x", start)


@quick
@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=30))
def test_half_numbers_are_finite_when_numpy_says_so(bits):
    block = np.array(bits, "uint16").view("float16")[None]
    if np.isfinite(block).all():
        require_finite(block, "x", 0)
    else:
        with pytest.raises(InputError, match="every feature must be a finite number"):
            require_finite(block, "x", 0)


@quick
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12),
    st.sampled_from([1, 7, 4096]),
)
def test_timestamps_are_those_of_the_file_in_whatever_order_they_are_asked_for(pieces, at_once):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "TIMES_AT_ONCE", at_once)
        write(Path(folder), "a", np.zeros((40, 1)))
        store, times = FeatureStore(folder), np.arange(40) / 4
        for one, other in pieces:
            start, stop = min(one, other), max(one, other)
            np.testing.assert_array_equal(store.timestamps("a", start, stop), times[start:stop])
        np.testing.assert_array_equal(store.timestamps("a"), times)


def test_features_kept_in_memory_are_read_once_and_cannot_be_written_to(tmp_path):
    features = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    write(tmp_path, "a", features)
    store = FeatureStore(tmp_path)
    store.keep_in_memory()
    np.testing.assert_array_equal(store.features("a", 5, 9), features[5:9])
    store.close()
    (tmp_path / "a.h5").unlink()
    np.testing.assert_array_equal(store.features("a", 0, 40), features)
    with pytest.raises(ValueError, match="read-only"):
        store.features("a", 0, 1)[:] = 0


def test_a_value_that_is_not_finite_is_found_in_memory_too(tmp_path):
    write(tmp_path, "a", np.zeros((9, 2)))
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["features"][5, 1] = np.inf
    store = FeatureStore(tmp_path)
    store.keep_in_memory()
    with pytest.raises(InputError, match=r"a\.h5: feature 1 of step 5 is inf"):
        store.features("a", 0, 2)


def test_features_too_large_for_float16_are_refused(tmp_path):
    with (
        pytest.raises(InputError, match=r"70000 do not fit float16.*float32"),
        SequenceWriter(sequence_path(tmp_path, "a"), 2, origin(), "float16") as writer,
    ):
        append_one(writer, 0.0, 1, -70000)
    assert files_under(tmp_path) == []


def test_features_too_large_for_float16_fit_float32(tmp_path):
    write(tmp_path, "a", np.array([[1, -70000]]))
    assert FeatureStore(tmp_path).features("a", 0, 1).tolist() == [[1, -70000]]


@pytest.mark.parametrize("later", [[1.0, 1.0], [2.0, 1.5], [0.5], [0.0], [np.nan], [3.0, np.nan]])
def test_timestamps_that_do_not_increase_are_refused(tmp_path, later):
    blocks = [(np.array(times), np.ones((len(times), 1))) for times in ([0.5], later)]
    with pytest.raises(ValueError, match="increase"):
        write_blocks(tmp_path, *blocks)
    assert files_under(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"fps": "8.0"}, "fps: 4.0 and 8.0"),
        ({"backbone": "other"}, "backbone: test and other"),
        ({"backbone_digest": "d2"}, "backbone weights: d1 and d2"),
        ({"settings": settings_text(color="bgr")}, "settings: .*rgb.* and .*bgr"),
    ],
)
def test_sequences_made_differently_are_not_mixed(tmp_path, change, name):
    write(tmp_path, "a", np.zeros((2, 3)))
    write(tmp_path, "b", np.zeros((2, 3)), **change)
    store = FeatureStore(tmp_path)
    with pytest.raises(InputError, match=f"a and b were made differently .{name}"):
        store.uniform(["a", "b"])


def test_sequences_of_different_dimension_are_not_mixed(tmp_path):
    write(tmp_path, "a", np.zeros((2, 3)))
    write(tmp_path, "b", np.zeros((2, 4)))
    with pytest.raises(InputError, match="dimension: 3 and 4"):
        FeatureStore(tmp_path).uniform(["a", "b"])


def test_sequences_of_different_sources_go_together(tmp_path):
    write(tmp_path, "a", np.zeros((2, 3)))
    write(tmp_path, "b", np.zeros((5, 3)), source="b.mp4", fingerprint="beef")
    infos = FeatureStore(tmp_path).uniform(["b", "a"])
    assert [info.sequence_id for info in infos] == ["b", "a"]


def test_more_sequences_than_open_files_are_read_by_several_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "OPEN_FILES", 3)
    ids = [f"s{number}" for number in range(8)]
    for number, sequence_id in enumerate(ids):
        write(tmp_path, sequence_id, np.full((20, 2), number))
    store = FeatureStore(tmp_path)
    wrong: list[object] = []

    def read(seed: int) -> None:
        generator = np.random.default_rng(seed)
        try:
            for _ in range(60):
                number, start = int(generator.integers(8)), int(generator.integers(20))
                if not (store.features(ids[number], start, 20) == number).all():
                    wrong.append(number)
                if store.timestamps(ids[number])[start] != start / 4:
                    wrong.append(number)
                if len(store._open) > 3:
                    wrong.append("too many open files")
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert wrong == []


def test_a_closed_store_opens_its_files_again(tmp_path):
    write(tmp_path, "a", np.ones((2, 1)))
    store = FeatureStore(tmp_path)
    store.features("a", 0, 2)
    store.close()
    assert store.features("a", 0, 2).shape == (2, 1)


@pytest.mark.parametrize("dimension", [1, 3, 1280, 100_000])
def test_storage_blocks_are_whole_steps(tmp_path, dimension):
    write(tmp_path, "a", np.zeros((2, dimension)))
    with h5py.File(tmp_path / "a.h5") as file:
        steps, width = file["features"].chunks
    assert width == dimension
    assert steps >= 16
    assert steps * dimension * 4 <= max(1 << 18, 16 * dimension * 4)


def test_timestamps_stay_at_hand_where_files_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write_sequence(tmp_path, name, np.ones((9000, 1)))
    opened: list[Path] = []
    monkeypatch.setattr(store_module, "OPEN_FILES", 1)
    monkeypatch.setattr(store_module, "TIMES_KEPT", 2)
    monkeypatch.setattr(
        store_module, "open_file", lambda path: opened.append(path) or open_file(path)
    )
    store = FeatureStore(tmp_path)
    for start in range(0, 9000, 1000):
        for name in "ab":
            found = store.timestamps(name, start, start + 1000)
            np.testing.assert_array_equal(found, np.arange(start, start + 1000) / FPS)
    assert len(opened) == 6  # Of each file three times, 4,096 timestamps at most.
    assert len(store.timestamps("c", 0, 0)) == 0
    assert len(store.timestamps("a")) == 9000
    store.close()


def test_what_made_sequences_differ_is_named_and_nothing_else(tmp_path):
    kinds = {
        "a": ("test", {"size": 8, "crop": "no"}, "extract"),
        "b": ("test", {"size": 9, "crop": "no"}, "extract"),
        "c": ("import-csv", {"dtype": "float16", "columns": "x"}, "import"),
        "d": ("import-csv", {"dtype": "float32", "columns": "x"}, "import"),
    }
    for name, (backbone, made, _) in kinds.items():
        origin = Origin(name, "", "4.0", backbone, "", settings_text(**made))
        with SequenceWriter(sequence_path(tmp_path, name), 1, origin) as writer:
            writer.append(np.arange(2.0), np.zeros((2, 1)))
    store = FeatureStore(tmp_path)
    with pytest.raises(InputError, match=r"\(settings: size 8 and size 9\); extract all of them"):
        store.uniform("ab")
    with pytest.raises(InputError, match=r"dtype float16 and dtype float32\); import all of them"):
        store.uniform("cd")
    facts = ModelFacts(("x",), 1, *store.info("c").origin.method)
    with pytest.raises(InputError, match=r"settings dtype float32, the model .* float16; import"):
        facts.require(store.info("d"))


def test_a_run_is_no_store(tmp_path):
    for name in ("config.yaml", "run.json"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="is a run, not a store"):
        FeatureStore(tmp_path)
