import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STUCK = """
import os, sys
from trainer.run.interruption import Interruption
from trainer.run.overdue import ended_when_overdue
with Interruption() as interruption, ended_when_overdue(interruption, 75, 0.2):
    print("ready", flush=True)
    {}
print("in order", flush=True)
raise SystemExit(75 if interruption else 0)
"""
WAITS = {
    "a read that never ends": "os.read(os.pipe()[0], 1)",
    "a write that nobody takes": "os.fdopen(os.pipe()[1], 'wb').write(bytes(1 << 20))",
    "a thread that never ends": "import queue; queue.Queue().get()",
}


def started(wait: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", STUCK.format(wait)]
    folder = Path(__file__).parents[2]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_signal_ends_what_is_stuck(wait):
    process = started(wait)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 75
    assert out == ""
    assert "SIGTERM" in err


def test_what_ends_in_time_ends_in_order():
    process = started("import time; [time.sleep(0.01) for _ in iter(lambda: not interruption, 0)]")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (75, "in order\n", "")
