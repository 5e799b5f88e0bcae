"""The names that users import, from one place."""

import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest
from floors import FLOORS

import longtake

ROOT = Path(__file__).parent.parent
SOME = "from types import SimpleNamespace as Run\ndef train(config): raise SystemExit('not ours')\n"


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder, which it then looks for modules in first."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
    )


def test_the_names_are_those_of_both_packages() -> None:
    packages = {package: importlib.import_module(package) for package in FLOORS}
    assert longtake.__all__ == sorted(name for p in packages.values() for name in p.__all__)
    for package in packages.values():
        assert all(getattr(longtake, name) is getattr(package, name) for name in package.__all__)
    assert {name for name in dir(longtake) if name[0] != "_"} == set(longtake.__all__)


def test_a_name_is_imported_when_it_is_asked_for(tmp_path: Path) -> None:
    code = (
        "import sys, longtake\n"
        "heavy = {'tensorflow', 'keras', 'h5py', 'numpy', 'tyro', 'cv2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "dir(longtake), longtake.InputError, longtake.TrainConfig\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    done = python(tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", ["trainer.py", "preprocessing.py", "trainer/__init__.py", "preprocessing/__init__.py"]
)
def test_what_hides_a_package_is_named_and_not_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it has some of the names."""
    package = name.split("/")[0].removesuffix(".py")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, package)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(f"raise SystemExit('it was run')\n{SOME}")
    with pytest.raises(ImportError) as error:
        longtake._homes()
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{tmp_path / name} hides Longtake's own package {package}, which is ")
    assert f"{ROOT / package}: rename yours, or start Python with -P" in line


def test_a_module_that_was_imported_before_hides_a_package_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trainer.py").write_text(SOME)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "trainer")
    monkeypatch.setitem(sys.modules, "trainer", importlib.import_module("trainer"))
    with pytest.raises(ImportError, match=r"trainer\.py hides"):
        longtake._homes()


def test_a_module_without_a_home_hides_a_package_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trainer", types.ModuleType("trainer"))
    with pytest.raises(ImportError, match="a module of that name hides Longtake's own package tra"):
        longtake._homes()


def test_a_package_that_was_installed_over_ours_is_no_riddle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.import_module("trainer"), "__all__", ["train"])
    with pytest.raises(ImportError, match=r"lack EvaluateConfig, .*; install longtake again"):
        longtake._homes()


@pytest.mark.parametrize("arguments", [["mine.py"], ["-m", "longtake"]])
def test_the_last_line_says_that_a_file_in_the_folder_hides_ours(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "trainer.py").write_text(SOME)
    (tmp_path / "mine.py").write_text("import longtake\n")
    done = python(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {tmp_path / 'trainer.py'} hides Longtake's own package ")


def test_python_m_longtake_is_the_command_line(tmp_path: Path) -> None:
    done = python(tmp_path, "-m", "longtake")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: longtake COMMAND")
    assert "  evaluate " in done.stdout


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has -P from 3.11 on")
@pytest.mark.slow
def test_with_p_nothing_beside_a_script_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "trainer.py").write_text(SOME)
    done = python(tmp_path, "-P", "-c", "import longtake; print(longtake.Run('runs/first'))")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "<Run('runs/first'): not trained yet>\n"
