"""What benchmarks share: sides in processes of their own, in turn, and what comes of them.

A side is a command. One written in Python prints, as its last line, JSON with at least ``wall`` and
``cpu``: the seconds of its work, without starting and importing. Those of any other command are the
seconds of its process. CPU seconds are user and system time of all threads.
"""

import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
TORCH = ("torch==2.13.0", "numpy", "h5py")

Facts = dict[str, Any]
Command = Sequence[str | Path]


def in_turn(sides: Mapping[str, Command], rounds: int) -> dict[str, Facts]:
    """Runs each side once a round, one at a time.

    Returns:
        For each side the medians over the rounds of the numbers that it reports.
    """
    results: dict[str, list[Facts]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, command in sides.items():
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
            results[name].append(run(command))
    return {name: medians(found) for name, found in results.items()}


def run(command: Command) -> Facts:
    """Runs a side in a process of its own.

    Returns:
        ``wall`` and ``cpu``, ``process_wall`` and ``process_cpu``, and whatever it printed.

    Raises:
        RuntimeError: it failed.
    """
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    before, begin = _children_cpu(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True)
    spent = {
        "process_wall": time.perf_counter() - begin,
        "process_cpu": _children_cpu() - before,
    }
    if done.returncode:
        said = done.stderr.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{said}")
    whole = {"wall": spent["process_wall"], "cpu": spent["process_cpu"]}
    return {**whole, **spent, **_printed(done.stdout)}


def _printed(output: bytes) -> Facts:
    lines = output.splitlines()
    printed: Facts = json.loads(lines[-1]) if lines and lines[-1].startswith(b"{") else {}
    return printed


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def torch_environment(more: Sequence[str] = ()) -> Path:
    """Makes an environment with PyTorch for the CPU and what else is named, once.

    Returns:
        Its interpreter.
    """
    folder, wanted = BUILD / "torch", {*TORCH, *more}
    python, whole = folder / "bin" / "python", folder / "whole"
    had = set(whole.read_text().split()) if whole.exists() else set()
    if not had:
        venv.create(folder, clear=True, with_pip=True)
    if not wanted <= had:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *sorted(wanted)], check=True)
        whole.write_text("\n".join(sorted(wanted | had)))
    return python


@contextlib.contextmanager
def clock() -> Iterator[Facts]:
    """Measures a block within a side: fills ``wall`` and ``cpu``."""
    spent: Facts = {}
    usage, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield spent
    spent["wall"] = time.perf_counter() - begin
    now = resource.getrusage(resource.RUSAGE_SELF)
    spent["cpu"] = now.ru_utime + now.ru_stime - usage.ru_utime - usage.ru_stime


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def medians(found: Sequence[Facts]) -> Facts:
    """The median of each number; of anything else, what the last round said."""
    return {
        key: statistics.median(facts[key] for facts in found)
        if isinstance(value, int | float)
        else value
        for key, value in found[-1].items()
    }


def machine() -> Facts:
    """The processor, its cores, and what else was running."""
    model = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    cores = len(os.sched_getaffinity(0))
    return {"processor": model, "cores": cores, "load": round(os.getloadavg()[0], 1)}


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Lays out rows under their columns: the first to the left, numbers to the right."""
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return "" if value is None else str(value)


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def write(name: str, results: Facts, tables: Mapping[str, Table]) -> Path:
    """Writes what a benchmark found as JSON under ``build/bench``.

    Args:
        name: of the file.
        results: all that was measured.
        tables: columns and rows of each; what ``tables.py`` keeps, with the command and the commit.

    Returns:
        The file.
    """
    commit = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    about = {
        "command": " ".join(["python", *sys.argv]),
        "measured": time.strftime("%Y-%m-%d"),
        "commit": subprocess.run(commit, capture_output=True, text=True).stdout.strip(),
        "software": _versions(),
        "tables": {name: {"columns": c, "rows": rows} for name, (c, rows) in tables.items()},
    }
    path = BUILD / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**results, **about}, indent=2) + "\n", encoding="utf-8")
    return path


def _versions() -> str:
    packages = ("tensorflow", "keras", "av", "opencv-python-headless")
    found = [f"{name} {metadata.version(name)}" for name in packages]
    return ", ".join([f"Python {platform.python_version()}", *found, *TORCH[:1]])
