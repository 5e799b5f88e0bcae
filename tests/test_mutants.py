"""Whatever is in a file: it is read, or refused in a line, in bounded time and memory."""

import sys
from pathlib import Path

import pytest
from mutants import findings
from readers import READERS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched by /proc")


@pytest.fixture(scope="session")
def mutants(pytestconfig: pytest.Config) -> int:
    """How many damaged files of each kind are read."""
    return int(pytestconfig.getoption("--mutants"))


def test_some_damaged_files(tmp_path: Path) -> None:
    assert not findings(list(READERS), 8, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_files(tmp_path: Path, mutants: int, name: str) -> None:
    assert not findings([name], mutants, tmp_path)
