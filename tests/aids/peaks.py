"""The peak memory of a program in a process of its own."""

import sys
from pathlib import Path

from forked import run

SHORT, LONG = 1_000, 24_000  # steps; the long features alone are 49 MB as float32
ALLOWED_MB = 32
PREPARE = """
import sys
from pathlib import Path
import numpy as np
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, settings_text
from preprocessing.store.feature_store import FeatureStore

def peak():
    # Not getrusage: what that tells begins with the peak of the process that started this one.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024

def steps_to_store(folder, steps, dimension=512):
    origin = Origin("s", "", "4.0", "test", "", settings_text())
    generator = np.random.default_rng(0)
    for name in ("s0", "s1", "s2"):
        length = steps if name == "s0" else 500
        with SequenceWriter(folder / "store" / f"{name}.h5", dimension, origin) as writer:
            for start in range(0, length, 500):
                block = generator.normal(size=(500, dimension)).astype("float16")
                writer.append((start + np.arange(500)) / 4, block)
    ends = {"s0": steps / 4, "s1": 125.0}
    rows = "\\n".join(f"{name},0,1,a\\n{name},1,{end},b" for name, end in ends.items())
    (folder / "labels.csv").write_text("sequence,start,end,label\\n" + rows + "\\ns2,0,125,a\\n")
"""


def peak_mb(work: str, folder: Path, size: int) -> float:
    """Peak resident memory in MB of a process that does some work of a size."""
    code = f"{PREPARE}{work}\nwork(Path(sys.argv[1]), {size})\nprint('peak', peak())"
    done = run([sys.executable, "-c", code, str(folder)])
    assert done.returncode == 0, done.stderr
    return float(done.stdout.rpartition("peak")[2])
