"""The commands in the documentation work, or are named here as not run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pages
import pytest
import workshop
from commands import LONGTAKE

from preprocessing.errors import InputError
from preprocessing.terminal.commands import _import, _parsed
from trainer.cli import COMMANDS as TRAINER
from trainer.cli import preprocessing_cli

COMMANDS = {**preprocessing_cli.COMMANDS, **TRAINER}
VIDEOS = workshop.write_videos
# What must have been done before the commands of a page, which begin where others end.
EXTRACTED = ("longtake extract videos/ --store store",)
TRAINED = (*EXTRACTED, "longtake train --store store --labels labels.csv --run runs/first")
CROSSED = (  # With wrong labels, which review finds.
    "ln -s store features",
    "sed -i '/^P01_a/ { s/idle/x/; s/welding/idle/; s/x/welding/ }' labels.csv",
    "longtake cross-validate --store store --labels labels.csv --folds 2 --run runs/crossed",
)
LATER = ("longtake extract new-videos/ --store store",)

# Pages whose commands are run one after the other: what lies in the folder, what was done before.
RUN: dict[str, tuple[tuple[Callable[[Path], None], ...], tuple[str, ...]]] = {
    "README.md": ((VIDEOS,), ()),
    "first-steps.md": ((VIDEOS, workshop.write_recordings), ()),
    "from-boris.md": ((VIDEOS, workshop.write_project), ()),
    "from-pose.md": ((VIDEOS, workshop.write_poses), ()),
    "operations.md": ((workshop.write_operations,), ()),
    "camera.md": ((VIDEOS,), ()),
    "from-keras.md": ((), ()),
    "guide.md": (
        (VIDEOS, workshop.write_project, workshop.write_lines_a_frame),
        (
            *(*TRAINED, *CROSSED, *LATER),
            *("rm -r runs/first", "mv mice.boris mine.boris", "cp -r new-videos archive"),
        ),
    ),
    "review.md": ((VIDEOS,), (*EXTRACTED, *CROSSED[:2], CROSSED[2].replace(" 2 ", " 4 "), *LATER)),
    "ensembles.md": ((VIDEOS, workshop.write_lines_a_frame), EXTRACTED),
    "seeds-and-folds.md": ((VIDEOS,), EXTRACTED),
    "models.md": ((VIDEOS,), (*EXTRACTED, "cp docs/examples/causal_convolution.py my_model.py")),
    "export.md": ((VIDEOS,), (*TRAINED, "cp new-videos/P07_a.mp4 video.mp4")),
    "streaming.md": ((VIDEOS,), (*TRAINED, "cp new-videos/P07_a.mp4 new.mp4")),
}
# Commands that are not run, by page and by how they begin, and why.
NOT_RUN = {
    ("README.md", "./scripts/"): "tests/demo runs the demo; the tests are these",
    ("backbones.md", ""): "needs networks that are downloaded; tests/backbones makes small ones",
    ("benchmarks.md", ""): "takes hours, and recordings of others; test_bench.py has each briefly",
    ("camera.md", "longtake stream runs/late 0"): "needs a camera",
    ("camera.md", "longtake stream runs/late rtsp:"): "needs a camera",
    ("cluster.md", ""): "needs a cluster; tests/slurm types what needs none, tests/extraction more",
    ("ensembles.md", "longtake train --store store --labels labels --label-fps 5"): "shows figures",
    ("finetuning.md", ""): "takes long without a GPU; tests/training trains a small backbone",
    ("guide.md", "longtake compare usual running"): "shows figures; run on other pages",
    ("labels.md", ""): "shows files of others; tests/labels writes such",
    ("notebooks.md", ""): "tests/test_notebooks.py runs the notebooks",
    ("export.md", "python docs/examples/onnx_client.py"): "tests/export runs it",
    ("streaming.md", "longtake stream runs/first 0"): "needs a camera",
    ("streaming.md", "longtake stream runs/first rtsp:"): "needs a camera",
    ("streaming.md", "longtake stream runs/first new.mp4 | jq"): "needs jq",
    ("tuning.md", ""): "tests/tuning searches briefly",
}


def is_run(page: str, command: str) -> bool:
    """Returns False for a command that is named as not run."""
    return page in RUN and not any(
        page == name and command.startswith(begin) for name, begin in NOT_RUN
    )


def test_each_page_with_commands_is_run_or_named_as_not() -> None:
    with_commands = {page for page in pages.PAGES if pages.commands(page)}
    left = [p for p in with_commands if p not in RUN and (p, "") not in NOT_RUN]
    assert not left
    assert set(RUN) <= with_commands
    unused = [
        (page, begin)
        for page, begin in NOT_RUN
        if not any(command.startswith(begin) for command in pages.commands(page))
    ]
    assert not unused


@pytest.mark.parametrize("page", sorted(page for page in pages.PAGES if pages.commands(page)))
def test_commands_of_longtake_have_options_that_exist(page: str) -> None:
    problems = {command: problem(command) for command in pages.commands(page)}
    assert {command: text for command, text in problems.items() if text} == {}


def problem(command: str) -> str:
    """Returns what is wrong with the options of a command, but for files that are not here."""
    words = re.match(r"(?:\S*=\S+ )*longtake (.*)", command)
    if not words:
        return ""
    name, *given = shlex.split(re.split(r" [|>]", words[1])[0])
    try:
        _parsed(COMMANDS[name], name, given)
    except InputError as error:
        return (
            "" if re.search("does not exist|cannot read|No such file", str(error)) else str(error)
        )
    return ""


def test_commands_between_the_lines_have_options_that_exist() -> None:
    """Such as `longtake extract --fps 4`: their command and their flags are there."""
    for page, path in pages.PAGES.items():
        for text in re.findall(r"`longtake ([a-z][^`]*)`", path.read_text(encoding="utf-8")):
            name, *words = text.split()
            assert name in COMMANDS, (page, text)
            known = known_flags(name)
            assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, text


def known_flags(command: str) -> set[str]:
    """Returns the flags of a command."""
    options = _import(COMMANDS[command].options)
    names = [name.replace("_", "-") for name in options.__dataclass_fields__]
    return {"--help", "--config", "--recipe"}.union(*({f"--{n}", f"--no-{n}"} for n in names))


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_what_a_page_says_works(page, tmp_path, monkeypatch) -> None:
    made, before = RUN[page]
    monkeypatch.chdir(tmp_path)
    for make in made:
        make(tmp_path)
    (tmp_path / "docs").symlink_to(pages.ROOT / "docs")
    environment = as_installed(tmp_path)
    for command in before:
        run(command, environment)
    names: dict[str, object] = {}
    for part in dict.fromkeys(pages.parts(page)):  # What is shown again is not done again.
        if part.python:
            exec(compile(part.text, page, "exec"), names)
        elif is_run(page, part.text):
            run(part.text, environment)


def as_installed(folder: Path) -> dict[str, str]:
    """Returns the environment of a shell that finds ``longtake`` and ``python``."""
    programs = folder / ".programs"
    programs.mkdir()
    called = shlex.join([sys.executable, "-c", LONGTAKE])
    for name, words in (("longtake", called), ("python", sys.executable)):
        (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(pages.ROOT)}


def run(command: str, environment: dict[str, str]) -> None:
    """Runs a command in a shell, and fails if any program of it does."""
    shell = shutil.which("bash") or "bash"
    words = [shell, "-o", "pipefail", "-c", command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
