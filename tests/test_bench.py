"""What the benchmarks stand on."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from trainer.config import TrainConfig
from trainer.training.data import load_data

BENCH = Path(__file__).parent.parent / "scripts" / "bench"


@pytest.fixture
def bench(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in (
        "film",
        "lanes_sides",
        "measure",
        "noise",
        "quality_commands",
        "quality_making",
        "quality_rows",
        "quality_tables",
        "scale_model",
        "tables",
        "train",
        "train_plot",
    ):
        sys.modules.pop(name, None)


@pytest.mark.slow
def test_the_film_goes_on_without_a_gap_where_its_packets_repeat(bench, monkeypatch, tmp_path):
    import film

    monkeypatch.setattr(film, "DRAWN_SECONDS", 1)
    path = film.make(tmp_path / "film.mp4", 3)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [frame.time for frame in container.decode(stream)]
        assert (stream.height, stream.width) == film.SIZE
        assert stream.codec_context.has_b_frames
    assert times == pytest.approx(np.arange(3 * film.FPS) / film.FPS)
    assert 3e6 < 8 * path.stat().st_size / 3 < 6e6
    assert [found.name for found in tmp_path.iterdir()] == ["film.mp4"]


def test_a_side_is_timed_with_all_the_processors_that_it_uses(bench):
    import measure

    facts = measure.run([sys.executable, "-c", "sum(range(3_000_000)); print('{\"samples\": 3}')"])
    assert facts["samples"] == 3
    assert 0 < facts["cpu"] <= facts["wall"] + 0.1
    with pytest.raises(RuntimeError, match="no such thing"):
        measure.run([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_sides_take_turns_and_medians_are_reported(bench, tmp_path):
    import measure

    log = tmp_path / "log"
    code = (
        "import sys, pathlib; log = pathlib.Path(sys.argv[1]); "
        "said = (log.read_text() if log.exists() else '') + sys.argv[2]; log.write_text(said); "
        'print(\'{"wall": %d, "who": "%s"}\' % (len(said), sys.argv[2]))'
    )
    sides = {name: [sys.executable, "-c", code, log, name] for name in "ab"}
    found = measure.in_turn(sides, rounds=3)
    assert log.read_text() == "ababab"
    assert (found["a"]["wall"], found["b"]["wall"]) == (3, 4)
    assert found["a"]["who"] == "a"


def test_a_store_of_noise_can_be_trained_on_and_lanes_of_all_sides_see_each_step_once(
    bench, tmp_path
):
    import lanes_sides
    import noise

    lengths = [300, 70, 1, 150]
    noise.make(tmp_path, lengths, 3)
    config = TrainConfig(
        tmp_path / "store",
        tmp_path / "labels.csv",
        tmp_path / "run",
        splits=tmp_path / "splits.json",
    )
    data = load_data(config)
    assert data.train.lengths == lengths
    assert data.facts.classes == tuple(f"c{number}" for number in range(noise.CLASSES))
    for side in ("dealt", "one queue", "padded groups"):
        plan = list(lanes_sides.plan_of(side, lengths, "x"))
        chunks = [chunk for lineup in plan for chunk in lineup.chunks if chunk]
        seen = sorted((c.sequence, step) for c in chunks for step in range(c.start, c.stop))
        assert seen == [(number, step) for number, n in enumerate(lengths) for step in range(n)]


def test_the_products_of_a_step_are_counted_and_compared(bench):
    import train

    # Inputs 3, units 2, 8 gates: there 3 x 8 and 2 x 8, back twice 2 x 8 and once 3 x 8.
    assert train.operations(3, 2) == 2 * (24 + 16 + 2 * 16 + 24)
    facts = {
        "longtake": {"frames_per_second": 30.0, "waiting": 0.01, "start": 5.0},
        "pytorch": {"frames_per_second": 20.0, "start": 2.0},
        "products": {"operations_per_second": 30 * train.operations(3, 2) / 0.5},
    }
    assert train.rows({"1, 1, 3, 2": facts}) == [
        ["1, 1, 3, 2", "longtake", 30.0, 1.0, "50 %", "1.0 %", 5.0],
        ["", "pytorch", 20.0, 1.5, "33 %", None, 2.0],
    ]


def test_a_year_of_videos_has_its_hours_and_no_more_lanes_than_the_longest_allows(bench):
    import scale_model

    steps = scale_model.lengths(1_000, 1.0)
    assert sum(steps) == 1_000 * 3600 * scale_model.FPS
    assert steps == scale_model.lengths(1_000, 1.0)
    assert np.median(steps) / 3600 / scale_model.FPS == pytest.approx(1, rel=0.1)
    lanes = scale_model.widest(steps)
    assert sum(steps) / lanes >= max(steps) > sum(steps) / (lanes + 1)


def test_a_ring_takes_what_was_measured_of_two_and_at_most_twice_the_bytes(bench):
    import scale_model

    network = scale_model.Network.of_two(6e6, 0.010, 0.002)
    assert network.seconds(1, 6e6) == 0
    assert network.seconds(2, 6e6) == pytest.approx(0.010)
    assert network.seconds(1_000, 6e6) == pytest.approx(0.016 + 1_998 * 0.001, rel=1e-3)


def test_an_epoch_stops_getting_shorter_once_reading_takes_longer_than_computing(bench):
    import scale_model

    network = scale_model.Network(1e9, 0.0)
    replica = scale_model.Replica(8, 0.020, 0.024, {8: 0.001, 64: 0.008, 128: 0.040})
    one, two, *_, eight, many, more = (
        scale_model.Epoch.of(replica, count, network, 6e6, 1_000_000 // count)
        for count in (1, 2, 4, 8, 16, 32)
    )
    assert one.step == one.computing == 0.020
    assert two.step == pytest.approx(0.030)
    assert eight.step == eight.computing > eight.reading == pytest.approx(0.008)
    assert many.step == many.reading == pytest.approx(0.040)
    assert more.step == pytest.approx(0.040 + 128 * 0.0005)
    assert eight.seconds < two.seconds < one.seconds < 2 * two.seconds
    assert more.seconds > many.seconds


def test_the_tables_of_the_page_are_those_of_the_results_that_are_kept(bench):
    import tables

    page, kept = tables.PAGE.read_text("utf-8"), tables.results()
    assert tables.filled_in(page, kept) == page
    shown = {(benchmark, name) for benchmark, name, _ in tables.PLACE.findall(page)}
    assert shown == {(name, one) for name, found in kept.items() for one in found["tables"]}


def test_results_are_kept_for_their_version_and_the_newest_are_shown(bench, monkeypatch, tmp_path):
    import measure
    import tables

    monkeypatch.setattr(tables, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(measure, "BUILD", tmp_path)
    for version, seconds in (("0.9.0", 1.5), ("0.10.0", 2.5)):
        monkeypatch.setattr(tables, "version", lambda version=version: version)
        made = {"all": (("side", "s"), [["a", seconds], ["b", None]])}
        kept = tables.take(measure.write("speed.json", {"machine": {"cores": 2}, "more": 1}, made))
        assert kept.name == f"{version}.json"
    (found,) = tables.results().values()
    assert set(found) == set(tables.KEYS)
    page = "# Speed\n\n<!-- speed: all -->\n\n    old\n    figures\n\nText.\n"
    wanted = (
        "<!-- speed: all -->\n\n    side     s\n    ----------\n    a     2.50\n    b\n\nText.\n"
    )
    assert tables.filled_in(page, tables.results()) == f"# Speed\n\n{wanted}"


def test_members_of_a_row_are_made_before_it_and_each_row_is_shown(bench):
    from quality_rows import ROWS, SHOWN

    names = [row.name for row in ROWS]
    assert sorted(names) == sorted(SHOWN)
    for place, row in enumerate(ROWS):
        assert set(row.members) <= set(names[:place])


def test_what_a_decoder_waits_comes_on_top_of_what_the_answer_is_late(bench):
    from quality_making import FIGURES
    from quality_tables import answers, tables

    def result(row: str, seed: int, share: float) -> dict:
        figures = dict.fromkeys(FIGURES, share)
        every = dict.fromkeys(("raw", "0", "2", "offline"), figures)
        return {"row": row, "seed": str(seed), "figures": every}

    some = [result("now, horizon -10", 0, 0.5), result("now, horizon -10", 1, 0.7)]
    found = answers([*some, result("now, backward", 0, 0.9)])
    assert [(one.row.name, one.decoding, one.late) for one in found] == [
        ("now, horizon -10", "raw", 2.0),
        ("now, horizon -10", "0", 2.0),
        ("now, horizon -10", "2", 4.0),
        ("now, horizon -10", "offline", None),
        ("now, backward", "raw", None),
        ("now, backward", "offline", None),
    ]
    made = tables(found)
    assert made["answers"][1][0] == ["now, horizon -10", "2", *["60.0"] * 5, 2]
    assert made["spread"][1][0] == ["now, horizon -10", *["50.0 - 70.0"] * 5]
    assert len(made["spread"][1]) == 4
