"""Formats: the same array comes out of each of them, in blocks, and nothing else does."""

import io
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from array_files import write
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError, OptionError
from preprocessing.importing.feature_files import Selection, Table, base, open_table, parts_of

quick = settings(deadline=None, max_examples=60)
ARRAY_FORMATS = ["npy", "npz", "npz packed", "mat", "mat 7.3", "h5"]


def select(
    columns: tuple[str, ...] = (),
    time_column: str | None = None,
    dataset: str | None = None,
    time_last: bool = False,
) -> Selection:
    return Selection(columns, None, time_column, dataset, time_last)


def kind_of(form: str) -> str:
    return form.split()[0]


def opened(folder: Path, form: str, array: np.ndarray, **options) -> Table:
    others = options.pop("others", {})
    return open_table(
        write(folder, form, array, **others), kind_of(form), select(dataset="x", **options)
        if form.startswith(("npz", "mat", "h5")) else select(**options),
    )  # fmt: skip


def read(table: Table) -> tuple[np.ndarray, np.ndarray | None]:
    blocks = list(table.blocks)
    features = np.concatenate([block.features for block in blocks])
    numbers = [number for block in blocks for number in block.numbers]
    assert numbers == list(range(len(features)))
    if not table.timed:
        assert all(block.times is None for block in blocks)
        return features, None
    return features, np.concatenate([block.times for block in blocks])


@quick
@given(
    form=st.sampled_from(ARRAY_FORMATS),
    steps=st.integers(1, 30),
    width=st.integers(2, 5),
    dtype=st.sampled_from(["float32", "float64", "int16", "uint8", ">f4"]),
    order=st.sampled_from("CF"),
    time_last=st.booleans(),
    extra=st.integers(0, 2),
    block=st.integers(1, 7),
)
def test_an_array_is_the_same_from_every_format(
    form, steps, width, dtype, order, time_last, extra, block
):
    array = np.arange(steps * width).reshape(steps, width) % 250
    stored = np.asarray(array.T if time_last else array, dtype)
    stored = np.asarray(stored.reshape(stored.shape + (1,) * extra), order=order)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "BLOCK_STEPS", block)
        table = opened(Path(folder), form, stored, time_last=time_last)
        assert table.shape == (steps, width)
        assert table.columns == [str(number) for number in range(width)]
        np.testing.assert_array_equal(read(table)[0], array)


@quick
@given(
    form=st.sampled_from(ARRAY_FORMATS),
    steps=st.integers(2, 20),
    block=st.integers(1, 7),
    column=st.integers(0, 2),
)
def test_the_time_column_is_the_time_and_no_feature(form, steps, block, column):
    array = np.random.default_rng(0).normal(size=(steps, 3))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "BLOCK_STEPS", block)
        table = opened(Path(folder), form, array, time_column=str(column))
        left = [number for number in range(3) if number != column]
        assert table.columns == list(map(str, left))
        features, times = read(table)
        np.testing.assert_array_equal(features, array[:, left])
        np.testing.assert_array_equal(times, array[:, column])


@pytest.mark.parametrize("form", ["npz", "npz packed", "mat", "mat 7.3", "h5"])
@pytest.mark.parametrize("shape", [(-1,), (1, -1), (-1, 1)])
def test_times_may_be_an_array_of_their_own(tmp_path, form, shape, monkeypatch):
    monkeypatch.setattr(base, "BLOCK_STEPS", 4)
    times = np.arange(10) * 7
    table = opened(
        tmp_path, form, np.zeros((10, 2)), others={"t": times.reshape(shape)}, time_column="t"
    )
    assert table.columns == ["0", "1"]
    np.testing.assert_array_equal(read(table)[1], times)


@pytest.mark.parametrize("form", [*ARRAY_FORMATS[:3], "h5"])
def test_one_axis_is_one_feature(tmp_path, form):
    table = opened(tmp_path, form, np.arange(5.0))
    assert table.shape == (5, 1)
    assert read(table)[0].tolist() == [[0], [1], [2], [3], [4]]


