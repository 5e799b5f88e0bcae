"""What the documentation says of the code and of itself."""

import re
from pathlib import Path

import pytest
from test_structure import FLOORS

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def paragraphs(package: str) -> dict[str, str]:
    """What architecture.md says of each folder, in its order."""
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
