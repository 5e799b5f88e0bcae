"""Reports as a person uses them, in a real browser: pointing, clicking, keys, a phone, the dark.

LONGTAKE_CHROMIUM names the browser; without it, one on the path is taken.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
from commands import LONGTAKE
from prediction_files import FPS, run_of, sequence_info, write_predictions

from preprocessing.files.fingerprint import fingerprint
from trainer.demo.videos import make_samples
from trainer.evaluation.scoring import score
from trainer.report.evaluation_page import write_report

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install -e .[dev]"
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = os.environ.get("LONGTAKE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
if CHROMIUM is None:
    pytest.skip(
        "no Chromium: apt-get install chromium, or name one in LONGTAKE_CHROMIUM",
        allow_module_level=True,
    )
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 20
# Timestamps of the sequences begin here, where players say 0.
START_TIME = 2.0
EVIL = "</script><img src=x onerror=document.title='hacked'>'\"&"
CLASSES = ["walk", "run", EVIL]
FILM, GONE, UNPLAYABLE, IMPORTED = "day/film", "gone", "noise", f"imported {EVIL}".replace("/", "")

# Contrast by WCAG 2.1 of an element's text with what is painted behind it.
CONTRAST = """element => {
  const parts = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a]; };
  const layers = [];
  for (let e = element; e; e = e.parentElement)
    layers.push(parts(getComputedStyle(e).backgroundColor));
  let behind = [255, 255, 255];
  for (const [r, g, b, a] of layers.reverse())
    behind = behind.map((value, i) => value * (1 - a) + [r, g, b][i] * a);
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92
    : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const both = [light(parts(getComputedStyle(element).color).slice(0, 3)), light(behind)].sort();
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""

