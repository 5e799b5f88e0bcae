"""Adds pages to the site besides the files in docs/: a hook of MkDocs, see mkdocs.yml.

Pages of the top level, such as the README, whose links are made to work on the site; a page for
each folder of the code, made from its docstrings; and public names, described on the page Python.
"""

import ast
import importlib
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PACKAGES = ("preprocessing", "trainer")
# Files of the top level, and what they are called on the site.
TOP = {name: name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md")}
TOP["README.md"] = "index.md"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds a page for each folder of the code to the navigation."""
    assert config.nav is not None
    code = [{package: [_page_of(room) for room in rooms(package)]} for package in PACKAGES]
    config.nav.append({"Code": code})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what the site shows besides docs/."""
    for name, page in TOP.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    for room in (room for package in PACKAGES for room in rooms(package)):
        files.append(File.generated(config, _page_of(room), content=reference(room)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Mends links between docs/ and the top level, and adds the public names to their page."""
    for there in ("](docs/", "](../"):
        markdown = markdown.replace(there, "](")
    markdown = markdown.replace("](README.md", "](index.md")
    return markdown + public_names() if page.file.src_uri == "python.md" else markdown


def rooms(package: str) -> list[str]:
    """Returns the package, as far as its modules lie beside folders, and its folders, by name."""
    folders = sorted(path.parent.name for path in (ROOT / package).glob("*/__init__.py"))
    return [package, *(f"{package}.{folder}" for folder in folders)]


def reference(room: str) -> str:
    """Returns a page of all modules of a folder, and of the folders in it."""
    folder = ROOT.joinpath(*room.split("."))
    paths = folder.rglob("*.py") if "." in room else folder.glob("*.py")
    names = [path.relative_to(ROOT).with_suffix("").parts for path in sorted(paths)]
    modules = [".".join(parts) for parts in names if not parts[-1].startswith("__")]
    about = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    shown = "\n\n".join(f"::: {module}\n    options:\n      heading_level: 2" for module in modules)
    return f"# {room}\n\n{about}\n\n{shown}\n"


def public_names() -> str:
    """Returns the descriptions of all names that the packages promise.

    The page of their folder describes them too, and is where other pages lead.
    """
    found = [
        (name, importlib.import_module(package)._WHERE[name])
        for package in PACKAGES
        for name in importlib.import_module(package).__all__
    ]
    options = "    options:\n      heading_level: 3\n      skip_local_inventory: true"
    return "\n".join(f"\n::: {module}.{name}\n{options}\n" for name, module in found)


def _page_of(room: str) -> str:
    return f"code/{room}.md"
