"""Slurm's scripts, run by bash with the variables that Slurm sets."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import LONGTAKE

ROOT = Path(__file__).parents[2]
AIDS = ROOT / "tests" / "aids"
SCRIPT = ROOT / "scripts" / "slurm" / "extract.sbatch"
# `--backbone histogram` may take the place of the light one.
LIGHT = f"import light; {LONGTAKE}"


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
    command = f"#!/bin/sh\nexec '{sys.executable}' -c '{LIGHT}' \"$@\"\n"
    (programs / "longtake").write_text(command)
    (programs / "longtake").chmod(0o755)
    return tmp_path


def run(folder: Path, part: int, *options: str, **variables: str) -> tuple[int, str]:
    """Runs the script as task ``part`` of an array of three; returns its exit code and log."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(AIDS), str(ROOT)]),
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


TRAINING = {"one machine": "train.sbatch", "several": "train_nodes.sbatch"}
# Ends with the code of its number; told none it waits for a signal, as a training does.
STAND_IN = """
import os, sys, time
from pathlib import Path
from trainer.run.interruption import Interruption
codes = os.environ["CODES"].split()
print("longtake", *sys.argv[1:], flush=True)
if codes:
    sys.exit(int(codes[int(os.environ.get("SLURM_PROCID", 0))]))
with Interruption() as interruption:
    Path(os.environ["READY"]).touch()
    while not interruption:
        time.sleep(0.01)
    time.sleep(1.5)
    sys.exit(75)
"""
SCONTROL = """
if [ "$1" = show ]
then echo "   JobState=${{STATE:-RUNNING}} Reason=None"
else echo "$@" >> '{calls}'
fi
"""
# One process for each of CODES; as Slurm's own it ends with the highest code.
SRUN = """#!/bin/bash
while [ "$1" != bash ]; do shift; done
number=0
for code in ${CODES:-none}; do SLURM_PROCID=$number "$@" & number=$((number + 1)); done
highest=0
for process in $(jobs -p); do
    wait $process; code=$?
    if [ $code -gt $highest ]; then highest=$code; fi
done
exit $highest
"""


@pytest.fixture(params=TRAINING.values(), ids=TRAINING)
def script(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A folder in which longtake stands for a training, and Slurm's commands write down calls."""
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f"PATH='{programs}':$PATH\n")
    (programs / "stand_in.py").write_text(STAND_IN)
    write_program(programs / "longtake", f"exec '{sys.executable}' {programs}/stand_in.py \"$@\"")
    write_program(programs / "scontrol", SCONTROL.format(calls=tmp_path / "calls"))
    write_program(programs / "srun", SRUN)
    return tmp_path


def write_program(path: Path, lines: str) -> None:
    path.write_text(lines if lines.startswith("#!") else f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def begin(script: str, queue: Path, *options: object, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", str(SCRIPT.parent / script), *map(str, options)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "VENV": str(queue / "venv"),
            "STORE": "a store",
            "LABELS": "labels.csv",
            "RUN": str(queue / "run"),
            "READY": str(queue / "ready"),
            "CODES": "0",
            "SLURM_JOB_ID": "17",
            "SLURM_CPUS_PER_TASK": "2",
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(job: subprocess.Popen[str]) -> tuple[int, str]:
    log = job.communicate(timeout=60)[0]
    return job.returncode, log


def calls(queue: Path) -> list[str]:
    path = queue / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_a_training_gets_the_folders_and_what_follows_the_scripts_name(script, queue):
    code, log = ended(begin(script, queue, "--units", 8, "--ignore-label", "a b"))
    assert code == 0, log
    strategy = "--strategy multiworker " if script == TRAINING["several"] else ""
    given = f"--store a store --labels labels.csv --run {queue}/run --units 8 --ignore-label a b"
    assert f"longtake train {strategy}{given}\n" in log
    assert "start 1 on " in log
    assert calls(queue) == []


@pytest.mark.parametrize(
    ("ends_with", "restarts", "requeued"),
    [("75", "0", True), ("75", "99", True), ("75", "100", False), ("2", "0", False)],
)
def test_only_a_training_that_was_stopped_goes_back_into_the_queue_and_not_for_ever(
    script, queue, ends_with, restarts, requeued
):
    code, log = ended(begin(script, queue, CODES=ends_with, SLURM_RESTART_COUNT=restarts))
    assert code == int(ends_with), log
    assert calls(queue) == (["requeue 17"] if requeued else [])


@pytest.mark.parametrize("state", ["CANCELLED", "PENDING"])
def test_a_job_that_is_cancelled_or_in_the_queue_already_is_not_put_back(script, queue, state):
    assert ended(begin(script, queue, CODES="75", STATE=state))[0] == 75
    assert calls(queue) == []


@pytest.mark.parametrize(
    ("codes", "expected"), [("0 0", 0), ("75 75", 75), ("75 2", 2), ("1 75", 1), ("75 137", 137)]
)
def test_a_reason_counts_more_than_the_processes_that_lost_another(queue, codes, expected):
    code, log = ended(begin(TRAINING["several"], queue, CODES=codes))
    assert code == expected, log
    assert calls(queue) == (["requeue 17"] if expected == 75 else [])


@pytest.mark.parametrize("whom", ["the shell", "all processes"])
@pytest.mark.parametrize(
    "script",
    [
        TRAINING["one machine"],
        pytest.param("cross_validate.sbatch", marks=pytest.mark.slow),
        pytest.param("tune.sbatch", marks=pytest.mark.slow),
    ],
)
def test_one_machine_is_stopped_with_a_checkpoint_whomever_slurm_signals(queue, script, whom):
    job = begin(script, queue, CODES="")
    wait_for(queue / "ready")
    if whom == "the shell":
        job.terminate()
    else:
        os.killpg(job.pid, signal.SIGTERM)
    code, log = ended(job)
    assert code == 75, log
    assert calls(queue) == ["requeue 17"]


@pytest.mark.parametrize(
    "script", ["extract.sbatch", pytest.param("predict.sbatch", marks=pytest.mark.slow)]
)
def test_what_writes_no_checkpoints_ends_at_once_and_goes_back_as_well(queue, script):
    write_program(queue / "venv" / "bin" / "longtake", 'touch "$READY"; exec sleep 60')
    job = begin(script, queue, SLURM_ARRAY_JOB_ID="17", SLURM_ARRAY_TASK_ID="2")
    wait_for(queue / "ready")
    job.terminate()
    code, log = ended(job)
    assert code == 128 + signal.SIGTERM, log
    assert calls(queue) == ["requeue 17_2"]


def wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_a_real_training_goes_on_after_the_queue(memory_task, queue, tmp_path):
    real = f"exec '{sys.executable}' -c '{LONGTAKE}'"
    write_program(queue / "venv" / "bin" / "longtake", f'{real} "$@"')
    folders = {"STORE": str(memory_task[0]), "LABELS": str(memory_task[1])}
    options = ("--units", 5, "--chunk-length", 6, "--epochs", 300, "--patience", 300)
    job = begin(TRAINING["one machine"], queue, *options, "--no-tensorboard", **folders)
    wait_for(queue / "run" / "checkpoints")
    job.terminate()
    code, log = ended(job)
    assert code == 75, log
    assert "checkpoint written" in log
    options = ("--units", 5, "--chunk-length", 6, "--epochs", 3, "--no-tensorboard")
    code, log = ended(begin(TRAINING["one machine"], queue, *options, **folders))
    assert code == 0, log