def test_a_batch_of_one_is_its_only_part(tmp_path):
    array = np.arange(6.0).reshape(1, 3, 2)
    np.testing.assert_array_equal(read(opened(tmp_path, "npy", array))[0], array[0])


def test_a_first_axis_that_goes_is_said_and_crops_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert opened(tmp_path, "npy", np.zeros((1, 10, 64))).shape == (10, 64)
    assert "is [1, 10, 64]: its first axis is left out" in capsys.readouterr().err
    with pytest.raises(InputError, match="average crops first"):
        opened(tmp_path, "npy", np.zeros((30, 10, 64)))


def test_one_step_with_empty_axes_is_one_step(tmp_path):
    assert opened(tmp_path, "npy", np.zeros((1, 7, 1, 1))).shape == (1, 7)


@pytest.mark.parametrize("form", ["npz", "mat", "mat 7.3", "h5"])
def test_the_only_array_with_two_axes_needs_no_name(tmp_path, form):
    others = {"y": np.arange(9.0), "z": np.float64(3)}
    path = write(tmp_path, form, np.ones((9, 2)), **others)
    table = open_table(path, kind_of(form), select())
    assert table.where == f"{path}: x"
    timed = open_table(path, kind_of(form), select(time_column="y"))
    np.testing.assert_array_equal(read(timed)[1], np.arange(9))


@pytest.mark.parametrize("form", ["npz", "mat", "mat 7.3", "h5"])
def test_of_several_arrays_one_must_be_named_and_all_are_listed(tmp_path, form):
    path = write(tmp_path, form, np.ones((9, 2)), y=np.ones((9, 4)))
    with pytest.raises(InputError, match=r"--dataset.*x \(float64 \[9, 2\]\).*y \(float64 \[9, 4"):
        open_table(path, kind_of(form), select())
    with pytest.raises(OptionError, match=r"no array 'w'; it holds x \("):
        open_table(path, kind_of(form), select(dataset="w"))
    with pytest.raises(OptionError, match=r"no array 'w' for --time-column; it holds x \("):
        open_table(path, kind_of(form), select(dataset="y", time_column="w"))
    assert open_table(path, kind_of(form), select(dataset="y")).shape == (9, 4)


@pytest.mark.parametrize("form", ["npz", "mat", "mat 7.3", "h5"])
def test_times_of_another_length_are_refused_with_both(tmp_path, form):
    with pytest.raises(InputError, match=r"a\.\w+: t has 8 steps, .* has 9"):
        opened(tmp_path, form, np.ones((9, 2)), others={"t": np.arange(8.0)}, time_column="t")
    with pytest.raises(InputError, match=r"t is float64 \[9, 2\]; expected a time for each step"):
        opened(tmp_path, form, np.ones((9, 2)), others={"t": np.ones((9, 2))}, time_column="t")


@pytest.mark.parametrize(
    ("pattern", "names", "parts"),
    [
        ("video_*/features", ["video_1/features", "video_2/features"], ["video_1", "video_2"]),
        ("/video_?/features", ["video_1/features", "video_2/features"], ["video_1", "video_2"]),
        ("features/*", ["features/monday", "features/a/b"], ["monday", "a/b"]),
        ("*", ["x", "y/z"], ["x", "y/z"]),
        ("*/[xy]", ["one/x", "two/y"], ["one/x", "two/y"]),
        ("a/*/b/*/c", ["a/1/b/2/c"], ["1/b/2"]),
    ],
)
def test_a_pattern_makes_a_sequence_of_each_array_it_means(tmp_path, pattern, names, parts):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for number, name in enumerate(names):
            file[name] = np.full((4, 2), number)
        file["other/text"] = "no numbers"
        file["other/scalar"] = 3.0
    found = parts_of(path, "h5", select(dataset=pattern.strip("/")))
    assert sorted(found.items()) == sorted(zip(parts, names, strict=True))
    for number, name in enumerate(names):
        table = open_table(path, "h5", select(dataset=pattern), name)
        assert read(table)[0].tolist() == [[number, number]] * 4


