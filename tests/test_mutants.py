"""Whatever is in a file: it is read, or refused in a line, in bounded time and memory."""

import sys
from pathlib import Path

import pytest
from mutants import findings
from readers import READERS

HEAVY = [name for name, reader in READERS.items() if reader.heavy]
LIGHT = [name for name in READERS if name not in HEAVY]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched by /proc")


@pytest.fixture(scope="session")
def mutants(pytestconfig: pytest.Config) -> int:
    """How many damaged files of each kind are read."""
    return int(pytestconfig.getoption("--mutants"))


@pytest.mark.parametrize("names", [LIGHT, HEAVY], ids=["light", "heavy"])
def test_some_damaged_files(tmp_path: Path, names: list[str]) -> None:
    assert not findings(names, 15, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_files(tmp_path: Path, mutants: int, name: str) -> None:
    assert not findings([name], mutants, tmp_path)
