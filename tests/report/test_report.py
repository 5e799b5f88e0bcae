import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction_files import FPS, run_of, sequence_info, write_predictions

from preprocessing.files.fingerprint import fingerprint
from preprocessing.labels.class_colours import class_colours
from trainer.evaluation.scoring import Measures, score
from trainer.metrics import HEADLINES
from trainer.predictions.reader import open_answers
from trainer.report.confusions import worst_confusions
from trainer.report.curves import MAX_POINTS, Envelope, curve, learning_curves
from trainer.report.evaluation_page import write_report
from trainer.report.footage import footage
from trainer.report.hover_data import knots, rolled
from trainer.report.page import render
from trainer.report.ribbons import paired_ribbon, ribbon, shown_steps
from trainer.report.strips import class_strips, label_set_strips, number_strips, worst_first

GREY = [0xD8, 0xD3, 0xD0]
RED, BLUE = [0, 0, 255], [255, 0, 0]


def pixels(picture: str) -> np.ndarray:
    data = base64.b64decode(picture.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def predictions_of(task: str, folder: Path, steps: int = 12, horizon: int = 0) -> Path:
    """Two sequences, one of them partly without labels."""
    generator = np.random.default_rng(0)
    arrays: dict[str, dict[str, Any]] = {}
    for sequence_id in ("day/one", "day/<two>"):
        scores = generator.dirichlet([1, 1, 1], steps)
        if task == "regression":
            true = scores + generator.normal(scale=0.1, size=scores.shape)
            arrays[sequence_id] = {"predicted": scores, "true": true}
        else:
            true = generator.integers(0, 3, steps)
            true = true if task == "classification" else np.eye(3)[true]
            arrays[sequence_id] = {"probabilities": scores, "true": true}
    arrays["day/one"]["true"][3:5] = np.nan if task == "regression" else -1
    names = ["a", "<b>", "c"]
    return write_predictions(folder / "p.h5", names, arrays, task, horizon)


def written_report(task: str, folder: Path, **options: int) -> tuple[str, dict[str, Any]]:
    return report_of(predictions_of(task, folder, **options), folder)


def report_of(
    path: Path, folder: Path, metrics: dict[str, Any] | None = None, **options: Any
) -> tuple[str, dict[str, Any]]:
    metrics = metrics or {"split": "test", **score(path, segmental=True)}
    json.dumps(metrics, allow_nan=False)
    write_report(folder / "report.html", run_of(metrics["task"]), metrics, path, **options)
    return (folder / "report.html").read_text(), metrics


@pytest.mark.parametrize("task", list(HEADLINES))
def test_a_report_is_one_file_with_every_sequence_and_headline(task: str, tmp_path: Path) -> None:
    page, metrics = written_report(task, tmp_path)
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)[^#]", page)
    assert "day/one" in page
    assert "day/&lt;two&gt;" in page
    assert "<two>" not in page
    assert "&lt;b&gt;" in page
    for name, label in HEADLINES[task].items():
        assert metrics[name] is not None
        assert f"<span>{label}</span>" in page
    assert ("Confusion matrix" in page) == (task == "classification")
    assert page.count("<svg") == 2 + (2 * 3 if task == "regression" else 1)


@pytest.mark.parametrize("task", list(HEADLINES))
def test_a_report_says_that_answers_were_given_before(task: str, tmp_path: Path) -> None:
    page, metrics = written_report(task, tmp_path, horizon=2)
    assert metrics["horizon"] == 2
    assert "given 2 steps before" in page
    usual = written_report(task, tmp_path)[0]
    assert "steps before" not in usual
    late = written_report(task, tmp_path, horizon=-2)[0]
    said = " Each answer was given 2 steps after the step that it is about, and stands at that step"
    said += "."
    assert late.count(said) == 1
    marks = "[mp][0-9a-f]{10}"  # Names that Matplotlib makes anew.
    assert re.sub(marks, "", late.replace(said, "")) == re.sub(marks, "", usual)


@pytest.mark.parametrize("task", list(HEADLINES))
def test_a_report_of_one_answer_a_sequence(task: str, tmp_path: Path) -> None:
    arrays = {"predicted": [[1.0]], "true": [[2.0]]}
    if task != "regression":
        true = [0] if task == "classification" else [[1]]
        arrays = {"probabilities": [[0.9]], "true": true}
    path = write_predictions(tmp_path / "p.h5", ["a"], {"s": arrays}, task)
    metrics = score(path, segmental=False)
    strips = {
        "classification": lambda answers: class_strips(["a"], {"predicted": path}),
        "multilabel": label_set_strips,
        "regression": lambda answers: number_strips(answers, [(2.0, 2.0)]),
    }
    with open_answers(path) as answers:
        (strip,) = strips[task](answers)
    assert (strip.steps, strip.length) == (1, "")
    assert metrics["steps"] == 1


def test_names_in_a_report_are_escaped(tmp_path: Path) -> None:
    render(
        tmp_path / "page.html",
        "demo.html",
        title="<script>alert(1)</script>",
        results={
            s: {
                "sequences": 1,
                "accuracy": 0.5,
                "accuracy_per_sequence": {"mean": 0, "sd": 0},
                "f1": 0,
                "jaccard": 0,
                "map": 0,
                "edit": 0,
                "f1@10": 0,
                "f1@25": 0,
                "f1@50": 0,
            }
            for s in ("carry", "reset")
        },
        legend=[("<b>", "#000000")],
        strips=[],
        classes=["<b>"],
        confusions={"carry": [[(1, 1.0)]]},
        curves="",
    )
    page = (tmp_path / "page.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page


def test_every_class_has_a_colour_of_its_own() -> None:
    colours = class_colours([str(number) for number in range(40)])
    assert len(set(colours)) == 40
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


def test_a_ribbon_has_a_pixel_for_each_step_up_to_a_limit() -> None:
    drawn = pixels(ribbon(np.array([0, 1, -1], np.int32), ["#ff0000", "#0000ff"]))
    assert drawn[0].tolist() == [RED, BLUE, GREY]
    assert pixels(ribbon(np.zeros(100_000, np.int32), ["#ff0000"])).shape == (1, 2400, 3)


def test_a_paired_ribbon_shows_the_truth_above_the_prediction() -> None:
    drawn = pixels(paired_ribbon(np.array([[1, 1, 0, -1], [1, 0, 1, 0]], np.int8), "#ff0000"))
    ink, paper = [*RED, 255], [0, 0, 0, 0]
    assert drawn.tolist() == [[ink, ink, paper, [*GREY, 255]], [ink, paper, ink, paper]]


def test_a_horizon_moves_classes_to_the_steps_that_they_are_about(tmp_path: Path) -> None:
    arrays = {"probabilities": np.eye(2)[[0, 1, 0]], "true": [1, 1, -1]}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], {"s": arrays}, horizon=1)
    (strip,) = class_strips(["a", "b"], {"predicted": path})
    a, b = (pixels(ribbon(np.array([n], np.int32), class_colours("ab")))[0, 0] for n in (0, 1))
    true, predicted, _ = (pixels(shown.picture)[0].tolist() for shown in strip.pictures)
    assert true == [GREY, b.tolist(), b.tolist()]
    assert predicted == [GREY, a.tolist(), b.tolist()]
    assert pixels(strip.pictures[1].wrong)[0, :, 3].tolist() == [0, 255, 0]
    assert strip.score == 0.5
    rows = strip.hover_data["rows"]
    assert [row["labels"] for row in rows] == [[-1, 1, 1, 2], [-1, 1, 0, 1, 1, 1]]


