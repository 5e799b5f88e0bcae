import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from preprocessing.cli import COMMANDS as OTHERS
from trainer.cli import COMMANDS

ROOT = Path(__file__).parent.parent
# What the trainer may know of preprocessing: the store and what belongs to it, and the terminal.
SHARED = {
    "store",
    "sequence_file",
    "sequence_info",
    "labels",
    "label_files",
    "splits",
    "errors",
    "console",
    "options",
    "quiet",
}
SHARED |= {
    "folders",
    "hdf5_file",
    "keras_archive",
    "read_ahead",
    "whole_file",
    "python_file",
    "strays",
    "text_files",
    "numerals",
    "hints",
}
# The commands that begin with videos may extract.
EXTRACTING = {
    "demo": {"extract_options", "extraction", "samples"},
    "labelling": {"extraction", "failures", "video"},
    # Overlays are drawn into videos.
    "overlay": {"failures", "inputs", "picture_size", "video"},
    "overlay_file": {"video_file"},
    # A report plays videos, if they are still what the features were made from.
    "footage": {"thumbnails"},
    "recipe": {"extract_options", "backbones", "pixel_scale"},
    "stream": {"backbones", "frame_batches", "stream_samples", "video"},
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


@pytest.mark.parametrize("path", modules("preprocessing"), ids=lambda path: path.stem)
def test_preprocessing_never_imports_the_trainer(path: Path) -> None:
    assert not {name for name in imports_of(path) if name.split(".")[0] == "trainer"}


@pytest.mark.parametrize("path", modules("trainer"), ids=lambda path: path.stem)
def test_the_trainer_knows_the_store_and_not_how_it_was_made(path: Path) -> None:
    known = {module.stem for module in modules("preprocessing")}
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("preprocessing.")}
    assert used & known <= SHARED | EXTRACTING.get(path.stem, set())


def test_lanes_need_no_tensorflow() -> None:
    assert imports_of(ROOT / "trainer" / "lanes.py") & {"tensorflow", "keras", "numpy"} == set()


@pytest.mark.parametrize("package", ["preprocessing", "trainer"])
def test_all_names_that_are_promised_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert all(hasattr(module, name) for name in module.__all__)
    with pytest.raises(AttributeError):
        _ = module.no_such_name


@pytest.mark.parametrize(
    "arguments",
    [[*command, "--help"] for command in ([], *([name] for name in {**OTHERS, **COMMANDS}))],
)
def test_help_imports_neither_tensorflow_nor_opencv(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from trainer.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'keras', 'cv2', 'sklearn', 'scipy', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "path", [*modules("preprocessing"), *modules("trainer")], ids=lambda path: path.stem
)
def test_one_place_writes_to_the_terminal(path: Path) -> None:
    """The room of streams cleans what strangers wrote, and outlives whoever reads."""
    if path.stem in ("terminal", "console"):
        return
    printing = {"print", "sys.stdout.write", "sys.stderr.write", "traceback.print_exc"}
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not calls & printing
    assert "tqdm" not in imports_of(path)
