"""The documentation is true of the code and of itself."""

import configparser
import importlib.util
import re
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml
from floors import FLOORS

import longtake
from preprocessing.store.feature_store import FeatureStore

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
TEXTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def paragraphs(package: str) -> dict[str, str]:
    """Returns the paragraph of architecture.md on each folder, in its order."""
    return dict(re.findall(rf"^\*\*{package}/(\w+)\*\*(.*)$", ARCHITECTURE, re.MULTILINE))


@pytest.mark.parametrize("package", FLOORS)
def test_each_folder_has_a_paragraph_and_they_stand_from_the_ground_up(package: str) -> None:
    folders = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    assert set(paragraphs(package)) == folders
    floor_of = {room: number for number, floor in enumerate(FLOORS[package]) for room in floor}
    floors = [floor_of[room] for room in paragraphs(package)]
    assert floors == sorted(floors)


@pytest.mark.parametrize("package", FLOORS)
def test_modules_that_the_architecture_names_are_in_their_folders(package: str) -> None:
    missing = [
        f"{room}/{name}"
        for room, text in paragraphs(package).items()
        for name in re.findall(r"`(\w+(?:\.py|/))`", text)
        if not (ROOT / package / room / name).exists()
    ]
    assert not missing


@pytest.mark.slow
def test_what_the_page_python_says_works(memory_task, monkeypatch, tmp_path) -> None:
    store, labels = memory_task
    store.rename(tmp_path / "store")
    labels.rename(tmp_path / "labels.csv")
    monkeypatch.chdir(tmp_path)
    said = Mock()
    names = {"print": said}
    blocks = re.findall(r"```python\n(.*?)```", PYTHON, re.DOTALL)
    for code in blocks:
        if "pandas" in code and importlib.util.find_spec("pandas") is None:
            continue
        exec(compile(code, "docs/python.md", "exec"), names)
    assert PYTHON.startswith("# Python\n\n```python\n")
    assert len(blocks[0].replace("\n\n", "\n").splitlines()) == 5
    (accuracy,) = said.call_args.args
    assert 0 <= accuracy <= 1
    assert (names["many"], len(names["losses"]), names["features"].shape) == (16, 3, (10, 2))
    assert names["probabilities"].shape == (10, 2)
    assert names["label"] == names["labels"][0]
    assert names["again"].numbers.tobytes() == names["one"].numbers.tobytes()
    assert names["figures"] == names["metrics"]
    assert (tmp_path / "first.png").is_file()
    assert FeatureStore(tmp_path / "mine").info("monday/camera1").steps == 100


def test_the_page_python_names_all_that_is_promised() -> None:
    assert set(re.findall(r"`longtake\.(\w+)`", PYTHON)) == set(longtake.__all__)


def pages_of(entry: object) -> set[str]:
    """The files that an entry of the navigation leads to."""
    if isinstance(entry, str):
        return {entry}
    entries = entry.values() if isinstance(entry, dict) else entry
    return set().union(*map(pages_of, entries))


def test_the_site_leads_to_each_page() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages <= pages_of(site["nav"])
    assert {"index.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} <= pages_of(site["nav"])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_to_what_is_there(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert not [link for link in inside if not (path.parent / link.partition("#")[0]).exists()]
    headings = {
        link: anchors(path.parent / link.partition("#")[0] if link[0] != "#" else path)
        for link in inside
        if "#" in link
    }
    assert not [link for link in headings if link.partition("#")[2] not in headings[link]]


def anchors(path: Path) -> set[str]:
    """Headings of a file as links name them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}


def test_pages_that_messages_and_recipes_name_are_there() -> None:
    """Beside the code lie the recipes, whose comments name pages, too."""
    texts = [path for package in FLOORS for path in (ROOT / package).rglob("*.*")]
    named = {
        name
        for path in texts
        if path.suffix in (".py", ".yaml")
        for name in re.findall(r"docs/[\w-]+\.md(?:#[\w-]+)?", path.read_text("utf-8"))
    }
    assert {"docs/guide.md#carry-or-reset", "docs/cluster.md"} <= named
    pages = {name: name.partition("#") for name in named}
    missing = {name for name, (page, _, _) in pages.items() if not (ROOT / page).exists()}
    headings = {page: anchors(ROOT / page) for page, _, _ in pages.values()}
    missing |= {n for n, (page, _, anchor) in pages.items() if anchor not in {"", *headings[page]}}
    assert not missing


def test_the_version_to_cite_is_that_of_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == setup["metadata"]["version"]
    assert cited["license"] == setup["metadata"]["license"]
