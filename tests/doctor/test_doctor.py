"""The command ``doctor``: what it tells of a machine, and that nothing which is broken stops it."""

import configparser
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spoken import Longtake, refusal, speaking

from trainer.doctor import child, command, devices, machine, packages, videos
from trainer.doctor.finding import Finding, cause
from trainer.doctor.updates import PRECISIONS


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No devices and no videos: those take seconds, and tests of their own."""
    for name in ("device_findings", "video_findings"):
        monkeypatch.setattr(command, name, lambda folder: iter([Finding("quick", "ok", "5")]))


def write_updates(folder: Path, kind: str, driver: bool = False, **off: float) -> None:
    """Writes what ``updates`` leaves: weights that went from 0 to 1, or ``off`` by so much."""
    weights = {"CPU 0 float32 begun": np.zeros(4, "float32")} if kind == "CPU" else {}
    found = []
    for precision in PRECISIONS if off or driver or kind == "CPU" else ():
        key = f"{kind} 0 {precision}"
        weights[key] = np.full(4, 1 + off.get(precision, 0.0), "float32")
        about = {"device_name": "H1" if kind == "GPU" else "", "recurrent": "in cuDNN: 1 of 1"}
        found.append({"key": key, "steps_a_second": 9e4, **about})
    np.savez(folder / f"{kind}.npz", **weights)
    facts = {"build": {"cuda_version": "12.5", "cudnn_version": "9"}, "driver": driver}
    (folder / f"{kind}.json").write_text(json.dumps({**facts, "updates": found}))


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def judged(monkeypatch: pytest.MonkeyPatch, folder: Path, **off: Any) -> dict[str, Finding]:
    monkeypatch.setattr(devices, "run_child", lambda module, folder, kind: off.get("says", ""))
    return {one.name: one for one in devices.device_findings(folder)}


def test_each_line_says_what_was_found(longtake: Longtake, quick: None, tmp_path: Path) -> None:
    code, out, _ = longtake("doctor", tmp_path)
    assert code == 0, out
    assert "ok       cores: " in out
    assert "HDF5 1." in out
    assert "is written, read and shared by processes" in out
    assert out.endswith("all that is needed works\n")
    assert not list(tmp_path.iterdir())
    assert str(Path.home()) not in out
    assert str(tmp_path) not in out


def test_json_is_all_of_standard_output(longtake: Longtake, quick: None, tmp_path: Path) -> None:
    code, out, _ = longtake("doctor", tmp_path, "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (0, True)
    assert {one["state"] for one in told["checks"]} <= {"ok", "missing", "failed"}
    assert {"longtake", "packages", "cores", "memory", "folder"} <= {
        one["name"] for one in told["checks"]
    }


def test_a_folder_that_is_none_is_refused(longtake: Longtake, tmp_path: Path) -> None:
    assert "is no folder; give the one" in refusal(longtake("doctor", tmp_path / "none"))


def test_a_folder_that_may_not_be_written_to_fails() -> None:
    *_, folder = machine.machine_findings(Path("/proc"))  # Not even by root.
    assert (folder.name, folder.state) == ("folder", "failed")
    assert folder.advice == "give another FOLDER, which may be written to"


def test_what_one_process_works_on_must_be_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "lease", lambda path: nullcontext())
    *_, folder = machine.machine_findings(tmp_path)
    assert (folder.state, folder.figure) == (
        "failed",
        "a file that one process works on can be had by another",
    )


def test_nothing_that_lies_in_the_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("trainer", "preprocessing", "json"):
        (tmp_path / f"{name}.py").write_text("open('sprung', 'w')")
    monkeypatch.chdir(tmp_path)
    *_, folder = machine.machine_findings(Path())
    assert folder.state == "ok"
    assert not list(tmp_path.rglob("sprung"))


def test_little_memory_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 700_000_000)
    _, memory, _ = machine.machine_findings(tmp_path)
    assert (memory.state, memory.figure) == ("failed", "0.7 GB free")
    assert memory.advice == "training takes 1.1 GB: end other programs"


def test_a_check_that_breaks_stops_no_other(
    longtake: Longtake, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError(f"no {Path.home()}/x\nnor {tmp_path}/y")

    monkeypatch.setattr(command, "package_findings", broken)
    code, out, _ = longtake("doctor", tmp_path)
    assert code == 3
    assert "failed   packages: nor FOLDER/y\n" in out
    assert "ok       quick: 5\n" in out
    assert out.endswith("failed: packages\n")


def test_packages_that_are_old_or_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["numpy>=99", "h5py>=3.11", "nothing-of-this-name>=1", 'onnx>=1; extra == "export"']
    requires = packages.metadata.requires
    monkeypatch.setattr(
        packages.metadata, "requires", lambda name: asked if name == "longtake" else requires(name)
    )
    found = {one.name: one for one in packages.package_findings()}
    assert found["packages"].state == "failed"
    assert "numpy is " in found["packages"].figure
    assert ", expected >=99; nothing-of-this-name is not installed" in found["packages"].figure
    assert found["extra export"].state in ("ok", "missing")
    assert "extra tune" not in found


def test_every_extra_that_a_user_may_want_is_looked_at() -> None:
    settings = configparser.ConfigParser()
    settings.read(Path(__file__).parents[2] / "setup.cfg")
    extras = set(settings["options.extras_require"]) - {"dev", "docs"}
    assert set(packages.EXTRAS) == extras


def test_weights_that_are_off_fail_and_so_does_a_driver_without_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_updates(tmp_path, "CPU", mixed_bfloat16=0.05)
    found = judged(monkeypatch, tmp_path)
    assert [one.state for one in found.values()] == ["ok", "ok", "ok", "missing"]
    write_updates(tmp_path, "CPU", driver=True, mixed_float16=0.05)
    write_updates(tmp_path, "GPU")
    found = judged(monkeypatch, tmp_path)
    assert found["CPU 0, mixed_float16"].state == "failed"
    assert "5.00% off" in found["CPU 0, mixed_float16"].figure
    assert 'pip install ".[cuda]"' in found["GPU"].advice
    write_updates(tmp_path, "GPU", driver=True, float32=float("nan"))
    found = judged(monkeypatch, tmp_path)
    assert found["GPU 0, H1, float32"].state == "failed"
    assert "CUDA_VISIBLE_DEVICES=-1" in found["GPU 0, H1, float32"].advice
    assert "for CUDA 12.5, cuDNN 9" in found["GPU 0, H1, mixed_float16"].figure


def test_a_process_that_is_killed_or_fails_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "stages.jsonl").touch()
    said = child.run_child("nothing", tmp_path)
    assert said.endswith("No module named trainer.doctor.nothing")
    assert sys.prefix not in said


def test_a_cause_names_no_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shown = {Path("/data/given"): "FOLDER"}
    assert cause(f"first\nno {tmp_path}/x, nor /data/given/y\n", shown) == "no ~/x, nor FOLDER/y"
    monkeypatch.setenv("HOME", "/")
    assert cause("no /x/y", {}) == "no /x/y"
    monkeypatch.setattr(Path, "home", no_home)
    assert cause("no /x/y", {}) == "no /x/y"
    assert cause("", {}) == "it said nothing"


def test_stages_that_were_done_before_one_failed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(module: str, folder: Path) -> str:
        (folder / videos.STAGES).write_text('{"stage": "extract", "seconds": 2.04}\n')
        return "the loss became nan"

    monkeypatch.setattr(videos, "run_child", fails)
    decoders, journey = videos.video_findings(tmp_path)
    assert decoders.state == "ok"
    assert journey.figure == "the loss became nan (done until then: extract 2.0 s)"


@pytest.mark.slow
def test_all_of_it_works_here(longtake: Longtake, tmp_path: Path) -> None:
    code, out, _ = longtake("doctor", tmp_path)
    assert code == 0, out
    assert "ok       CPU 0, float32: " in out
    assert "stream" in out
