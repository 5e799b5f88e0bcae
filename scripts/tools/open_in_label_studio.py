"""Exports tasks with Label Studio's own converter, and prints what it finds.

The converter runs in an environment of its own, for scripts/check_annotation_tools.py. Rows are
video, first frame, last frame (from 1 on, the last included), class, with tabs; of annotations and
predictions alike.
"""

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface


def main() -> int:
    """Prints the ranges of all tasks; returns 1 if the interface does not take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    config = (folder / "interface.xml").read_text()
    interface = LabelInterface(config)
    interface.validate()
    tasks = json.loads((folder / "tasks.json").read_text())
    for task in tasks:
        for prediction in task["predictions"]:
            if faults := interface.validate_prediction(prediction, return_errors=True):
                print(*faults, file=sys.stderr, sep="\n")
                return 1
        # A prediction becomes an annotation once somebody submits it.
        task["annotations"] += [{"result": one["result"]} for one in task["predictions"]]
    controls = {one.get("name") for one in ElementTree.fromstring(config).iter("TimelineLabels")}
    writer = csv.writer(sys.stdout, dialect="excel-tab")
    for row in _exported(config, tasks):
        for control, results in row.items():
            for result in results if control in controls else ():
                for stretch in result["ranges"]:
                    label = result["timelinelabels"][0]
                    writer.writerow((row["video"], stretch["start"], stretch["end"], label))
    return 0


def _exported(config: str, tasks: list) -> list:
    """Returns the tasks as the converter exports them, in JSON-MIN."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "tasks.json"
        numbered = [
            {**task, "id": number, "annotations": [_numbered(at, one) for at, one in said]}
            for number, task in enumerate(tasks, 1)
            for said in [list(enumerate(task["annotations"], 1))]
        ]
        given.write_text(json.dumps(numbered))
        converter = Converter(config, folder, download_resources=False)
        converter.convert_to_json_min(str(given), folder, is_dir=False)
        return json.loads((Path(folder) / "result.json").read_text())


def _numbered(number: int, annotation: dict) -> dict:
    return {**annotation, "id": number, "completed_by": {"id": 1}}


if __name__ == "__main__":
    raise SystemExit(main())
