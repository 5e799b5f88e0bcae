import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from floors import FLOORS

from preprocessing.cli import COMMANDS as OTHERS
from trainer.cli import COMMANDS

ROOT = Path(__file__).parent.parent
MOST_BESIDE_FOLDERS = 8
# What the trainer may know of preprocessing: the store, labels, files and the terminal.
SHARED = {"store", "labels", "terminal", "files", "errors", "read_ahead"}
# Rooms that begin with videos, and what else they know.
WITH_VIDEOS = {
    "backbone": {"backbones", "cores"},
    "config": {"backbones"},
    "run/folder": {"backbones"},
    "demo": {"extraction"},
    "export": {"backbones", "extraction", "videos"},
    "doctor": {"extraction"},
    "labelling": {"extraction", "videos"},
    "overlay": {"videos"},
    "streaming": {"backbones", "videos"},
    "trained": {"extraction"},
    "same_features": {"backbones", "extraction"},
    "report/footage": {"videos"},
    "cli": {"cli"},
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def rooms(package: str) -> set[str]:
    """Folders directly under a package that hold modules, and the modules beside them."""
    found = {path.relative_to(ROOT / package).parts[0] for path in modules(package)}
    return {name.removesuffix(".py") for name in found} - {"__init__"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix(""))


@pytest.mark.parametrize("path", modules("preprocessing"), ids=name_of)
def test_preprocessing_never_imports_the_trainer(path: Path) -> None:
    assert not {name for name in imports_of(path) if name.split(".")[0] == "trainer"}


def room_of(name: str) -> str:
    """The folder under a package, or the module beside folders, in which an import ends."""
    return name.split(".")[1]


def places(path: Path) -> set[str]:
    """The names under which a room can be listed: ``report`` and ``report/footage``."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return {"/".join(parts[: end + 1]) for end in range(len(parts))}


@pytest.mark.parametrize("path", modules("trainer"), ids=name_of)
def test_the_trainer_knows_the_store_and_not_how_it_was_made(path: Path) -> None:
    used = {room_of(name) for name in imports_of(path) if name.startswith("preprocessing.")}
    allowed = SHARED.union(*(WITH_VIDEOS.get(place, set()) for place in places(path)))
    assert used & rooms("preprocessing") <= allowed


@pytest.mark.parametrize("package", FLOORS)
def test_no_folder_imports_one_above_it(package: str) -> None:
    floors = FLOORS[package]
    assert set.union(*floors) == rooms(package)
    wrong = []
    for path in modules(package):
        room = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        below = set().union(*floors[: next(n for n, floor in enumerate(floors) if room in floor)])
        used = {room_of(name) for name in imports_of(path) if name.startswith(f"{package}.")}
        used &= rooms(package)
        wrong += [f"{name_of(path)} imports {other}" for other in used - below - {room}]
    assert not wrong


@pytest.mark.parametrize("package", FLOORS)
def test_a_folder_says_in_a_sentence_what_lives_there(package: str) -> None:
    folders = {path.parent for path in modules(package)} - {ROOT / package}
    for folder in folders:
        docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert docstring, folder
        assert docstring.split("\n")[0].endswith("."), folder
    beside = [path for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")]
    assert len(beside) <= MOST_BESIDE_FOLDERS


def test_no_folder_hides_a_function_of_its_name() -> None:
    for package in FLOORS:
        assert not rooms(package) & set(importlib.import_module(package).__all__)


def test_plans_are_arithmetic_on_lengths() -> None:
    for path in (ROOT / "trainer" / "plan").glob("*.py"):
        assert not imports_of(path) & {"tensorflow", "keras", "numpy"}


@pytest.mark.parametrize("package", ["preprocessing", "trainer", "longtake"])
def test_all_names_that_are_promised_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert all(hasattr(module, name) for name in module.__all__)
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError):
        _ = module.no_such_name


HELP = """
import sys
from trainer.cli import main
for arguments in {}:
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit:
        pass
    heavy = {{"tensorflow", "keras", "cv2", "sklearn", "scipy", "matplotlib"}} & set(sys.modules)
    assert not heavy, (arguments, heavy)
"""


def test_help_imports_neither_tensorflow_nor_opencv() -> None:
    commands = [[], *([name] for name in {**OTHERS, **COMMANDS})]
    code = HELP.format([[*command, "--help"] for command in commands])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: longtake") >= len(commands)


@pytest.mark.parametrize(
    "path",
    [*modules("longtake"), *modules("preprocessing"), *modules("trainer")],
    ids=name_of,
)
def test_one_place_writes_to_the_terminal(path: Path) -> None:
    """The room of streams cleans what strangers wrote, and outlives whoever reads."""
    if path.parent.name == "terminal":
        return
    printing = {"print", "sys.stdout.write", "sys.stderr.write", "traceback.print_exc"}
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not calls & printing
    assert "tqdm" not in imports_of(path)


def test_what_waits_for_trainings_does_not_import_tensorflow_itself() -> None:
    folders = ("tuning", "repeats", "cross_validation")
    code = "import importlib, sys\n" + "".join(
        f"importlib.import_module('trainer.{folder}.command')\n"
        f"assert not {{'tensorflow', 'keras'}} & set(sys.modules), '{folder}'\n"
        for folder in folders
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
