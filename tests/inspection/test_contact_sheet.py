import itertools
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.files.fingerprint import fingerprint
from preprocessing.inspection import command as inspection
from preprocessing.inspection import contact_sheet
from preprocessing.inspection.command import run
from preprocessing.inspection.contact_sheet import boxes, page_path, tick_times
from preprocessing.inspection.options import InspectConfig
from preprocessing.inspection.sheet_entry import PICTURES, Entry, read_entry, shown_time, spread
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text

quick = settings(deadline=None, max_examples=100)
SCENES = {"red": (220, 40, 40), "green": (30, 160, 60), "blue": (40, 60, 200)}
SCENE_SECONDS, FPS = 8, 4


def write_scenes(path: Path) -> None:
    """Writes a video of three colours, eight seconds each."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (64, 48))
    for colour in SCENES.values():
        for _ in range(SCENE_SECONDS * FPS):
            writer.write(np.full((48, 64, 3), colour[::-1], np.uint8))
    writer.release()


def store_video(root: Path, sequence_id: str, video: Path) -> None:
    """Stores features of its scenes, with noise, for a video of ``write_scenes``."""
    generator = np.random.default_rng(0)
    rows = np.repeat(generator.normal(size=(3, 32)), SCENE_SECONDS * FPS, axis=0)
    rows = 20 + rows + 0.2 * generator.normal(size=rows.shape)
    origin = Origin(str(video), fingerprint(video), str(FPS), "test", "0", settings_text())
    with SequenceWriter(sequence_path(root, sequence_id), 32, origin) as writer:
        writer.append(np.arange(len(rows)) / FPS, rows)


@pytest.fixture
def filmed(tmp_path: Path) -> Path:
    """A store of one sequence, ``scenes``, whose video is there."""
    write_scenes(tmp_path / "v.mp4")
    store_video(tmp_path / "store", "scenes", tmp_path / "v.mp4")
    return tmp_path / "store"


def draw(store: Path, *only: str, name: str = "sheet.png") -> np.ndarray:
    path = store.parent / name
    assert run(InspectConfig(store, sheet=path, only=only)) == 0
    return cv2.imread(str(path))[..., ::-1]


def test_pictures_of_three_scenes_stand_in_time_order_beside_three_bright_squares(filmed):
    sheet = draw(filmed)
    top = contact_sheet.HEADER + contact_sheet.TITLE
    height = contact_sheet.HEADER + contact_sheet.ENTRY
    assert sheet.shape == (height, contact_sheet.WIDTH, 3)

    for number, (x, y, width, high) in enumerate(boxes(PICTURES, 64 / 48)):
        left = contact_sheet.MARGIN + x
        inside = sheet[top + y + 2 : top + y + high - 2, left + 2 : left + width - 2]
        colour = list(SCENES.values())[number * 3 // PICTURES]
        assert np.abs(inside.astype(int) - colour).max() < 30

    side, bright = contact_sheet.SIDE, np.zeros((3, 3))
    for row, column in itertools.product(range(3), repeat=2):
        y, x = (round(side * (place + 0.3)) // 3 for place in (row, column))
        cell = sheet[top + y : top + y + side // 8, contact_sheet.MATRIX_LEFT + x :][:, : side // 8]
        bright[row, column] = cell[..., :2].mean()
    assert bright[np.eye(3) == 1].min() > bright[np.eye(3) == 0].max() + 40


def test_an_entry_tells_what_the_sheet_shows_of_a_sequence(filmed):
    entry = read_entry(FeatureStore(filmed), "scenes")
    assert (entry.begin, entry.end, entry.trouble) == (0, 24, "")
    assert entry.facts == "0:24 · 96 steps of 32 features · 4 a second · test"
    assert entry.times == tuple(2 / FPS + np.arange(24))
    assert [picture.shape for picture in entry.pictures] == [(240, 320, 3)] * 24
    assert entry.alike.shape == (96, 96)


def test_times_on_the_sheet_are_those_that_players_show(tmp_path):
    origin = Origin("x.csv", "", "2.0", "import-csv", "", settings_text())
    with SequenceWriter(tmp_path / "a.h5", 1, origin, start_time=1.5) as writer:
        writer.append(np.array([1.5, 2.0, 2.5]), np.array([[1.0], [2.0], [4.0]]))
    entry = read_entry(FeatureStore(tmp_path), "a")
    assert (entry.begin, entry.end, entry.times) == (0, 1.5, (0, 0.5, 1))


def test_damage_on_record_is_told(filmed, monkeypatch):
    store = FeatureStore(filmed)
    info = store.info("scenes")
    object.__setattr__(info, "damage", "3 frames of 96 lost")
    monkeypatch.setattr(store, "info", lambda _: info)
    assert read_entry(store, "scenes").facts.endswith("test · damaged: 3 frames of 96 lost")


def remove(video: Path) -> None:
    video.unlink()


def change(video: Path) -> None:
    video.write_bytes(video.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("spoil", "reason"), [(remove, "not at its place any more"), (change, "has changed since")]
)
def test_without_its_video_a_sequence_has_a_matrix_and_a_reason(filmed, spoil, reason):
    whole = draw(filmed)
    spoil(filmed.parent / "v.mp4")
    entry = read_entry(FeatureStore(filmed), "scenes")
    assert reason in entry.trouble
    assert entry.pictures == ()
    sheet = draw(filmed)
    top, left = contact_sheet.HEADER + contact_sheet.TITLE, contact_sheet.MATRIX_LEFT
    side = contact_sheet.SIDE
    matrix = np.s_[top + 2 : top + side - 2, left + 2 : left + side - 2]
    assert (sheet[matrix] == whole[matrix]).all()
    assert (sheet[top + side // 2 :, : contact_sheet.STRIP_WIDTH] == 255).all()


def test_a_video_that_does_not_decode_does_not_end_the_sheet(filmed):
    video = filmed.parent / "v.mp4"
    video.write_bytes(b"\0" * 5000)
    store_video(filmed, "broken", video)
    assert "cannot be opened" in read_entry(FeatureStore(filmed), "broken").trouble
    assert draw(filmed).shape[0] == contact_sheet.HEADER + 2 * contact_sheet.ENTRY


def test_a_feature_file_that_is_none_does_not_end_the_sheet(tmp_path):
    write_sequence(tmp_path / "store", "a", np.eye(4))
    (tmp_path / "store" / "b.h5").write_bytes(b"nothing")
    sheet = tmp_path / "sheet.png"
    assert run(InspectConfig(tmp_path / "store", sheet=sheet)) == 3
    assert "cannot be read" in read_entry(FeatureStore(tmp_path / "store"), "b").trouble
    height = contact_sheet.HEADER + 2 * contact_sheet.ENTRY
    assert cv2.imread(str(sheet)).shape[0] == height


@pytest.mark.parametrize(
    "sequence_id",
    ["$x_1$ \\frac{", "會議", "W" * 200, "a\nb\x1b[31m", "caf\udce9", "day 1/" * 30 + "x"],
    ids=["formula", "other script", "wide", "escape code", "no unicode", "long"],
)
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_whatever_an_id_holds_is_written_as_it_is(tmp_path, sequence_id, steps):
    entry = Entry(sequence_id, sequence_id, 0, steps, 1, (0.0,), alike=np.ones((steps, steps)))
    with matplotlib.rc_context({"text.usetex": True}):
        contact_sheet.draw_page([entry], sequence_id, tmp_path / "sheet.png")
    margin = cv2.imread(str(tmp_path / "sheet.png"))[:, -contact_sheet.MARGIN + 4 :]
    assert (margin == 255).all()
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_more_sequences_than_a_page_holds_go_to_further_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(contact_sheet, "ENTRIES_PER_PAGE", 2)
    for number in range(5):
        write_sequence(tmp_path / "store", f"s{number}", np.eye(3))
    draw(tmp_path / "store")
    names = ["sheet.png", "sheet-2.png", "sheet-3.png"]
    assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in names]
    heights = [cv2.imread(str(tmp_path / name)).shape[0] for name in names]
    rows = [(height - contact_sheet.HEADER) / contact_sheet.ENTRY for height in heights]
    assert rows == [2, 2, 1]


def test_of_many_sequences_some_are_drawn_and_a_note_says_how_to_see_others(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(inspection, "MOST_DRAWN", 2)
    for number in range(4):
        write_sequence(tmp_path / "store", f"s{number}", np.eye(3))
    drawn = []
    real = contact_sheet.read_entry
    monkeypatch.setattr(
        contact_sheet, "read_entry", lambda store, name: drawn.append(name) or real(store, name)
    )
    draw(tmp_path / "store")
    assert drawn == ["s1", "s3"]
    assert "2 of 4 sequences" in (said := capsys.readouterr().err)
    assert "--only" in said
    draw(tmp_path / "store", "s2", "s0", "s1")
    assert drawn[2:] == ["s2", "s0", "s1"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sheet": "sheet.jpg"}, r"--sheet .*sheet\.jpg: expected .* such as sheet\.png"),
        ({"sheet": "folder.png"}, r"--sheet .*folder\.png: expected"),
        ({"sheet": "s.png", "json": True}, "--json and --sheet do not go together"),
        ({"sheet": "s.png", "only": ("b",)}, "--only b: there is no such sequence"),
        ({"sheet": "s.png", "only": ("../a",)}, "no sequence id"),
    ],
)
def test_a_sheet_that_cannot_be_drawn_is_refused(tmp_path, options, message):
    write_sequence(tmp_path / "store", "a", np.eye(3))
    (tmp_path / "folder.png").mkdir()
    options["sheet"] = tmp_path / options["sheet"]
    with pytest.raises(InputError, match=message):
        run(InspectConfig(tmp_path / "store", **options))


def test_an_empty_store_has_nothing_to_draw(tmp_path):
    with pytest.raises(InputError, match="no sequences in"):
        run(InspectConfig(tmp_path, sheet=tmp_path / "s.png"))


@quick
@given(count=st.integers(1, PICTURES), aspect=st.floats(0.02, 50))
def test_pictures_have_room_in_the_strip_for_themselves_and_what_stands_below(count, aspect):
    places = boxes(count, aspect)
    assert len(places) == count
    assert len({place[2:] for place in places}) == 1
    _, _, width, height = places[0]
    assert width / height == pytest.approx(aspect, rel=0.5 / min(width, height) + 0.02) or (
        1 in (width, height)
    )
    for x, y, width, height in places:
        assert 0 <= x <= contact_sheet.STRIP_WIDTH - width
        assert 0 <= y <= contact_sheet.SIDE - height - contact_sheet.CAPTION
    for (x, y, width, height), (u, v, _, _) in itertools.combinations(places, 2):
        assert u >= x + width or v >= y + height + contact_sheet.CAPTION


def test_three_rows_of_eight_are_the_grid_for_common_videos():
    lefts, tops = zip(*[place[:2] for place in boxes(24, 16 / 9)], strict=True)
    assert (len(set(lefts)), len(set(tops))) == (8, 3)


@quick
@given(begin=st.floats(-1e4, 1e6), span=st.floats(0.02, 1e6))
def test_ticks_are_round_and_few(begin, span):
    apart, ticks = tick_times(begin, begin + span)
    assert len(ticks) <= contact_sheet.MOST_TICKS + 1
    slack = 1e-6 + 2e-9 * apart  # A begin or an end that is almost round counts as round.
    assert all(begin - slack <= tick <= begin + span + slack for tick in ticks)
    assert all(abs(tick / apart - round(tick / apart)) < 1e-6 for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "end", "apart", "text"),
    [
        (0, 10, 1, "0:00"),
        (59.96, 100, 1, "0:59"),
        (61, 3599, 1, "1:01"),
        (61, 3600, 1, "0:01:01"),
        (36000, 36000, 1, "10:00:00"),
        (0.3, 2, 0.1, "0:00.3"),
        (59.96, 100, 0.5, "0:59.9"),
        (0.04, 2, 0.04, "0:00.04"),
        (-1.5, 2, 0.5, "-0:01.5"),
        (-0.2, 2, 1, "0:00"),
    ],
)
def test_times_read_as_players_write_them(seconds, end, apart, text):
    assert shown_time(seconds, end, apart) == text


@quick
@given(length=st.integers(1, 10_000), most=st.integers(1, 100))
def test_a_choice_is_spread_evenly(length, most):
    chosen = list(spread(length, most))
    assert len(chosen) == min(length, most)
    assert {0} <= {*np.diff(chosen) - length // len(chosen), 0} <= {0, 1}
    assert chosen[0] <= length // most
    assert chosen[-1] < length


def test_pages_are_numbered_from_the_second_on():
    names = [page_path(Path("a/out.v1.png"), number).as_posix() for number in (1, 2, 3)]
    assert names == ["a/out.v1.png", "a/out.v1-2.png", "a/out.v1-3.png"]
