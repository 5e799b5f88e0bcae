"""Slurm's commands as a test needs them: jobs run at once, one after the other, in order.

FOLDER/bin/sbatch, srun, ...   the commands; ``longtake`` and an environment of its own too
FOLDER/calls                   what longtake was called with, a line each
FOLDER/submitted               what sbatch was called with
FOLDER/jobs/17                 how job 17 ended: ok, failed or cancelled
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "slurm"
FIRST_JOB = 17

# Knows arrays (--array=1-N), afterok and --kill-on-invalid-dep; refuses a stage that REFUSED names.
SBATCH = r"""#!/usr/bin/env bash
echo "sbatch $*" >> '{folder}/submitted'
number=$(({first} + $(ls '{folder}/jobs' | wc -l))) array= after=
while [ "${{1#--}}" != "$1" ]; do
    case $1 in --array=*) array=${{1#*=}} ;; --dependency=afterok:*) after=${{1#*:}} ;; esac
    shift
done
script=$1
shift
if [ "$(basename "$script" .sbatch)" = "${{REFUSED-}}" ]; then
    echo "sbatch: error: invalid partition specified" >&2
    exit 1
fi
echo "$number"
if [ -n "$after" ] && [ "$(cat '{folder}/jobs/'"$after")" != ok ]; then
    echo cancelled > '{folder}/jobs/'$number
    exit
fi
if [ -z "$array" ]; then array=$(sed -n 's/^#SBATCH --array=//p' "$script"); fi
count=${{array#1-}} end=ok
for task in $(seq "${{count:-1}}"); do
    if [ -n "$array" ]; then
        export SLURM_ARRAY_JOB_ID=$number SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$count
    fi
    log='{folder}'/longtake-$number-$task.log
    SLURM_JOB_ID=$number SLURM_CPUS_PER_TASK=2 bash "$script" "$@" > "$log" 2>&1 || end=failed
done
echo $end > '{folder}/jobs/'$number
"""
SRUN = """#!/usr/bin/env bash
echo "srun $*" >> '{folder}/submitted'
while [ "${{1#--}}" != "$1" ]; do shift; done
exec "$@"
"""
NOTES = """#!/bin/sh
echo "$(basename "$0") $*" >> '{folder}/submitted'
"""
SCONTROL = """#!/bin/sh
if [ "$1" = show ]
then echo "   JobState=RUNNING Reason=None"
else echo "scontrol $*" >> '{folder}/submitted'
fi
"""
# Ends with the code of FAILED where FAILED begins with the name of the command, as train=2.
LONGTAKE = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> '{folder}/calls'
if [ "${{FAILED%=*}}" = "$1" ]; then exit "${{FAILED#*=}}"; fi
"""


class FakeSlurm:
    """A folder with Slurm's commands and an environment in which ``longtake`` writes down calls.

    Args:
        folder: gets them.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        (folder / "jobs").mkdir()
        (programs / "activate").write_text(f"PATH='{programs}':$PATH\n")
        commands = {"sbatch": SBATCH, "srun": SRUN, "scontrol": SCONTROL, "longtake": LONGTAKE}
        commands |= dict.fromkeys(("squeue", "scancel", "apptainer"), NOTES)
        for name, lines in commands.items():
            self.write(name, lines.format(folder=folder, first=FIRST_JOB))

    def write(self, name: str, lines: str) -> None:
        """Writes a command."""
        path = self.folder / "bin" / name
        path.write_text(lines)
        path.chmod(0o755)

    def use_real_longtake(self, code: str) -> None:
        """Has ``longtake`` be the command itself, started by Python with ``-c``."""
        self.write("longtake", f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$@\"\n")

    def run(self, *command: object, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with Slurm's at hand, in the folder."""
        environment = {
            **{name: value for name, value in os.environ.items() if "SLURM" not in name},
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "aids"), str(ROOT)]),
            "HOME": str(self.folder),
            "VENV": str(self.folder),
            **variables,
        }
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def read(self, name: str) -> list[str]:
        """Returns the lines of ``calls`` or ``submitted``."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    @property
    def ends(self) -> dict[int, str]:
        """The end of each job, by its number."""
        jobs = (self.folder / "jobs").iterdir()
        return {int(job.name): job.read_text().strip() for job in jobs}
