"""The job array's script, run by bash with the variables that Slurm sets."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

TESTS = Path(__file__).parent
SCRIPT = TESTS.parent / "scripts" / "slurm" / "extract.sbatch"
# `--backbone histogram` may take the place of the light one.
LONGTAKE = "import light; from trainer.cli import main; raise SystemExit(main())"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five videos, and an environment in which longtake is installed."""
    (tmp_path / "videos").mkdir()
    for number in range(5):
        path = tmp_path / "videos" / f"v{number}.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 8, (48, 32))
        for frame in range(8):
            writer.write(np.full((32, 48, 3), 10 * number + frame, np.uint8))
        writer.release()
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f"PATH='{programs}':$PATH\n")
    command = f"#!/bin/sh\nexec '{sys.executable}' -c '{LONGTAKE}' \"$@\"\n"
    (programs / "longtake").write_text(command)
    (programs / "longtake").chmod(0o755)
    return tmp_path


def run(folder: Path, part: int, *options: str, **variables: str) -> tuple[int, str]:
    """Runs the script as task ``part`` of an array of three; returns its exit code and log."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
        "VIDEOS": str(folder / "videos"),
        "STORE": str(folder / "store"),
        "VENV": str(folder / "venv"),
        # Slurm itself calls the environment of a job so.
        "ENVIRONMENT": "BATCH",
        "SLURM_ARRAY_TASK_ID": str(part),
        "SLURM_ARRAY_TASK_COUNT": "3",
        "SLURM_CPUS_PER_TASK": "2",
        **variables,
    }
    done = subprocess.run(
        ["bash", str(SCRIPT), "--backbone", "light", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def stored(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "store").glob("*.h5"))


def test_the_tasks_of_an_array_together_extract_every_video_once(folder):
    for part, videos in ((1, 2), (2, 2), (3, 1)):
        code, log = run(folder, part, "--fps", "8")
        assert code == 0, log
        assert f"part {part}/3" in log
        assert f"{videos} extracted, 0 already done, 0 failed: {8 * videos} steps" in log
    assert stored(folder) == ["v0", "v1", "v2", "v3", "v4"]


def test_a_task_that_is_put_back_in_the_queue_skips_what_is_done(folder):
    run(folder, 1)
    assert "0 extracted, 2 already done" in run(folder, 1)[1]


def test_failed_videos_make_a_failed_job_only_if_asked_for(folder):
    (folder / "videos" / "v0.mp4").write_text("no video")
    code, log = run(folder, 1)
    assert code == 0
    assert f"videos failed: see {folder}/store/failures.csv" in log
    assert run(folder, 1, STRICT="yes")[0] == 3


def test_a_part_can_be_run_alone(folder):
    code, log = run(folder, 2, SLURM_ARRAY_TASK_COUNT="1", PARTS="3")
    assert code == 0, log
    assert stored(folder) == ["v1", "v4"]


def test_what_cannot_work_fails_the_job(folder):
    assert run(folder, 1, VENV=str(folder / "none"))[0] != 0
    assert run(folder, 4)[0] == 2
