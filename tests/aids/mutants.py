"""Damaged files, read in a process of their own that is watched.

``python tests/aids/mutants.py READER SEED`` reads one of them and shows where it failed.
"""

import faulthandler
import hashlib
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 20
MEGABYTE = 1 << 20
# More than this above the start is a finding; what goes beyond the second is not given out.
MEMORY, ROOM = 500 * MEGABYTE, 3000 * MEGABYTE
DEATHS = 10
FOUND = "found: "
# The library for HDF5 may follow a damaged heap of strings round and round, which nobody can stop
# but with a process of its own: a known limit (docs/reliability.md).
ENDED, HDF5_LOOPS = ("Timeout (", "Fatal Python error: "), "site-packages/h5py"
# What somebody might write who wants to do harm, or a disk by chance.
NUMBERS = (0, 1, 1 << 31, 1 << 40, 1 << 56, (1 << 63) - 1)
MARKS = "\n|\r|\0|\"|'|,|\n\n|\ufeff|\x1b[2J|\u202e|%|null|[]|{}|&a [*a]|!!python/object:os.system"
DEEP = ("[" * 20_000, '{"a":' * 5000, "- " * 3000)
FIGURES = ("nan", "-inf", "1e999", "-1", "1_0", "9" * 20, "9" * 5000)
SPLINTERS = (
    *(number.to_bytes(8, "little") for number in NUMBERS),
    *(b"\xff" * length for length in (1, 2, 4, 8)),
    *(b"\x7f\xff\xff\xff", b"\0" * 16),
    *(text.encode() for text in (*MARKS.split("|"), *DEEP, *FIGURES)),
)


def mutant(content: bytes, seed: int) -> bytes:
    """The same file with some damage, always the same for a seed."""
    chance = random.Random(seed)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        content = chance.choice(KINDS)(content, chance)
    return content


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    length = int(2 ** chance.uniform(0, len(content).bit_length()))
    return start, min(start + length, len(content))


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    start, stop = _span(content, chance)
    return content[:start] + chance.randbytes(min(stop - start, 64)) + content[start + 64 :]


def _splinter(content: bytes, chance: random.Random) -> bytes:
    """Something in place of as many bytes."""
    start, splinter = chance.randrange(len(content) + 1), chance.choice(SPLINTERS)
    return content[:start] + splinter + content[start + len(splinter) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    start, splinter = chance.randrange(len(content) + 1), chance.choice(SPLINTERS)
    return content[:start] + splinter + content[start:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _remove(content: bytes, chance: random.Random) -> bytes:
    start, stop = _span(content, chance)
    return content[:start] + content[stop:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, stop = _span(content, chance)
    return content[:stop] + content[start:stop] + content[stop:]


def _move(content: bytes, chance: random.Random) -> bytes:
    start, stop = _span(content, chance)
    rest = content[:start] + content[stop:]
    place = chance.randrange(len(rest) + 1)
    return rest[:place] + content[start:stop] + rest[place:]


KINDS = (_flip, _flip, _flip, _splinter, _splinter, _insert, _overwrite, _cut, _remove, _repeat)
KINDS += (_move,)


def findings(names: Sequence[str], count: int, folder: Path) -> list[str]:
    """Reads mutants 0 to ``count`` of each reader; returns a line for each kind of failure."""
    todo = list(names)
    found: list[str] = []
    first = deaths = 0
    while todo and deaths < DEATHS:
        place = folder / "place"
        place.write_text(f"{todo[0]}|-1")
        ended, said = _child(todo, first, count, place)
        found += said
        if not ended:
            break
        name, seed = place.read_text().split("|")
        errors = (folder / "errors").read_text(errors="replace")
        if not (HDF5_LOOPS in errors and any(how in errors for how in ENDED)):
            deaths += 1
            found.append(f"{name} {seed}: died of {ended}: {errors[-1000:]}")
        todo = todo[todo.index(name) + (int(seed) < 0) :]
        first = int(seed) + 1
    return found


def _child(names: Sequence[str], first: int, count: int, place: Path) -> tuple[int, list[str]]:
    """Reads mutants of several readers in a process, those of the first one from ``first`` on."""
    said, errors = place.with_name("said"), place.with_name("errors")
    with said.open("w") as out, errors.open("w") as err:
        ended = subprocess.run(
            [sys.executable, __file__, "watch", str(first), str(count), str(place), *names],
            stdout=out,
            stderr=err,
            cwd=place.parent,
            env={**os.environ, "MALLOC_ARENA_MAX": "2", "TF_CPP_MIN_LOG_LEVEL": "3"},
        ).returncode
    lines = said.read_text("utf-8", "replace").splitlines()
    return ended, [line.removeprefix(FOUND) for line in lines if line.startswith(FOUND)]


def watch(name: str, first: int, count: int, place: Path) -> None:
    """Reads mutants in this process, and prints what should not have been."""
    from readers import READERS

    faulthandler.enable()
    reader = READERS[name]
    place.write_text(f"{name}|-1")
    with tempfile.TemporaryDirectory() as folder:
        path = reader.make(Path(folder))
        content = path.read_bytes()
        whole = _summary(reader.read(path))
        seen: set[str] = set()
        start = _megabytes("VmRSS")
        limit = _megabytes("VmSize") * MEGABYTE + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        for seed in range(first, math.ceil(count / reader.cost)):
            place.write_text(f"{name}|{seed}")
            damaged = mutant(content, seed)
            path.write_bytes(damaged)
            _forget_peak()
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            kind = _failure(reader, path, whole)
            faulthandler.cancel_dump_traceback_later()
            if (_megabytes("VmHWM") - start) * MEGABYTE > MEMORY:
                kind = f"{_megabytes('VmHWM') - start} MB more than at the start; {kind}"
            key = kind.split("|")[-1]
            if kind and key not in seen:
                seen.add(key)
                print(f"{FOUND}{name} {seed}: {kind}", flush=True)


def _failure(reader: Any, path: Path, whole: str) -> str:
    """Says what was wrong with how a damaged file was read, if anything."""
    from preprocessing.errors import InputError

    try:
        read = reader.read(path)
    except InputError:
        return ""
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        *_, last = (frame for frame in frames if str(ROOT) in frame.filename)
        at = f"{Path(last.filename).name}:{last.lineno} {last.name}"
        return f"{error!s:.120}|{type(error).__name__} at {at}".replace("\n", " ")
    return "what was read is another" if reader.digest and _summary(read) != whole else ""


def _summary(read: Any) -> str:
    return hashlib.sha256(repr(read).encode("utf-8", "replace")).hexdigest()


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _megabytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(f"{field}:"))


def show(name: str, seed: int) -> None:
    """Reads one mutant; its error is this program's."""
    from readers import READERS

    with tempfile.TemporaryDirectory() as folder:
        path = READERS[name].make(Path(folder))
        path.write_bytes(mutant(path.read_bytes(), seed))
        print(READERS[name].read(path))


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        first, count, place, *names = sys.argv[2:]
        for number, name in enumerate(names):
            watch(name, 0 if number else int(first), int(count), Path(place))
    else:
        show(sys.argv[1], int(sys.argv[2]))
