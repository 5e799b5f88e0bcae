"""The images of Docker and Apptainer, and the lock of versions by which they are made."""

import configparser
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEFINITION = (ROOT / "longtake.def").read_text(encoding="utf-8")
# Modules beside the packages.
MODULES = {f"{name}.py" for name in SETUP["options"].get("py_modules", "").split()}
NOT_LOCKED = "cuda"  # Its versions are those that TensorFlow itself asks for.


def needed() -> list[Requirement]:
    """Returns what setup.cfg asks for, with all extras whose versions are locked."""
    extras = dict(SETUP["options.extras_require"])
    del extras[NOT_LOCKED]
    lines = "\n".join([SETUP["options"]["install_requires"], *extras.values()]).splitlines()
    return [Requirement(line) for line in lines if line]


def locked() -> dict[str, str]:
    return dict(line.split("==") for line in LOCK if not line.startswith("#"))


def copied_by_docker() -> set[str]:
    """Returns the paths that the Dockerfile copies into the image."""
    lines = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE)
    return {path for line in lines for path in line.split()}


def copied_by_apptainer() -> dict[str, str]:
    """Returns where the definition file puts each path that it copies."""
    section = re.split(r"^%", DEFINITION, flags=re.MULTILINE)
    (files,) = [text for text in section if text.startswith("files\n")]
    return dict(line.split() for line in files.splitlines()[1:] if line.strip())


def test_the_lock_holds_a_fitting_version_of_all_that_setup_asks_for() -> None:
    versions = locked()
    wanting = {
        str(asked): version
        for asked in needed()
        if (version := versions.get(canonicalize_name(asked.name))) is None
        or not asked.specifier.contains(version)
    }
    assert not wanting, "run ./scripts/lock"


def test_the_lock_is_sorted_and_holds_names_and_versions_only() -> None:
    lines = [line for line in LOCK if not line.startswith("#")]
    assert lines == sorted(set(lines))
    assert not [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line)]
    assert len(lines) > len(needed()) / 2


def test_the_lock_says_with_what_it_was_made_and_the_images_have_that_python() -> None:
    made = re.fullmatch(
        r"# Made by ./scripts/lock: .* Python (3\.\d+)\.\d+ on Linux \S+\.", LOCK[0]
    )
    assert made
    assert re.fullmatch(r"# Tests that passed with these versions: .+\.", LOCK[1])
    base = f"python:{made[1]}-slim"
    assert f"\nFROM {base}\n" in DOCKERFILE
    assert f"\nFrom: {base}\n" in DEFINITION


def test_both_images_install_by_the_lock() -> None:
    for text in (DOCKERFILE, DEFINITION):
        assert "python -m pip install --no-cache-dir --constraint requirements.lock " in text


def test_both_images_copy_all_that_is_installed_and_nothing_that_is_not_there() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    read = {"pyproject.toml", "setup.cfg", "requirements.lock"}
    described = {SETUP["metadata"]["long_description"].split()[-1], "LICENSE"}
    wanted = packages | MODULES | read | described
    copied = copied_by_docker()
    assert wanted <= copied
    assert not {path for path in copied if not (ROOT / path).exists()}
    assert copied_by_apptainer() == {path: f"/opt/longtake/{path}" for path in copied}


def test_docker_is_given_only_what_it_copies() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied_by_docker()


@pytest.mark.parametrize("text", [DOCKERFILE, DEFINITION], ids=["Docker", "Apptainer"])
def test_extras_that_an_image_is_made_with_are_in_setup(text: str) -> None:
    given = re.findall(r"\bEXTRAS=([\w,-]+)", text)
    known = set(SETUP["options.extras_require"])
    assert given
    assert {name for names in given for name in names.split(",")} <= known