def test_rows_of_a_label_set_are_those_of_classes_that_occur(tmp_path: Path) -> None:
    arrays = {
        "probabilities": [[0.9, 0.1, 0.1], [0.9, 0.9, 0.1], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]],
        "true": [[1, 0, 0], [1, 0, 0], [1, 0, 0], [-1, -1, -1]],
    }
    path = write_predictions(tmp_path / "p.h5", "abc", {"s": arrays}, "multilabel", horizon=1)
    with open_answers(path) as answers:
        (strip,) = label_set_strips(answers)
    assert [row.name for row in strip.pictures] == ["a", "b"]
    assert [row.share for row in strip.pictures] == [0.8, 0]
    assert strip.score == pytest.approx(1 / 3)
    inked = pixels(strip.pictures[0].picture)[..., 3] > 0
    assert inked.tolist() == [[True, True, True, True], [True, True, True, False]]


def test_the_worst_sequence_comes_first_and_unlabelled_ones_last(tmp_path: Path) -> None:
    arrays = {
        name: {"predicted": [[error], [9]], "true": [[truth], [np.nan]]}
        for name, error, truth in (("good", 1, 0), ("none", 0, np.nan), ("bad", 5, 0))
    }
    path = write_predictions(tmp_path / "p.h5", ["x"], arrays, "regression")
    with open_answers(path) as answers:
        strips = worst_first(number_strips(answers, [(0, 0)]))
    assert [strip.sequence_id for strip in strips] == ["bad", "good", "none"]
    assert [strip.pictures[0].mae for strip in strips] == [5, 1, None]


