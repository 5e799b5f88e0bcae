"""Opens a project with BORIS' own package, and prints what it finds.

BORIS is free software under the GPL, and no part of this project: it runs in an environment of its
own, for scripts/check_annotation_tools.py. Rows are sequence, start, end, class, with tabs.
"""

import argparse
import csv
import sys
import types
from importlib.util import find_spec

# Without its windows and its player, which need what a server lacks and no project is read by.
package, player = types.ModuleType("boris"), types.ModuleType("boris.mpv2")
package.__path__ = find_spec("boris").submodule_search_locations
player.sofile = ""
sys.modules |= {"boris": package, "boris.mpv2": player}

from boris import config as cfg  # noqa: E402
from boris import export_observation, project_functions  # noqa: E402


def main() -> int:
    """Prints the events of a project as BORIS aggregates them; returns 1 if it objects to any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project")
    path = parser.parse_args().project
    _, _, project, message = project_functions.open_project_json(path)
    faults = [message, project.get("error", "")]
    if not project.get("error"):
        faults.append(
            project_functions.check_project_integrity(
                project, cfg.HHMMSS, path, media_file_available=False
            )
        )
        for name, observation in project[cfg.OBSERVATIONS].items():
            whole, fault = project_functions.check_state_events_obs(
                name, project[cfg.ETHOGRAM], observation
            )
            faults.append("" if whole else fault)
    if any(faults):
        print(*filter(None, faults), file=sys.stderr, sep="\n")
        return 1
    writer = csv.writer(sys.stdout, dialect="excel-tab")
    for name in project[cfg.OBSERVATIONS]:
        for row in _aggregated(project, name):
            writer.writerow(row)
    return 0


def _aggregated(project: dict, name: str) -> list[tuple[str, str, str, str]]:
    """Returns what BORIS exports of an observation as aggregated events."""
    behaviours = [one["code"] for one in project[cfg.ETHOGRAM].values()]
    subjects = [one["name"] for one in project[cfg.SUBJECTS].values()]
    parameters = {
        cfg.SELECTED_SUBJECTS: [*subjects, cfg.NO_FOCAL_SUBJECT],
        cfg.SELECTED_BEHAVIORS: behaviours,
        cfg.INCLUDE_MODIFIERS: True,
        cfg.EXCLUDE_BEHAVIORS: False,
        "time": cfg.TIME_FULL_OBS,
        cfg.START_TIME: 0.0,
        cfg.END_TIME: 0.0,
    }
    rows, _ = export_observation.export_aggregated_events(project, parameters, name)
    found = []
    for row in rows:
        kind = next(at for at, cell in enumerate(row) if cell in ("STATE", "POINT"))
        behaviour = next(cell for cell in row if cell in behaviours)
        found.append((name, row[kind + 1], row[kind + 2], behaviour))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
