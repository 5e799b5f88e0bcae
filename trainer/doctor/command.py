"""The command ``doctor``: checks one by one, none of which stops another."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.terminal.console import say, send_json
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from trainer.doctor.devices import device_findings
from trainer.doctor.finding import ASK, Finding, cause
from trainer.doctor.machine import machine_findings
from trainer.doctor.options import DoctorConfig
from trainer.doctor.packages import package_findings
from trainer.doctor.videos import video_findings

Checks = Callable[[], Iterator[Finding]]


def run_doctor(config: DoctorConfig) -> int:
    """Runs the command ``doctor``; see ``DoctorConfig``.

    Returns:
        0; 3 if a check has failed.

    Raises:
        InputError: there is no such folder.
    """
    if not config.folder.is_dir():
        raise InputError(f"{config.folder} is no folder; give the one that stores are to lie in")
    found = []
    for finding in findings(config.folder):
        found.append(finding)
        if not config.json:
            say(*finding.lines())
    failed = [finding.name for finding in found if finding.state == "failed"]
    if config.json:
        send_json({"ok": not failed, "checks": [asdict(finding) for finding in found]})
    else:
        say("", f"failed: {'; '.join(failed)}" if failed else "all that is needed works")
    return SOME_FAILED if failed else DONE


def findings(folder: Path) -> Iterator[Finding]:
    """Yields what all checks find.

    Args:
        folder: where stores and runs are to lie.
    """
    with tempfile.TemporaryDirectory(prefix="longtake-doctor-") as made:
        devices, videos = Path(made) / "devices", Path(made) / "videos"
        devices.mkdir()
        videos.mkdir()
        checks: dict[str, Checks] = {
            "packages": package_findings,
            "machine": lambda: machine_findings(folder),
            "devices": lambda: device_findings(devices),
            "videos": lambda: video_findings(videos),
        }
        for name, check in checks.items():
            yield from _guarded(name, check, {folder.absolute(): "FOLDER", Path(made): "TEMPORARY"})


def _guarded(name: str, check: Checks, shown: dict[Path, str]) -> Iterator[Finding]:
    """Yields what a check finds; an error that it did not foresee is a finding, too."""
    try:
        yield from check()
    except Exception as error:
        yield Finding(name, "failed", cause(f"{type(error).__name__}: {error}", shown), ASK)
