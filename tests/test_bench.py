"""What the benchmarks stand on."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest

BENCH = Path(__file__).parent.parent / "scripts" / "bench"


@pytest.fixture
def bench(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in ("film", "measure"):
        sys.modules.pop(name, None)


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
