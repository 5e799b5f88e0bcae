import csv
import errno
import os
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np
import pytest
from colour_videos import FPS, MeanColor, config, contents, film

from preprocessing import backbones
from preprocessing.backbones import Backbone
from preprocessing.errors import InputError
from preprocessing.extraction.command import extract, run
from preprocessing.extraction.one_video import Extracted, attempt
from preprocessing.files.inputs import Source
from preprocessing.files.lease import lease
from preprocessing.store import sequence_info
from preprocessing.store.feature_store import FeatureStore
from preprocessing.videos.reader import VideoReader


def outcomes(results: list[Extracted]) -> dict[str, str]:
    return {result.source.sequence_id: result.outcome for result in results}


def failures(store: Path) -> list[dict[str, str]]:
    with (store / "failures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_videos_in_nested_folders_become_sequences_with_their_path_as_id(videos, backbone):
    results = extract(config(videos))
    ids = ["a", "day.1/b", "day.1/cam/c.v2"]
    assert outcomes(results) == dict.fromkeys(ids, "extracted")
    assert [result.steps for result in results] == [5, 8, 3]
    assert FeatureStore(videos.parent / "store").ids() == ids


def test_a_sequence_says_where_it_comes_from_and_how_it_was_made(videos, backbone):
    extract(config(videos, fps=4.0))
    info = FeatureStore(videos.parent / "store").info("a")
    assert info.origin.source == str((videos / "a.mp4").resolve())
    assert info.origin.method[:3] == ("4.0", "mean-color", "0")
    assert info.frames_decoded == 5
    assert info.steps == 3
    assert info.dtype == "float16"


def test_steps_have_the_features_and_times_of_their_frames(videos, backbone):
    extract(config(videos))
    store = FeatureStore(videos.parent / "store")
    features = store.features("day.1/b", 0, 8)
    expected = 100 + 10 * np.arange(8.0)[:, None]
    np.testing.assert_allclose(features, np.broadcast_to(expected, (8, 3)), atol=5)
    assert store.timestamps("day.1/b") == pytest.approx(np.arange(8) / FPS)


def test_a_store_that_gets_sequences_of_another_making_says_so_at_once(videos, backbone, capsys):
    film(videos.parent / "more" / "x.mp4", 8)
    store = videos.parent / "store"
    assert run(config(videos)) == 0
    assert run(config(videos.parent / "more")) == 0
    assert "made differently" not in capsys.readouterr().err
    assert run(config(videos.parent / "more", fps=4.0, overwrite=True)) == 0
    assert (
        f"note: {store}: x and a were made differently (fps: 4.0 and native); extract all of them "
        "with the same settings\n" in capsys.readouterr().err
    )


@pytest.mark.parametrize("batch_size", [1, 3, 5, 32])
def test_batches_have_one_size_and_padding_does_not_reach_the_store(videos, backbone, batch_size):
    extract(config(videos / "a.mp4", store="whole", batch_size=5))
    backbone.batches.clear()
    extract(config(videos / "a.mp4", batch_size=batch_size))
    assert {batch.shape for batch in backbone.batches} == {(batch_size, 8, 12, 3)}
    assert contents(videos / "store") == contents(videos / "whole")
    assert len(contents(videos / "store")["a"]) == 5


def test_what_is_done_is_skipped(videos, backbone):
    extract(config(videos))
    before = {path: path.stat().st_mtime_ns for path in (videos.parent / "store").rglob("*.h5")}
    backbone.batches.clear()
    results = extract(config(videos))
    assert set(outcomes(results).values()) == {"skipped"}
    assert [result.steps for result in results] == [5, 8, 3]
    assert backbone.batches == []
    assert before == {
        path: path.stat().st_mtime_ns for path in (videos.parent / "store").rglob("*.h5")
    }


@pytest.mark.parametrize(
    "change", [{"fps": 4.0}, {"dtype": "float32"}], ids=lambda change: next(iter(change))
)
def test_other_settings_replace_nothing_unless_it_is_said_that_they_may(videos, backbone, change):
    extract(config(videos))
    before = contents(videos.parent / "store")
    (name, value), old = next(iter(change.items())), {"fps": "native", "dtype": "float16"}
    told = f"a.h5 was made with {name} {old[name]}, and is now asked for with {name} {value}: give "
    with pytest.raises(InputError, match=f"{told}another --store, or --overwrite"):
        extract(config(videos, **change))
    assert contents(videos.parent / "store") == before
    again = config(videos, overwrite=True, **change)
    assert set(outcomes(extract(again)).values()) == {"extracted"}
    assert set(outcomes(extract(again)).values()) == {"skipped"}


def test_other_weights_replace_nothing_unless_it_is_said_that_they_may(videos, backbone):
    extract(config(videos))
    backbone.digest = "1"
    backbones.load_backbone.cache_clear()
    with pytest.raises(InputError, match="made with weights 0, and is now asked for with weights"):
        extract(config(videos))
    assert set(outcomes(extract(config(videos, overwrite=True))).values()) == {"extracted"}


def test_other_settings_are_refused_before_anything_is_done(videos, backbone):
    broken = videos / "0.mp4"
    broken.write_text("no video")
    extract(config(videos))
    film(broken, 2)
    with pytest.raises(InputError, match="--overwrite"):
        extract(config(videos, fps=4.0))
    assert FeatureStore(videos.parent / "store").ids() == ["a", "day.1/b", "day.1/cam/c.v2"]
    assert [row["path"] for row in failures(videos.parent / "store")] == [str(broken)]


def test_a_process_with_other_settings_that_was_quicker_is_not_overruled(videos, backbone):
    fast, slow = config(videos / "a.mp4"), config(videos / "a.mp4", fps=4.0)
    extract(fast)
    with pytest.raises(InputError, match="--overwrite"):
        attempt(Source("a", videos / "a.mp4"), slow)
    assert FeatureStore(fast.store).ids() == ["a"]


def test_a_batch_size_changes_nothing_that_would_need_extraction(videos, backbone):
    extract(config(videos, batch_size=4))
    assert set(outcomes(extract(config(videos, batch_size=2))).values()) == {"skipped"}


def test_the_same_rate_written_differently_is_the_same_rate(videos, backbone):
    extract(config(videos, fps=4.0))
    assert set(outcomes(extract(config(videos, fps=4))).values()) == {"skipped"}


def test_a_video_with_other_content_is_extracted_again(videos, backbone):
    extract(config(videos))
    film(videos / "a.mp4", 5, brightness=150)
    results = extract(config(videos))
    assert outcomes(results) == {
        "a": "extracted",
        "day.1/b": "skipped",
        "day.1/cam/c.v2": "skipped",
    }
    assert contents(videos.parent / "store")["a"][0][0] == pytest.approx(150, abs=5)


def test_a_video_that_only_moved_is_skipped(videos, backbone):
    extract(config(videos))
    videos.rename(videos.with_name("moved"))
    results = extract(config(videos.with_name("moved")))
    assert set(outcomes(results).values()) == {"skipped"}


def test_a_stored_file_that_is_broken_is_made_again(videos, backbone):
    extract(config(videos))
    before = contents(videos.parent / "store")
    (videos.parent / "store" / "a.h5").write_bytes(b"broken")
    assert outcomes(extract(config(videos)))["a"] == "extracted"
    assert contents(videos.parent / "store") == before


def test_a_broken_video_is_a_line_in_failures_csv(videos, backbone, capsys):
    (videos / "broken.mp4").write_text("no video")
    assert run(config(videos)) == 3
    (row,) = failures(videos.parent / "store")
    assert (row["path"], row["kind"]) == (str(videos / "broken.mp4"), "unreadable")
    assert "broken.mp4 cannot be opened as a video" in row["message"]
    assert sorted(contents(videos.parent / "store")) == ["a", "day.1/b", "day.1/cam/c.v2"]
    said = capsys.readouterr()
    assert said.out.startswith("3 extracted, 0 already done, 1 failed: 16 steps")
    assert "broken.mp4" in said.err


def test_features_that_do_not_fit_are_a_line_in_failures_csv(videos, backbone, monkeypatch):
    bright = MeanColor.__call__
    monkeypatch.setattr(
        MeanColor, "__call__", lambda self, frames: bright(self, frames) * (1000, 1, 1)
    )
    results = extract(config(videos))
    assert outcomes(results)["day.1/b"] == "features"
    assert "float16" in failures(videos.parent / "store")[0]["message"]
    assert "day.1/b" not in contents(videos.parent / "store")


def test_failures_csv_vanishes_on_a_clean_later_run(videos, backbone):
    broken = videos / "broken.mp4"
    broken.write_text("no video")
    assert run(config(videos)) == 3
    film(broken, 2)
    assert run(config(videos)) == 0
    assert not (videos.parent / "store" / "failures.csv").exists()
    assert "broken" in contents(videos.parent / "store")


def test_failures_of_one_shard_outlive_the_run_of_another(videos, backbone):
    (videos / "a.mp4").write_text("no video")
    assert run(config(videos, shard="1/2")) == 3
    assert run(config(videos, shard="2/2")) == 0
    assert [row["path"] for row in failures(videos.parent / "store")] == [str(videos / "a.mp4")]


def test_two_inputs_with_one_id_are_refused_with_what_chooses_between_them(videos, backbone):
    film(videos / "a.avi", 2)
    told = r"a\.avi and .*a\.mp4 would both be sequence 'a': --prefer \.mp4 \(extract, "
    told += r"import\) takes the latter of such pairs"
    with pytest.raises(InputError, match=told):
        extract(config(videos))
    assert not (videos.parent / "store").exists()


@pytest.mark.parametrize(
    ("prefer", "steps"), [(".mp4", 5), ("mp4", 5), (".AVI", 2)], ids=lambda value: str(value)
)
def test_one_of_two_inputs_with_one_id_is_taken_if_it_is_said_which(
    videos, backbone, capsys, prefer, steps
):
    film(videos / "a.avi", 2)
    film(videos / "day.1" / "b.avi", 2)
    results = extract(config(videos, prefer=prefer))
    assert results[0].steps == steps
    assert "2 videos are left out" in capsys.readouterr().err
    assert set(outcomes(extract(config(videos, prefer=prefer))).values()) == {"skipped"}


def test_a_preference_that_does_not_choose_is_refused(videos, backbone, tmp_path):
    film(videos / "a.avi", 2)
    with pytest.raises(InputError, match="would both be sequence 'a'"):
        extract(config(videos, prefer=".mkv"))
    with pytest.raises(InputError, match=r"--prefer \.npy: expected one of .*\.mp4"):
        extract(config(videos, prefer=".npy"))
    film(tmp_path / "more" / "a.mp4", 2)
    with pytest.raises(InputError, match="'a': rename one"):
        extract(config(videos / "a.mp4", tmp_path / "more" / "a.mp4"))


@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[31m", os.fsdecode(b"caf\xe9"), "\x85"])
def test_a_name_that_cannot_be_written_down_stops_no_other(videos, backbone, capsys, name):
    film(videos / "day.1" / "b.mp4", 2).rename(videos / f"{name}.mp4")
    for _ in range(2):
        assert run(config(videos)) == 3
        said = capsys.readouterr()
        assert "1 failed" in said.out
        assert "has a name that cannot be read; rename it" in said.err
        (row,) = failures(videos.parent / "store")
        assert row["path"] == str(videos / f"{ascii(name)[1:-1]}.mp4")
    assert FeatureStore(videos.parent / "store").ids() == ["a", "day.1/cam/c.v2"]
    assert "\x1b" not in said.err
    (videos / f"{name}.mp4").rename(videos / "d.mp4")
    assert run(config(videos)) == 0


def test_a_store_that_is_read_only_and_has_all_is_enough(videos, backbone, monkeypatch, capsys):
    extract(config(videos))
    opened = os.open

    def read_only(path, flags, *arguments, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(videos.parent) in str(path):
            raise OSError(30, "Read-only file system", str(path))
        return opened(path, flags, *arguments, **options)

    monkeypatch.setattr("os.open", read_only)
    assert run(config(videos)) == 0
    assert "0 extracted, 3 already done, 0 failed" in capsys.readouterr().out
    film(videos / "a.mp4", 2)
    with pytest.raises(InputError, match="cannot be written: Read-only file system"):
        run(config(videos))


def replace(path: Path) -> None:
    film(path.with_name(".new.mp4"), 5, brightness=150).replace(path)


def write_over(path: Path) -> None:
    content = film(path.with_name(".new.mp4"), 5, brightness=150).read_bytes()
    with path.open("rb+") as file:
        file.write(content)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def remove(path: Path) -> None:
    path.unlink()


def swap_and_back(path: Path) -> None:
    path.rename(path.with_name("kept"))
    film(path, 5, brightness=150)
    path.unlink()
    path.with_name("kept").rename(path)


@pytest.mark.parametrize("change", [replace, write_over, append, remove, swap_and_back])
@pytest.mark.parametrize("before", [False, True], ids=["new", "known"])
def test_a_video_that_changes_while_it_is_read_is_not_stored(
    videos, backbone, monkeypatch, change, before
):
    path = videos / "a.mp4"
    if before:
        extract(config(path))
    film(path, 9)

    class Changing(VideoReader):
        def __iter__(self):
            yield from super().__iter__()
            change(path)

    monkeypatch.setattr("preprocessing.extraction.one_video.VideoReader", Changing)
    (result,) = extract(config(path))
    assert result.outcome == "changed"
    assert "was replaced or written to while it was read" in result.message
    assert FeatureStore(videos / "store").ids() == []
    assert [row["kind"] for row in failures(videos / "store")] == ["changed"]


def test_a_video_that_changes_before_it_is_opened_is_stored_as_what_it_was_then(
    videos, backbone, monkeypatch
):
    path = videos / "a.mp4"

    class Late(VideoReader):
        def __init__(self, path, *arguments):
            replace(path)
            super().__init__(path, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr("preprocessing.extraction.one_video.VideoReader", Late)
        assert [result.outcome for result in extract(config(path))] == ["changed"]
    assert [result.outcome for result in extract(config(path))] == ["extracted"]
    assert contents(videos / "store")["a"][0][0] == pytest.approx(150, abs=5)


def test_one_video_given_twice_is_one_sequence(videos, backbone):
    assert len(extract(config(videos, videos / "a.mp4"))) == 3


def test_shards_together_make_the_store_that_one_run_makes(videos, backbone):
    extract(config(videos, store="whole"))
    first = outcomes(extract(config(videos, shard="1/2")))
    second = outcomes(extract(config(videos, shard="2/2")))
    assert not set(first) & set(second)
    assert first
    assert second
    assert contents(videos.parent / "store") == contents(videos.parent / "whole")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "-1/2", "a/b", "1/2/3", ""])
def test_a_shard_that_is_none_is_refused(videos, backbone, shard):
    with pytest.raises(InputError, match="expected I/N"):
        extract(config(videos, shard=shard))


def test_a_run_that_dies_leaves_no_half_written_file_and_goes_on_later(
    videos, backbone, monkeypatch
):
    def die_within_the_second_video(self, frames):
        self.batches.append(frames)
        if len(self.batches) == 4:
            raise RuntimeError("out of memory")
        return frames.mean((1, 2), dtype="float32")

    with monkeypatch.context() as patched:
        patched.setattr(MeanColor, "__call__", die_within_the_second_video)
        with pytest.raises(RuntimeError, match="out of memory"):
            extract(config(videos))
    left = [name for _, _, names in os.walk(videos.parent / "store") for name in names]
    assert sorted(left) == [".b.h5.begun", "a.h5"]
    results = outcomes(extract(config(videos)))
    assert not (videos.parent / "store/day.1/.b.h5.begun").exists()
    assert results == {"a": "skipped", "day.1/b": "extracted", "day.1/cam/c.v2": "extracted"}


@pytest.mark.parametrize("fps", [0.0, -4.0, float("nan"), float("inf")])
def test_a_rate_that_is_no_rate_is_refused(videos, backbone, fps):
    with pytest.raises(InputError, match="--fps"):
        extract(config(videos, fps=fps))


@pytest.mark.parametrize("option", ["batch_size", "jobs"])
def test_a_batch_and_a_job_are_the_least(videos, backbone, option):
    with pytest.raises(InputError, match="at least 1"):
        extract(config(videos, **{option: 0}))


def test_an_unknown_backbone_is_refused_with_those_there_are(videos, backbone):
    with pytest.raises(InputError, match=r"unknown backbone 'nope': .*mean-color"):
        extract(config(videos, backbone="nope"))


def test_nothing_to_extract_is_an_error(videos, backbone, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no videos found"):
        extract(config(tmp_path / "empty"))
    with pytest.raises(InputError, match="no file or folder"):
        extract(config(tmp_path / "none.mp4"))


def test_hidden_files_are_left_out(videos, backbone):
    film(videos / ".trash" / "old.mp4", 1)
    film(videos / ".partial.mp4", 1)
    assert len(extract(config(videos))) == 3


def cut_film(path: Path, share: float) -> Path:
    """A video of four seconds whose header says so and whose pictures end early."""
    generator = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 48, 32
        for image in generator.integers(0, 256, (100, 32, 48, 3), np.uint8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    content = path.read_bytes()
    data = content.index(b"mdat")
    path.write_bytes(content[: data + round(share * (len(content) - data))])
    return path


@pytest.mark.parametrize(
    ("on_damage", "share", "kept"),
    [
        ("auto", 0.97, True),
        ("auto", 0.5, False),
        ("keep", 0.5, True),
        ("fail", 0.97, False),
        ("fail", 1.0, True),
    ],
)
def test_what_is_done_with_damage_is_asked_for(tmp_path, backbone, capsys, on_damage, share, kept):
    cut_film(tmp_path / "videos" / "cut.mp4", share)
    code = run(config(tmp_path / "videos", on_damage=on_damage))
    said = capsys.readouterr()
    store = tmp_path / "store"
    if not kept:
        assert code == 3
        (row,) = failures(store)
        assert row["kind"] == "damaged"
        assert "lost: " in row["message"]
        assert "--on-damage keep" in row["message"]
        assert FeatureStore(store).ids() == []
        return
    info = FeatureStore(store).info("cut")
    assert code == 0
    assert info.decoded_share == pytest.approx(share, abs=0.1)
    assert bool(info.damage) == (share < 1)
    assert ("1 of them damaged" in said.out) == (share < 1)
    assert ("kept, though damaged" in said.err) == (share < 1)


def test_damage_stays_on_record_and_may_be_refused_later(tmp_path, backbone, capsys):
    cut_film(tmp_path / "videos" / "cut.mp4", 0.97)
    extract(config(tmp_path / "videos"))
    (again,) = extract(config(tmp_path / "videos"))
    assert again.outcome == "skipped"
    assert "lost" in again.damage
    (refused,) = extract(config(tmp_path / "videos", on_damage="fail"))
    assert refused.outcome == "damaged"
    assert "features made before are now" in refused.message
    assert FeatureStore(tmp_path / "store").ids() == []
    assert (tmp_path / "store" / "cut.h5.old").exists()


def test_a_video_that_cannot_be_read_stops_no_other(videos, backbone, monkeypatch):
    extract(config(videos))
    for video in videos.rglob("*.*"):
        if video.is_file() and video.stem != "a":
            film(video, 4)
    unreadable, opened = videos / "a.mp4", os.open

    def closed(path, *arguments, **options):
        if str(path) == str(unreadable):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.open", closed)
    monkeypatch.setattr("preprocessing.extraction.one_video.fingerprint", refuse)
    results = outcomes(extract(config(videos)))
    assert results == {"a": "unreadable", "day.1/b": "extracted", "day.1/cam/c.v2": "extracted"}


def test_a_pipe_named_like_a_video_stops_nothing(videos, backbone):
    extract(config(videos))
    (videos / "a.mp4").unlink()
    os.mkfifo(videos / "a.mp4")
    results = outcomes(extract(config(videos)))
    assert results == {"a": "unreadable", "day.1/b": "skipped", "day.1/cam/c.v2": "skipped"}


def test_a_name_that_is_too_long_to_write_stops_no_other(videos, backbone):
    film(videos / f"{240 * 'x'}.mp4", 2)
    results = outcomes(extract(config(videos)))
    assert results[240 * "x"] == "file"
    assert list(results.values()).count("extracted") == 3


def test_a_video_another_process_works_on_is_waited_for(videos, backbone, monkeypatch, capsys):
    extract(config(videos, store="other"))
    store = videos.parent / "store"

    def other_process_finishes(seconds):
        if (store / ".a.h5.lease").exists():
            held.close()
            (store / "a.h5").write_bytes((videos.parent / "other" / "a.h5").read_bytes())

    monkeypatch.setattr("preprocessing.extraction.command.time.sleep", other_process_finishes)
    with ExitStack() as held:
        held.enter_context(lease(store / "a.h5"))
        results = outcomes(extract(config(videos)))
    assert results == {"a": "skipped", "day.1/b": "extracted", "day.1/cam/c.v2": "extracted"}
    assert "another process is extracting 1 of these videos" in capsys.readouterr().err


class Motion(Backbone):
    """What changed since two frames before."""

    name, size, dimension, context = "motion", (4, 6), 1, 2

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        bright = frames.mean((1, 2, 3), dtype="float32")
        return (bright[2:] - bright[:-2])[:, None]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 32])
def test_frames_before_a_batch_are_given_to_backbones_that_need_them(
    videos, monkeypatch, batch_size
):
    monkeypatch.setitem(backbones.BACKBONES, "motion", Motion)
    extract(config(videos / "day.1" / "b.mp4", backbone="motion", batch_size=batch_size))
    (changes,) = contents(videos / "day.1" / "store").values()
    assert np.ravel(changes) == pytest.approx([0, 10, *[20] * 6], abs=2)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_joined_backbones_give_what_each_alone_gives(videos, backbone, monkeypatch, batch_size):
    monkeypatch.setitem(backbones.BACKBONES, "motion", Motion)
    both = f"{MeanColor.name}+motion"
    extract(config(videos, store="both", backbone=both, batch_size=batch_size))
    for name, columns in ((MeanColor.name, slice(0, 3)), ("motion", slice(3, 4))):
        extract(config(videos, store=name, backbone=name, batch_size=5))
        together = contents(videos.parent / "both")
        for sequence_id, alone in contents(videos.parent / name).items():
            assert [row[columns] for row in together[sequence_id]] == alone
    assert FeatureStore(videos.parent / "both").info("a").origin.backbone == both


def test_a_name_with_a_space_of_another_kind_is_a_name(videos, backbone):
    (videos / "a.mp4").rename(videos / "Recording 9.41\u202fAM.mp4")
    assert "Recording 9.41\u202fAM" in outcomes(extract(config(videos)))


def test_a_list_of_failures_in_another_encoding_stops_nothing(videos, backbone):
    store = videos.parent / "store"
    store.mkdir()
    (store / "failures.csv").write_bytes(b'path,kind,message\n/caf\xe9.mp4,\0damaged,x\n"broken')
    assert run(config(videos)) == 0


def test_where_the_reasons_are_is_said(videos, backbone, capsys):
    (videos / "broken.mp4").write_text("no video")
    assert run(config(videos)) == 3
    store = videos.parent / "store"
    assert capsys.readouterr().out.splitlines() == [
        "3 extracted, 0 already done, 1 failed: 16 steps",
        f"why they failed: {store / 'failures.csv'}",
    ]


def test_features_of_other_content_are_put_aside_when_the_new_content_fails(videos, backbone):
    extract(config(videos))
    (videos / "a.mp4").write_text("no video any more")
    (failed,) = (r for r in extract(config(videos)) if r.outcome != "skipped")
    assert failed.outcome == "unreadable"
    assert "a" in FeatureStore(videos.parent / "store").ids()
    cut_film(videos / "a.mp4", 0.3)
    (failed,) = (r for r in extract(config(videos)) if r.outcome != "skipped")
    assert failed.outcome == "damaged"
    assert "a" not in FeatureStore(videos.parent / "store").ids()
    assert (videos.parent / "store" / "a.h5.old").exists()


def test_features_that_cannot_be_read_now_stay_and_stop_no_other(videos, backbone, monkeypatch):
    extract(config(videos))
    path = videos.parent / "store" / "day.1" / "b.h5"
    before = path.read_bytes()
    own = sequence_info.own_dataset

    def failing(group, name):
        if group.file.filename == str(path):
            raise OSError(errno.EIO, "Input/output error")
        return own(group, name)

    monkeypatch.setattr(sequence_info, "own_dataset", failing)
    (videos / "a.mp4").unlink()
    film(videos / "new.mp4", 6)
    assert outcomes(extract(config(videos))) == {
        "day.1/b": "unreadable",
        "day.1/cam/c.v2": "skipped",
        "new": "extracted",
    }
    assert path.read_bytes() == before