Page = Any
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of each task; the first sequence of classification has a video that plays."""
    folder = tmp_path_factory.mktemp("a run#1 é")
    video = write_video(folder / "film one.mp4")
    noise = folder / "noise.mp4"
    noise.write_bytes(b"no video at all")
    infos = [
        sequence_info(FILM, video, fingerprint(video), START_TIME),
        sequence_info(GONE, folder / "gone.mp4", "", START_TIME),
        sequence_info(UNPLAYABLE, noise, fingerprint(noise), START_TIME),
        sequence_info(IMPORTED, "/x/features.npy", "", START_TIME),
    ]
    for task in ("classification", "multilabel", "regression"):
        path = write_predictions(folder / f"{task}.h5", CLASSES, answers_of(task), task)
        with h5py.File(path, "a") as file:
            file.visititems(shift_times)
        metrics = {"split": "test", **score(path, segmental=True)}
        write_report(folder / f"{task}.html", run_of(task), metrics, path, infos)
    return folder


def write_video(path: Path, fps: int = 8) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(SECONDS * fps):
            image = np.full((48, 64, 3), 40 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def answers_of(task: str) -> dict[str, dict[str, Any]]:
    """Walk to 10 s, run to 15 s, then the third class; the answer is 2 s late with the change."""
    true = np.repeat([0, 1, 2], [40, 20, 20])
    said = np.repeat([0, 1, 2], [48, 12, 20])
    scores = 0.9 * np.eye(3)[said] + 0.1 / 3
    arrays = {"probabilities": scores, "true": true}
    if task == "multilabel":
        arrays["true"] = np.eye(3)[true]
    if task == "regression":
        arrays = {"predicted": scores + 1.0, "true": np.eye(3)[true]}
    if task != "classification":
        return {FILM: arrays}
    right = {"probabilities": 0.9 * np.eye(3)[true] + 0.1 / 3, "true": true}
    slip = {"probabilities": np.eye(3)[[0, 1, 1, 0]], "true": [0, 0, 1, 1]}
    others = dict.fromkeys((GONE, UNPLAYABLE, IMPORTED), arrays)
    many = {f"right{number:02}": right for number in range(20)}
    return {FILM: arrays, **others, **many, "zslip": {**slip, "true": [-1, -1, -1, -1]}}


def shift_times(name: str, item: Any) -> None:
    if name.endswith("/timestamps"):
        item[...] = item[...] + START_TIME


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Open]:
    """Opens a report; at the end, nothing must have gone wrong or been fetched."""
    contexts, errors, fetched = [], [], []

    def call(task: str = "classification", width: int = 1000, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: fetched.append(request.url))
        page.goto((folder / f"{task}.html").as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert errors == []
    allowed = {path.as_uri() for path in folder.rglob("*")}
    assert {url for url in fetched if not url.startswith(("data:", "blob:"))} <= allowed


def strip(page: Page, sequence_id: str) -> Any:
    header = page.locator("header b").get_by_text(sequence_id, exact=True)
    return page.locator("section.strip").filter(has=header)


def click(page: Page, sequence_id: str, share: float) -> None:
    """Clicks on the true ribbon, a share of its width from the left."""
    ribbon = strip(page, sequence_id).locator(".pic").first
    ribbon.scroll_into_view_if_needed()
    box = ribbon.bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + 5)


def point(page: Page, sequence_id: str, share: float) -> str:
    ribbon = strip(page, sequence_id).locator(".pic").first
    ribbon.scroll_into_view_if_needed()
    box = ribbon.bounding_box()
    page.mouse.move(box["x"] + share * box["width"], box["y"] + 5)
    return str(page.locator("#tip").inner_text())


def playhead(page: Page, sequence_id: str) -> float:
    """Where it is, as a share."""
    value = strip(page, sequence_id).evaluate("e => e.style.getPropertyValue('--at')")
    return float(value.rstrip("%")) / 100


def until(page: Page, condition: str) -> None:
    """Waits for something to be true of the video, ``v``."""
    asked = f"() => {{ const v = document.querySelector('video'); return {condition}; }}"
    for _ in range(500):
        if page.evaluate(asked):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"not within five seconds: {condition}")


def seconds(page: Page) -> float:
    return float(page.evaluate("document.querySelector('video').currentTime"))


def test_a_click_on_a_ribbon_plays_the_video_from_there(opened: Open) -> None:
    page = opened()
    assert page.locator("#player").is_hidden()
    click(page, FILM, 0.6)
    until(page, "v.currentTime > 12.3")
    assert 12.3 < seconds(page) < 14
    before = playhead(page, FILM)
    assert before == pytest.approx(seconds(page) / SECONDS, abs=0.05)
    until(page, "v.currentTime > 12.8")
    assert playhead(page, FILM) > before
    said = page.locator(".said").inner_text()
    assert "0:00:1" in said
    assert "run" in said
    click(page, FILM, 0.1)
    until(page, "v.currentTime > 2 && v.currentTime < 4")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("#player").is_hidden()


def test_pointing_at_a_ribbon_reads_it_out(opened: Open) -> None:
    page = opened()
    said = point(page, FILM, 0.551).split("\n")
    assert said == ["0:00:11.0", "true", "run", "predicted", "walk, 93 % sure ✗ wrong"]
    assert point(page, FILM, 0.3).split("\n")[-1] == "walk, 93 % sure ✓"
    page.mouse.move(1, 1)
    assert page.locator("#tip").is_hidden()


def test_names_of_strangers_are_text(opened: Open) -> None:
    page = opened()
    assert EVIL in point(page, IMPORTED, 0.9)
    click(page, IMPORTED, 0.9)
    assert page.locator("#player .name").inner_text() == IMPORTED
    assert "not made from a video" in page.locator(".problem").inner_text()
    assert page.title() == "first: test"
    assert page.locator("img[src=x]").count() == 0


def test_keys_move_the_playhead_and_find_mistakes(opened: Open) -> None:
    page = opened()
    slider = strip(page, FILM).get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext").startswith(
        "0:00:00.3; true: walk; predicted: walk"
    )
    assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(1.5 / FPS, abs=0.06)
    page.keyboard.press("n")
    assert playhead(page, FILM) == pytest.approx(0.5, abs=0.02)
    assert "predicted: walk, 93 % sure ✗ wrong" in slider.get_attribute("aria-valuetext")
    page.keyboard.press("End")
    assert playhead(page, FILM) > 0.98
    page.keyboard.press("p")
    page.keyboard.press(" ")
    until(page, "v.currentTime > 10 && v.currentTime < 12")
    page.keyboard.press(" ")
    until(page, "v.paused")


def test_the_next_mistake_is_looked_at_not_played_past(opened: Open) -> None:
    page = opened()
    click(page, FILM, 0.1)
    until(page, "v.currentTime > 2 && !v.paused")
    page.keyboard.press("n")
    until(page, "v.paused")
    assert playhead(page, FILM) == pytest.approx(0.5, abs=0.02)


def test_a_wide_table_shows_that_there_is_more(opened: Open) -> None:
    page = opened(width=400)
    shade = "e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).backgroundAttachment]"
    wide = page.locator("#classes + .wide").evaluate(shade)
    assert wide == [True, "local, scroll"]


def test_a_video_that_is_gone_can_be_chosen_by_hand(opened: Open, folder: Path) -> None:
    page = opened()
    click(page, GONE, 0.5)
    said = page.locator(".problem").inner_text()
    assert "not at its place any more" in said
    assert "Choose the video" in said
    page.locator("#player input").set_input_files(folder / "film one.mp4")
    until(page, "v.currentTime > 10.2")
    assert page.locator(".problem").is_hidden()
    assert playhead(page, GONE) == pytest.approx(seconds(page) / SECONDS, abs=0.05)


@pytest.fixture
def same_names(folder: Path) -> str:
    """A report of sequences whose videos have the same name; that of b/cam is in its place."""
    film = folder / "film one.mp4"
    for name in "abc":
        (folder / name).mkdir(exist_ok=True)
    video = folder / "b" / "cam.mp4"
    shutil.copy(film, video)
    noise = folder / "noise.mp4"
    infos = [
        sequence_info("a/cam", folder / "a" / "cam.mp4", "", START_TIME),
        sequence_info("b/cam", video, fingerprint(video), START_TIME),
        sequence_info("c/cam", folder / "c" / "cam.mp4", "", START_TIME),
        sequence_info("one", folder / "a" / "one.mp4", "", START_TIME),
        sequence_info("noise", noise, fingerprint(noise), START_TIME),
    ]
    arrays = answers_of("classification")[FILM]
    path = folder / "same.h5"
    write_predictions(path, CLASSES, {info.sequence_id: arrays for info in infos})
    metrics = {"split": "test", **score(path, segmental=True)}
    write_report(folder / "same.html", run_of("classification"), metrics, path, infos)
    return "same"


def source(page: Page) -> str:
    return str(page.locator("video").get_attribute("src"))


def test_a_file_chosen_for_one_sequence_is_played_for_no_other(
    same_names: str, opened: Open, folder: Path
) -> None:
    page = opened(same_names)
    click(page, "a/cam", 0.5)
    page.locator("#player input").set_input_files(folder / "film one.mp4")
    until(page, "v.currentTime > 0.1")
    given = source(page)
    assert given.startswith("blob:")
    click(page, "b/cam", 0.5)
    assert source(page) == (folder / "b" / "cam.mp4").as_uri()
    click(page, "c/cam", 0.5)
    assert page.locator("video").get_attribute("src") is None
    click(page, "a/cam", 0.5)
    assert source(page) == given
    click(page, "b/cam", 0.5)
    page.locator("#player input").set_input_files(folder / "film one.mp4")
    until(page, "v.currentSrc.startsWith('blob:') && v.currentTime > 10")
    assert source(page) != given


@pytest.mark.slow
def test_several_files_go_where_their_names_are_alone(
    same_names: str, opened: Open, folder: Path
) -> None:
    film = (folder / "film one.mp4").read_bytes()
    files = [
        {"name": f"{name}.mp4", "mimeType": "video/mp4", "buffer": film}
        for name in ("cam", "one", "noise")
    ]
    page = opened(same_names)
    click(page, "a/cam", 0.5)
    page.locator("#player input").set_input_files(files)
    said = "Several sequences have a video named cam.mp4"
    page.locator(".problem").filter(has_text=said).wait_for()
    click(page, "b/cam", 0.5)
    assert source(page) == (folder / "b" / "cam.mp4").as_uri()
    click(page, "one", 0.5)
    assert source(page).startswith("blob:")
    until(page, "v.currentTime > 10")
    # The place that the report knows holds nothing that plays, so the file that was given does.
    click(page, "noise", 0.5)
    until(page, "v.currentSrc.startsWith('blob:') && v.currentTime > 10")
    assert page.locator(".problem").is_hidden()


def test_what_the_browser_cannot_play_is_said(opened: Open) -> None:
    page = opened()
    click(page, UNPLAYABLE, 0.5)
    page.get_by_text("noise.mp4 cannot be played").wait_for()
    assert page.locator("video").is_hidden()
    click(page, FILM, 0.5)
    until(page, "v.currentTime > 10")
    assert page.locator(".problem").is_hidden()


def test_a_confusion_leads_to_its_longest_stretch(opened: Open) -> None:
    page = opened()
    page.locator(".confusions a").filter(has_text=FILM).click()
    until(page, "v.currentTime > 10 && v.currentTime < 12")
    assert playhead(page, FILM) == pytest.approx(0.5, abs=0.1)


def test_sequences_that_are_folded_away_are_found_by_name(opened: Open) -> None:
    page = opened()
    last = strip(page, "zslip")
    assert last.is_hidden()
    page.get_by_role("searchbox").fill("ZSL")
    assert last.is_visible()
    assert strip(page, FILM).is_hidden()
    page.get_by_role("searchbox").fill("")
    assert strip(page, FILM).is_visible()


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_a_phone_shows_all_without_scrolling_sideways(task: str, opened: Open) -> None:
    page = opened(task, width=360, has_touch=True, is_mobile=True)
    ribbon = strip(page, FILM).locator(".pic").first
    ribbon.scroll_into_view_if_needed()
    ribbon.tap()
    until(page, "v.currentTime > 10")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    dock = page.locator("#player").bounding_box()
    assert ribbon.bounding_box()["y"] < dock["y"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_by_day_and_by_night(scheme: str, opened: Open) -> None:
    page = opened(color_scheme=scheme)
    click(page, FILM, 0.5)
    words = "h1, h2, p, a, th, td, summary, button, .tile *, .row span, .row b, .said *, #tip *"
    found = page.evaluate(
        "words => Array.from(document.querySelectorAll(words)).filter((e) => e.checkVisibility())"
        f".filter((e) => e.innerText.trim()).map((e) => [({CONTRAST})(e), e.innerText])",
        words,
    )
    assert len(found) > 100
    assert min(found)[0] >= 4.5, min(found)


def test_without_scripts_a_report_is_a_page_to_read(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    assert strip(page, FILM).locator("img").count() == 4
    assert page.get_by_text("Point at a ribbon").is_hidden()
    assert page.get_by_role("slider").count() == 0
    page.locator("summary").get_by_text("more").click()
    assert strip(page, "zslip").is_visible()


def test_several_classes_at_once_are_read_out_and_played(opened: Open) -> None:
    page = opened("multilabel")
    said = point(page, FILM, 0.551).split("\n")
    assert said == ["0:00:11.0", "true", "run", "predicted", "walk ✗ wrong"]
    click(page, FILM, 0.5)
    until(page, "v.currentTime > 10.2")


def test_numbers_are_read_out_and_played(opened: Open) -> None:
    page = opened("regression")
    said = point(page, FILM, 0.551).split("\n")
    assert said[:3] == ["0:00:11.0", "walk", "true 0, predicted 1.933"]
    click(page, FILM, 0.5)
    until(page, "v.currentTime > 10.2")


@pytest.mark.slow
def test_a_video_with_one_answer_plays_from_its_beginning(opened: Open, folder: Path) -> None:
    arrays = {FILM: {"probabilities": [[0.2, 0.7, 0.1]], "true": [0]}}
    path = write_predictions(folder / "once.h5", CLASSES, arrays)
    with h5py.File(path, "a") as file:
        file[FILM]["timestamps"][...] = START_TIME + SECONDS
    video = folder / "film one.mp4"
    info = sequence_info(FILM, video, fingerprint(video), START_TIME)
    metrics = {"split": "test", **score(path, segmental=False)}
    write_report(folder / "once.html", run_of("classification"), metrics, path, [info])
    page = opened("once")
    page.get_by_role("button", name=f"Play {FILM}").click()
    until(page, "v.currentTime > 0.2 && v.currentTime < 2")
    assert "run, 70 % sure ✗ wrong" in page.locator(".said").inner_text()
    assert page.locator(".problem").is_hidden()
    page.locator(".confusions a").click()
    until(page, "v.currentTime < 2")


@pytest.mark.slow
def test_a_report_of_evaluate_knows_its_videos(browser: Any, tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 6, 12.0, 0)
    store, run = tmp_path / "store", tmp_path / "run"
    training = ["--labels", samples.labels, "--splits", samples.splits, "--epochs", 1]
    for arguments in (
        ["extract", samples.videos, "--store", store, "--backbone", "histogram"],
        ["train", "--store", store, "--run", run, *training],
        ["evaluate", run],
    ):
        command = [sys.executable, "-c", LONGTAKE, *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True)
    page = browser.new_page()
    page.goto((run / "evaluation" / "test" / "report.html").as_uri())
    told = page.locator(".strip script").first.evaluate("e => JSON.parse(e.textContent)")
    assert told["video"]["uri"] == (samples.videos / f"{told['id']}.mp4").as_uri()
    click(page, told["id"], 0.5)
    assert page.locator("#player").is_visible()
    page.close()