def test_times_are_looked_for_beside_the_features_first(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["one/x"] = file["two/x"] = np.zeros((3, 2))
        file["one/t"] = [1.0, 2, 3]
        file["t"] = [7.0, 8, 9]
    for name, times in (("one/x", [1, 2, 3]), ("two/x", [7, 8, 9])):
        table = open_table(path, "h5", select(dataset="*/x", time_column="t"), name)
        assert read(table)[1].tolist() == times


def test_a_pattern_that_means_nothing_lists_what_there_is(tmp_path):
    path = write(tmp_path, "h5", np.zeros((2, 2)))
    with pytest.raises(OptionError, match=r"no array 'video_\*'; it holds x \(float64 \[2, 2\]\)"):
        parts_of(path, "h5", select(dataset="video_*"))


@pytest.fixture
def secret(tmp_path) -> Path:
    """Another file, which nothing in an imported file may lead to."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones((3, 2))
    (tmp_path / "secret.raw").write_bytes(bytes(48))
    return path


def link_out(file: h5py.File, secret: Path) -> None:
    file["x"] = h5py.ExternalLink(secret, "x")


def link_inside(file: h5py.File, secret: Path) -> None:
    file["group/y"] = h5py.ExternalLink(secret, "x")
    file["x"] = h5py.SoftLink("/group/y")


def virtual(file: h5py.File, secret: Path) -> None:
    layout = h5py.VirtualLayout((3, 2), "f8")
    layout[:] = h5py.VirtualSource(secret, "x", (3, 2))
    file.create_virtual_dataset("x", layout)


def stored_outside(file: h5py.File, secret: Path) -> None:
    raw = secret.with_suffix(".raw")
    file.create_dataset("x", (3, 2), "f8", external=[(str(raw), 0, 48)])


@pytest.mark.parametrize(
    ("lead", "message"),
    [
        (link_out, "is a link, which is not followed"),
        (link_inside, "is a link, which is not followed"),
        (virtual, "is a virtual dataset"),
        (stored_outside, "is stored outside of the file"),
    ],
)
@pytest.mark.parametrize("suffix", ["h5", "mat"])
def test_hdf5_never_leads_to_another_file(tmp_path, secret, lead, message, suffix):
    path = tmp_path / f"a.{suffix}"
    with h5py.File(path, "w") as file:
        lead(file, secret)
    for pattern in ("x", "x*"):
        for name in parts_of(path, suffix, select(dataset=pattern)).values():
            with pytest.raises(InputError, match=message):
                open_table(path, suffix, select(dataset=pattern), name)
    with pytest.raises(InputError, match=f"cannot tell which array|{message}"):
        open_table(path, suffix, select())


def test_a_folder_that_is_a_link_is_not_looked_into(tmp_path, secret):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["outside"] = h5py.ExternalLink(secret, "/")
        file["back"] = file["/"]
    with pytest.raises(InputError, match=r"it holds outside \(a link"):
        open_table(path, "h5", select(dataset="outside/x"))


def test_a_dataset_that_is_hardly_there_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**12, 2), chunks=(64, 2))
    with pytest.raises(InputError, match=r"said to be \[1000000000000, 2\]"):
        open_table(path, "h5", select(dataset="x"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("text", "x is a MATLAB char"),
        (np.array([[1, "a"]], object), "x is a MATLAB cell"),
        ({"field": 1.0}, "x is a MATLAB struct"),
        (np.array([[True]]), "x is a MATLAB logical"),
        (scipy.sparse.eye(3).tocsc(), "x is a MATLAB sparse"),
        (np.ones((3, 2)) * 1j, "x is a MATLAB array of complex numbers"),
    ],
)
def test_what_is_no_array_in_a_mat_file_is_refused(tmp_path, values, message):
    scipy.io.savemat(tmp_path / "a.mat", {"x": values})
    with pytest.raises(InputError, match=message):
        open_table(tmp_path / "a.mat", "mat", select(dataset="x"))


CLASS_BYTE = 144  # of the first variable, after 128 bytes of header and two tags
OBJECT, FUNCTION, OPAQUE = 3, 16, 17
SHAPE_BYTE, TYPE_BYTE = 160, 176  # of the first variable's shape, and of the type of its numbers


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (SHAPE_BYTE, 21, r"variable x has 480 bytes for the shape \[21, 3\]"),
        (SHAPE_BYTE + 3, 0xFF, "variable x is damaged"),
        (TYPE_BYTE, 0xE3, "variable x is damaged"),
        (TYPE_BYTE + 1, 0xE3, "variable x is damaged"),
        (TYPE_BYTE, 7, r"variable x has 480 bytes for the shape"),
        (CLASS_BYTE, 99, "x is a MATLAB variable of an unknown class"),
        (128, 99, "element of the unknown kind 99"),
        (133, 99, "ends before its last variable"),
        (127, 0, "not of version 5 or 7.3; write it again with save -v7"),
    ],
)
def test_a_mat_file_that_contradicts_itself_is_refused(tmp_path, at, value, message):
    saved = io.BytesIO()
    scipy.io.savemat(saved, {"x": np.random.default_rng(0).normal(size=(20, 3))})
    content = bytearray(saved.getvalue())
    content[at] = value
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_table(tmp_path / "a.mat", "mat", select(dataset="x"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "int32", "uint64"])
def test_a_mat_file_is_read_as_scipy_reads_it(tmp_path, packed, dtype):
    path = tmp_path / "a.mat"
    named = {"x": np.arange(12).reshape(4, 3).astype(dtype), "a_rather_long_name": np.zeros(2)}
    scipy.io.savemat(path, {"text": "abc", **named, "cell": [[1]]}, do_compression=packed)
    features, _ = read(open_table(path, "mat", select(dataset="x")))
    np.testing.assert_array_equal(features, scipy.io.loadmat(path)["x"])
    assert open_table(path, "mat", select(dataset="a_*"), "a_rather_long_name").shape == (1, 2)


def test_compressed_numbers_with_a_wrong_checksum_are_refused(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.ones((20, 3))}, do_compression=True)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read: .*incorrect data check"):
        read(open_table(path, "mat", select()))


def test_more_columns_than_features_ever_have_are_refused(tmp_path):
    path = write(tmp_path, "npy", np.zeros((1, 1_000_001), "uint8"))
    with pytest.raises(InputError, match=r"1000001 numbers in a step.*--time-axis"):
        open_table(path, "npy", select())
    assert open_table(path, "npy", select(time_last=True)).shape == (1_000_001, 1)


@pytest.mark.parametrize(
    ("kind", "message"),
    [(OBJECT, "MATLAB object"), (FUNCTION, "MATLAB function handle"), (OPAQUE, "MATLAB object")],
)
def test_objects_and_function_handles_in_a_mat_file_are_refused(tmp_path, kind, message):
    saved = io.BytesIO()
    scipy.io.savemat(saved, {"x": {"field": 1.0}})
    content = bytearray(saved.getvalue())
    content[CLASS_BYTE] = kind
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_table(tmp_path / "a.mat", "mat", select(dataset="x"))


@pytest.mark.parametrize("kind", ["char", "logical", "cell", "function_handle"])
def test_what_is_no_array_in_a_mat_file_of_version_7_3_is_refused(tmp_path, kind):
    path = write(tmp_path, "mat 7.3", np.zeros((3, 2)))
    with h5py.File(path, "a") as file:
        file["x"].attrs["MATLAB_class"] = np.bytes_(kind)
    with pytest.raises(InputError, match=f"x is a MATLAB {kind}, not an array"):
        open_table(path, "mat", select(dataset="x"))


def test_an_empty_array_of_matlab_is_refused(tmp_path):
    path = write(tmp_path, "mat 7.3", np.zeros((2, 2)))
    with h5py.File(path, "a") as file:
        file["x"].attrs["MATLAB_empty"] = 1
    with pytest.raises(InputError, match="x is empty"):
        open_table(path, "mat", select(dataset="x"))


@pytest.mark.parametrize("form", ["npz", "npz packed", "mat", "mat 7.3", "h5"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_a_damaged_file_is_refused_or_read_but_never_crashes(form, data):
    array = np.random.default_rng(0).normal(size=(20, 3))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), form, array)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(0, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        try:
            read(open_table(path, kind_of(form), select(dataset="x")))
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017 it may as well be readable


@pytest.mark.parametrize("form", ["npz", "npz packed"])
def test_pickled_arrays_in_an_archive_are_refused(tmp_path, form):
    path = write(tmp_path, form, np.array([[1, None]], object))
    with pytest.raises(InputError, match=r"x is not a \.npy array: it holds Python objects"):
        open_table(path, "npz", select(dataset="x"))


def test_an_archive_that_says_more_than_it_holds_is_refused(tmp_path):
    array = io.BytesIO()
    np.save(array, np.zeros((4, 2)))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", array.getvalue()[:-8])
    with pytest.raises(InputError, match="it ends before"):
        open_table(tmp_path / "a.npz", "npz", select())


@pytest.mark.parametrize("name", ["a.npz", "a.mat", "a.h5"])
@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"PK\3\4", b"\x89HDF\r\n\x1a\n"])
def test_another_kind_of_file_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        open_table(tmp_path / name, name[2:], select())


def test_a_file_of_one_array_has_no_names_to_choose_from(tmp_path):
    path = write(tmp_path, "npy", np.zeros((2, 2)))
    with pytest.raises(OptionError, match="--dataset"):
        open_table(path, "npy", select(dataset="x"))
    (tmp_path / "a.csv").write_text("x\n1\n")
    for selection in (select(dataset="x"), select(time_last=True)):
        with pytest.raises(OptionError, match="a table, a line a step"):
            open_table(tmp_path / "a.csv", "csv", selection)


@pytest.mark.parametrize("form", ["npz packed", "mat packed"])
@pytest.mark.parametrize("time_last", [False, True])
def test_what_is_unpacked_whole_takes_no_memory_to_speak_of(tmp_path, form, time_last):
    array = np.zeros((400, 6_000))
    path = tmp_path / f"a.{form.split()[0]}"
    if form == "npz packed":
        np.savez_compressed(path, x=array)
    else:
        scipy.io.savemat(path, {"x": array}, do_compression=True)
    tracemalloc.start()
    rows = sum(len(block.features) for block in open_blocks(path, form, time_last))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == array.shape[int(time_last)]
    assert peak < array.nbytes / 2


def open_blocks(path, form, time_last):
    return open_table(path, form.split()[0], select(time_last=time_last)).blocks


def test_blocks_that_were_never_written_are_no_zeros(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("x", (20, 3), chunks=(4, 3))
        data[:8] = 1.0
    with pytest.raises(InputError, match=r"x is said to be .* 3 of its 5 storage blocks were"):
        open_table(tmp_path / "a.h5", "h5", select())


def test_a_header_is_no_longer_than_its_file(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + (2**32 - 1).to_bytes(4, "little") + b"{")
    tracemalloc.start()
    with pytest.raises(InputError, match=r"is not a \.npy array"):
        open_table(path, "npy", select())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22


def test_a_member_that_is_said_to_be_longer_than_it_can_be_is_refused(tmp_path):
    path = write(tmp_path, "npz packed", np.zeros((3, 2)))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InputError, match="said to be 2147483648 bytes"):
        open_table(path, "npz", select(dataset="x"))
