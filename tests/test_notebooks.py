"""The notebooks of the docs are small, without outputs, true, and can be run from end to end."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "notebooks"
BOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 20_000
# A program of one cell more, which tells what the notebook has come to.
TOLD = {
    "first_run": "figures['accuracy'], answers.segments()[0].label, len(run.plot().axes) > 4",
    "labels_and_poses": "figures['decoded']['accuracy'], len(answers), len(features)",
    "cluster": "stopped, run.progress.finished, done.updates < run.progress.updates, list(answers)",
}
RUN = """
import sys
import nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
told = "import json; print('TOLD', json.dumps([" + sys.argv[2] + "]))"
book.cells.append(nbformat.v4.new_code_cell(told))
NotebookClient(book, timeout=600, kernel_name="python3").execute()
print(book.cells[-1].outputs[0].text)
"""


def cells(path: Path, kind: str) -> list[str]:
    book = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == kind]


def test_each_notebook_is_listed_and_told_of() -> None:
    assert {path.stem for path in BOOKS} == set(TOLD)
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"notebooks/(\w+)\.ipynb\)", page)) == set(TOLD)


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert (book["nbformat"], path.stat().st_size < MOST_BYTES) == (4, True)
    assert set(book["metadata"]) == {"kernelspec", "language_info"}
    programs = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert programs
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in programs)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_its_links_lead_to_what_is_there(path: Path) -> None:
    text = "\n".join(cells(path, "markdown"))
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert links
    assert not [link for link in links if not (FOLDER / link.partition("#")[0]).exists()]
    named = re.findall(r"scripts/[\w/.]+", text)
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_its_programs_are_python_and_begin_with_the_public_names(path: Path) -> None:
    programs = cells(path, "code")
    assert "import longtake" in programs[0]
    for program in programs:
        compile(re.sub(r"^!.*", "pass", program, flags=re.MULTILINE), path.name, "exec")


def executed(name: str, folder: Path) -> list[Any]:
    """Runs a notebook in an empty folder; returns what is told at its end."""
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    command = folder / "bin" / "longtake"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m longtake "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(command.parent), os.environ["PATH"]])
    own = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
    places = {name: str(folder / name.lower()) for name in own}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(FOLDER / f"{name}.ipynb"), TOLD[name]],
        cwd=folder,
        env={**os.environ, **places, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = re.findall(r"^TOLD (.*)$", done.stdout, re.MULTILINE)
    told: list[Any] = json.loads(line)
    return told


@pytest.mark.slow
def test_the_first_run_learns_what_its_videos_show(tmp_path: Path) -> None:
    accuracy, first, drawn = executed("first_run", tmp_path)
    assert accuracy > 0.7
    assert first == "order B"
    assert drawn
    assert (tmp_path / "first-run/run/evaluation/test/report.html").is_file()


@pytest.mark.slow
def test_labels_and_poses_of_other_tools_become_a_run_that_answers_arrays(tmp_path: Path) -> None:
    accuracy, answered, asked = executed("labels_and_poses", tmp_path)
    assert accuracy > 0.8
    assert answered == asked > 500


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_in_the_notebook(tmp_path: Path) -> None:
    stopped, finished, went_on, answered = executed("cluster", tmp_path)
    assert (stopped, finished, went_on) == (75, True, True)
    assert answered == [f"job{number:03d}" for number in range(8)]
