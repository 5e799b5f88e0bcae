"""A backbone on two devices: the same updates as on one device with all lanes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from frame_tasks import save_network, write_frame_task

ROOT = Path(__file__).parents[2]
AIDS = ROOT / "tests" / "aids"


@pytest.mark.slow
def test_two_devices_train_a_backbone_as_one_does(tmp_path):
    write_frame_task(tmp_path)
    save_network(tmp_path / "net.keras")
    command = [sys.executable, str(AIDS / "two_devices_finetuning.py"), str(tmp_path)]
    there = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=there)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 2
    assert all(line["apart"] < 1e-4 for line in lines)
