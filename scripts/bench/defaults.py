"""Which options are the best to begin with, by their mean rank over sets of different kinds.

python scripts/bench/defaults.py --vts FOLDER --gesture FOLDER --grid FOLDER
python scripts/bench/defaults.py --show        the tables of what has been trained so far

Each configuration is cross-validated on each set, by whole persons where they are known, with
several seeds; a seed deals the folds, too, and all configurations see the same ones. It may be
stopped at any time: what has been trained is kept under build/bench/defaults/results, a file for
each configuration, set and seed, and is not trained again.
"""

import json
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from defaults_configurations import configurations, flags
from defaults_sets import DEMO, FOLDER, GESTURE, GRID, VTS, StudySet, prepare
from measure import Facts, Table, machine, run, table, write

FIGURES = ("accuracy", "edit", "f1@10", "f1@25", "f1@50")


@dataclass(frozen=True)
class Options:
    """Cross-validates configurations on several sets."""

    vts: Path | None = None
    """Folder of the VTS data, with features/*.npy and labels/*.txt."""
    gesture: Path | None = None
    """Folder of the UCI Gesture Phase Segmentation data, with processed/*.csv."""
    grid: Path | None = None
    """Folder of the GRID data, with videos/*.mp4 and labels.csv."""
    demo: bool = True
    """Whether the videos of the demo are a set, too."""
    seeds: int = 3
    """How many seeds."""
    folds: int = 4
    """How many folds; a set of three persons has three."""
    jobs: int = 1
    """Folds that are trained at the same time."""
    only: tuple[str, ...] = ()
    """Names of configurations to train; by default all."""
    show: bool = False
    """Make tables of what has been trained, and train nothing."""


def main(options: Options) -> None:
    """Trains what is not trained yet, prints the tables and writes the JSON."""
    if not options.show:
        _train(options)
    results = _kept()
    tables = _tables(results)
    for name, made in tables.items():
        print("", name, "", table(*made), sep="\n")
    path = write("defaults.json", {"machine": machine(), "results": list(results)}, tables)
    print(f"written to {path}", file=sys.stderr)


def _train(options: Options) -> None:
    """Trains configuration by configuration on all sets, then again with the next seed."""
    sets = [*_sets(options)]
    for study_set, source in sets:
        prepare(study_set, source)
    for seed in range(options.seeds):
        for name in configurations():
            if options.only and name not in options.only:
                continue
            for study_set, _ in sets:
                _result(study_set, name, seed, options)


def _sets(options: Options) -> Iterator[tuple[StudySet, Path | None]]:
    given = {VTS: options.vts, GESTURE: options.gesture, GRID: options.grid}
    for study_set, source in given.items():
        if source:
            yield study_set, source
        else:
            print(f"{study_set.name} is left out: give --{study_set.name} FOLDER", file=sys.stderr)
    if options.demo:
        yield DEMO, None


def _result(study_set: StudySet, name: str, seed: int, options: Options) -> None:
    """Cross-validates a configuration on a set with a seed, if that has not been done."""
    data = map(str, study_set.options(options.folds))
    told = [*data, "--seed", str(seed), *flags(configurations()[name], study_set.fps)]
    place = f"{study_set.name}/{name.replace(' ', '-')}/{seed}"
    kept = FOLDER / "results" / f"{place}.json"
    if kept.exists() and json.loads(kept.read_text())["options"] == told:
        return
    print(f"{study_set.name}, {name}, seed {seed}", file=sys.stderr, flush=True)
    path = FOLDER / "runs" / place
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-m", "trainer", "cross-validate", *told, "--run", path)
    spent = run((*command, "--jobs", str(options.jobs), "--no-tensorboard", "--decoder", "none"))
    metrics = json.loads((path / "evaluation" / "test" / "metrics.json").read_text())
    histories = path.glob("folds/*/history.csv")
    epochs = [len(history.read_text().splitlines()) - 1 for history in histories]
    about = {"set": study_set.name, "configuration": name, "seed": seed, "options": told}
    figures = {figure: metrics[figure] for figure in FIGURES}
    found = {**about, **figures, "epochs": statistics.mean(epochs), "seconds": spent["wall"]}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found, indent=1) + "\n")
    shutil.rmtree(path)


def _kept() -> list[Facts]:
    """Returns the results of all configurations, sets and seeds that have been trained."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("results/*/*/*.json"))]


def _tables(results: Sequence[Facts]) -> dict[str, Table]:
    """Makes the table of mean ranks, and one for each set."""
    names = [name for name in configurations() if any(r["configuration"] == name for r in results)]
    by_set: dict[str, dict[str, list[Facts]]] = {}
    for result in results:
        by_set.setdefault(result["set"], {}).setdefault(result["configuration"], []).append(result)
    made = {"ranks": _ranks(by_set, names)}
    for name, found in by_set.items():
        columns = ("", *FIGURES, "mean", "from", "to", "epochs", "seconds")
        made[name] = columns, [_row(one, found[one]) for one in names if one in found]
    return made


def _ranks(by_set: Mapping[str, Mapping[str, Sequence[Facts]]], names: Sequence[str]) -> Table:
    """Ranks configurations in each set, among those that were trained on all of the sets.

    The rank is that of the mean of all figures, over all seeds.
    """
    whole = [name for name in names if all(name in found for found in by_set.values())]
    ranks: dict[str, list[int]] = {name: [] for name in whole}
    for found in by_set.values():
        scores = {name: statistics.mean(map(_score, found[name])) for name in whole}
        for name in whole:
            ranks[name].append(1 + sum(other > scores[name] for other in scores.values()))
    seeds = {name: min(len(found[name]) for found in by_set.values()) for name in whole}
    rows = [[name, statistics.mean(ranks[name]), *ranks[name], seeds[name]] for name in whole]
    return ("", "mean rank", *by_set, "seeds"), sorted(rows, key=lambda row: float(row[1]))


def _score(facts: Facts) -> float:
    return statistics.mean(facts[figure] for figure in FIGURES)


def _row(name: str, found: Sequence[Facts]) -> list[object]:
    """Returns the figures of a configuration in a set, in per cent, and the spread over seeds."""
    scores = [_score(facts) for facts in found]
    shares = [statistics.mean(facts[figure] for facts in found) for figure in FIGURES]
    spread = (statistics.mean(scores), min(scores), max(scores))
    epochs = statistics.mean(facts["epochs"] for facts in found)
    seconds = statistics.mean(facts["seconds"] for facts in found)
    return [name, *(f"{100 * share:.1f}" for share in (*shares, *spread)), epochs, seconds]


if __name__ == "__main__":
    main(tyro.cli(Options))