def test_numbers_of_one_answer_a_sequence_stand_in_a_table(tmp_path: Path) -> None:
    page, _ = written_report("regression", tmp_path, steps=1)
    assert "Numbers over time" not in page
    assert "<th>&lt;b&gt;, true</th><th>predicted</th>" in page
    page, _ = written_report("regression", tmp_path)
    assert "Numbers over time" in page


def test_curves_show_the_range_of_the_split_and_what_is_beyond(tmp_path: Path) -> None:
    arrays = {"s": {"predicted": [[1], [30]], "true": [[1], [2]]}}
    path = write_predictions(tmp_path / "p.h5", ["x"], arrays, "regression")
    with open_answers(path) as answers:
        shown = number_strips(answers, [(-20, 10)])[0].pictures[0]
    assert shown.low < -20
    assert shown.high > 30


def test_a_curve_breaks_where_a_value_is_missing_and_shows_single_points() -> None:
    values = np.array([0, 1, np.nan, 1, np.nan])
    assert curve(np.arange(5.0), values, 0, 1) == "M0,1000 1,0h0M3,0h0"
    assert curve(np.arange(2.0), np.full(2, np.nan), 0, 1) == ""


@pytest.mark.parametrize("steps", [1, 2399, 2400, 2401, 100_000])
def test_an_envelope_loses_no_peak(steps: int) -> None:
    values = np.random.default_rng(0).normal(size=(steps, 2)).astype("float32")
    values[steps // 2] = 99, -99
    envelope = Envelope(steps)
    block = max(1, 5000 // envelope.width) * envelope.width
    for start in range(0, steps, block):
        envelope.add(values[start : start + block])
    assert len(envelope.points) <= MAX_POINTS
    np.testing.assert_array_equal(envelope.points.max(0), values.max(0))
    np.testing.assert_array_equal(envelope.points.min(0), values.min(0))
    assert len(envelope.places) == len(envelope.points)
    assert (np.diff(envelope.places) > 0).all()
    peak = envelope.places[envelope.points[:, 0].argmax()]
    assert abs(peak - steps // 2) <= envelope.width


def test_shown_steps_are_spread_over_all() -> None:
    assert shown_steps(3).tolist() == [0, 1, 2]
    chosen = shown_steps(100_000)
    assert (len(chosen), chosen[0], chosen[-1]) == (2400, 0, 99_999)


@pytest.mark.parametrize(("columns", "curves"), [(["loss"], 1), (["loss", "mae", "val_mae"], 2)])
def test_learning_curves_are_those_of_the_columns_there_are(
    columns: list[str], curves: int
) -> None:
    rows = [{"epoch": 1, "seconds": 3.0, **dict.fromkeys(columns, 0.5)}]
    assert learning_curves({"": rows}).count("<svg") == curves


def test_learning_curves_of_a_run_without_a_whole_epoch() -> None:
    assert learning_curves({"": []}).count("<svg") == 1


def facts_of(page: str) -> list[dict[str, Any]]:
    """What a page tells its script of the sequences, in the order of the page."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', page)
    return [json.loads(text) for text in found]


@pytest.mark.parametrize("task", list(HEADLINES))
def test_names_of_strangers_leave_neither_the_markup_nor_the_data(
    task: str, tmp_path: Path
) -> None:
    hostile = "</script><script>alert(1)</script><!--'\"&\u2028é{{ 7 * 7 }}"
    true = {"classification": [0, 1], "multilabel": [[1, 0], [0, 1]]}.get(task, [[0.0, 1], [1, 0]])
    values = "predicted" if task == "regression" else "probabilities"
    arrays = {values: [[0.1, 0.9], [0.1, 0.9]], "true": true}
    path = write_predictions(tmp_path / "p.h5", [hostile, "b"], {hostile[9:20]: arrays}, task)
    page = report_of(path, tmp_path)[0]
    assert "<script>alert" not in page
    assert "<!--'" not in page
    (facts,) = facts_of(page)
    assert facts["id"] == hostile[9:20]
    if task == "classification":
        (legend,) = re.findall(r'class="classes">(.*?)</script>', page)
        assert json.loads(legend)[0][0] == hostile


def test_a_page_may_run_its_own_script_and_load_nothing_but_videos(tmp_path: Path) -> None:
    page, _ = written_report("classification", tmp_path)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert "default-src 'none'; img-src data:; media-src file: blob:; style-src" in page
    assert f"script-src 'sha256-{digest}'" in page


def test_figures_of_later_versions_are_shown_and_may_be_missing(tmp_path: Path) -> None:
    page, metrics = written_report("classification", tmp_path)
    assert "interval over sequences" in page
    assert "delay, median" in page
    assert "latency" not in page
    later = ("intervals", "bootstrap", "delay", "relaxed", "ignored_classes")
    old = {name: value for name, value in metrics.items() if name not in later}
    page = report_of(tmp_path / "p.h5", tmp_path, old)[0]
    assert "interval over sequences" not in page
    latency = {"median_ms": 0.6213, "p95_ms": 0.9, "steps": 200}
    page = report_of(tmp_path / "p.h5", tmp_path, metrics, latency=latency)[0]
    assert "<b>0.621 ms</b>" in page
    assert "an answer waits" not in page
    late = {**metrics, "behind": 2.0}
    page = report_of(tmp_path / "p.h5", tmp_path, late, latency={**latency, "late": 8})[0]
    assert "an answer waits for the 8 steps after the one that it is about (2 s); a delay" in page


def test_a_report_names_the_options_that_are_not_usual(tmp_path: Path) -> None:
    page, _ = written_report("regression", tmp_path)
    assert "<tr><th>--task</th><td>regression</td></tr>" in page
    assert "--units" not in page


@pytest.mark.parametrize(
    "task",
    [
        pytest.param("classification", marks=pytest.mark.slow),
        pytest.param("multilabel", marks=pytest.mark.slow),
        "regression",
    ],
)
def test_a_report_of_thousands_of_classes_is_small(task: str, tmp_path: Path) -> None:
    generator, classes = np.random.default_rng(0), 1200
    true = np.repeat(generator.integers(0, classes, 40), 5)
    said = np.where(generator.random(200) < 0.7, true, generator.integers(0, classes, 200))
    odds = np.eye(classes, dtype="float32")[said]
    arrays = {
        "classification": {"true": true, "probabilities": odds},
        "multilabel": {"true": np.eye(classes)[true], "probabilities": odds},
        "regression": {"true": np.eye(classes)[true], "predicted": odds},
    }[task]
    names = [f"c{number}" for number in range(classes)]
    path = write_predictions(tmp_path / "p.h5", names, {"s": arrays}, task)
    metrics = {"split": "test", **score(path, segmental=True, measures=Measures(bootstrap=0))}
    write_report(tmp_path / "report.html", run_of(task), metrics, path)
    page = (tmp_path / "report.html").read_text()
    assert len(page) < 2_000_000
    told = {"classification": "Of 1200 classes, the 100", "regression": "Of 1200 columns, the 50"}
    assert told.get(task, "c17") in page


def test_sequences_beyond_the_first_twenty_are_folded_away(tmp_path: Path) -> None:
    rows = {"probabilities": np.eye(2), "true": [0, 0]}
    names = [f"s{number}" for number in range(23)]
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], dict.fromkeys(names, rows))
    page = report_of(path, tmp_path)[0]
    assert "<summary>3 more</summary>" in page
    assert page.index('id="s20"') < page.index('<details class="more">') < page.index('id="s21"')
    assert len(facts_of(page)) == 23


def test_one_answer_a_sequence_is_a_row_of_a_table(tmp_path: Path) -> None:
    arrays = {name: {"probabilities": [[0.1, 0.9]], "true": [n]} for n, name in enumerate("st")}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], arrays)
    page = report_of(path, tmp_path)[0]
    assert "<th>s</th><td>a</td><td>b ✗</td><td>0.900</td>" in page
    assert page.index("<th>s</th><td>a") < page.index("<th>t</th><td>b</td><td>b ✓")


def test_a_wrong_step_among_many_is_still_drawn(tmp_path: Path) -> None:
    true = np.zeros(100_000, int)
    scores = np.tile([0.8, 0.2], (100_000, 1))
    scores[55_555] = 0.2, 0.8
    path = write_predictions(
        tmp_path / "p.h5", ["a", "b"], {"s": {"probabilities": scores, "true": true}}
    )
    (strip,) = class_strips(["a", "b"], {"predicted": path})
    inks = pixels(strip.pictures[1].wrong)[0, :, 3]
    assert np.flatnonzero(inks).tolist() == [55_555 * 2399 // 99_999]
    assert inks.max() > 80


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=60))
def test_runs_unroll_to_the_labels_they_were_made_of(labels: list[int]) -> None:
    packed_runs = rolled(np.array(labels))
    pairs = zip(packed_runs[::2], packed_runs[1::2], strict=True)
    assert [label for label, count in pairs for _ in range(count)] == labels


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=60), st.floats(0.01, 10))
def test_times_between_knots_are_as_near_as_was_asked(steps: list[float], near: float) -> None:
    times = np.cumsum([0.0, *steps])
    kept = knots(times, near)
    drawn = np.interp(np.arange(len(times)), kept, times[kept])
    assert np.abs(drawn - times).max() <= near * (1 + 1e-9)


def test_even_times_need_two_knots_and_a_gap_two_more(tmp_path: Path) -> None:
    assert knots(np.arange(100) / 4, 0.125) == [0, 99]
    assert knots(np.append(np.arange(50), 1000 + np.arange(50)), 0.5) == [0, 49, 50, 99]


@pytest.mark.parametrize("horizon", [0, 3])
def test_the_longest_stretches_of_a_confusion_are_found_across_blocks(
    horizon: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.predictions.reader.BLOCK_STEPS", 7)
    generator = np.random.default_rng(0)
    true, said = (np.repeat(generator.integers(0, 3, 40), 3)[:100] for _ in range(2))
    true[:5] = -1
    if horizon:
        true[-horizon:] = -1
    arrays = {"probabilities": np.eye(3)[said], "true": true}
    path = write_predictions(tmp_path / "p.h5", "abc", {"s": arrays}, horizon=horizon)
    confusion = score(path, segmental=True)["confusion"]
    with open_answers(path) as answers:
        found = worst_confusions(answers, confusion)
    assert [row.steps for row in found] == sorted((row.steps for row in found), reverse=True)
    assert sum(row.steps for row in found) == int((said != true)[true >= 0].sum())
    for row in found:
        pair = (true == "abc".index(row.true)) & (said == "abc".index(row.predicted))
        edges = np.flatnonzero(np.diff(np.pad(pair.astype(int), 1)))
        lengths = sorted(np.diff(edges)[::2].tolist(), reverse=True)[:5]
        assert [mistake.seconds for mistake in row.mistakes] == [n / FPS for n in lengths]
        for mistake in row.mistakes:
            first = round(mistake.time * FPS) - horizon
            assert pair[first : first + round(mistake.seconds * FPS)].all()
            assert first == 0 or not pair[first - 1]


def test_a_video_that_is_gone_or_has_changed_is_told_not_played(tmp_path: Path) -> None:
    video = tmp_path / "a b#é.mp4"
    video.write_bytes(b"frames")
    mark = fingerprint(video)
    infos = [
        sequence_info(name, source, mark)
        for name, source in (("s", video), ("gone", tmp_path / "no.mp4"), ("feat", "/x/f.npy"))
    ]
    found = footage(infos)
    assert found["s"].uri == f"file://{tmp_path}/a%20b%23%C3%A9.mp4"
    assert (found["s"].name, found["s"].problem) == ("a b#é.mp4", "")
    assert found["gone"].uri is found["feat"].uri is None
    assert "not at its place" in found["gone"].problem
    assert "not made from a video" in found["feat"].problem
    video.write_bytes(b"others")
    assert "changed" in footage(infos)["s"].problem
