"""The command ``demo``: the whole job on sample videos, with the carry and without it."""

from pathlib import Path
from typing import Any, Literal

from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.files.outputs import require_folder
from preprocessing.labels.class_colours import class_colours
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from trainer.config import TrainConfig
from trainer.demo.options import DemoConfig
from trainer.demo.videos import Samples, make_samples
from trainer.evaluation.command import evaluate
from trainer.evaluation.options import EvaluateConfig
from trainer.report.curves import learning_curves
from trainer.report.footage import footage
from trainer.report.page import confusion_rows, render
from trainer.report.strips import class_strips, with_footage
from trainer.run.folder import Run
from trainer.training.command import train

State = Literal["carry", "reset"]
STATES: tuple[State, ...] = ("carry", "reset")


def run_demo(config: DemoConfig) -> int:
    """Runs the command ``demo``; see ``DemoConfig``.

    Raises:
        InputError: there are too few videos.
    """
    require_folder("--out", config.out)
    if config.videos < 6:
        raise InputError(f"--videos {config.videos}: expected at least 6, two for each split")
    say(f"1/4  making {config.videos} videos of {config.seconds:g} s in {config.out / 'videos'}")
    samples = make_samples(config.out, config.videos, config.seconds, config.seed)
    say("2/4  extracting features (EfficientNet-Lite0, 4 frames a second)")
    store = config.out / "store"
    if any(
        r.outcome not in ("extracted", "skipped")
        for r in extract(ExtractConfig((samples.videos,), store))
    ):
        say(f"some videos could not be read: see {store / 'failures.csv'}")
        return SOME_FAILED
    results: dict[str, dict[str, Any]] = {}
    runs: dict[str, Run] = {}
    for number, state in enumerate(STATES, start=3):
        say(f"{number}/4  training and evaluating with --state {state}")
        runs[state] = train(_training(config, samples, store, state))
        # Raw: what the carry is worth is to be seen, not what a decoder makes up for.
        results[state] = evaluate(EvaluateConfig(runs[state].path, decode="none"))
    report = config.out / "report.html"
    _write_report(report, runs, results)
    say(*_table(results))
    say(f"report: {report}")
    return DONE


def _training(config: DemoConfig, samples: Samples, store: Path, state: State) -> TrainConfig:
    return TrainConfig(
        store=store,
        labels=(samples.labels,),
        splits=samples.splits,
        run=config.out / "runs" / state,
        state=state,
        chunk_length=32,
        units=64,
        # Drawn pictures leave most features all but constant; to give these unit variance would
        # only teach the model the grain of each training video.
        normalize="none",
        epochs=config.epochs,
        seed=config.seed,
    )


def _table(results: dict[str, dict[str, Any]]) -> list[str]:
    line = "{:<14}{:>14}{:>8}{:>8}{:>8}"
    lines = [line.format("", "frames right", "F1", "edit", "F1@50")]
    for state, metrics in results.items():
        share = f"{100 * metrics['accuracy']:.1f} %"
        rest = (f"{metrics[name]:.3f}" for name in ("f1", "edit", "f1@50"))
        lines.append(line.format(f"--state {state}", share, *rest))
    return ["", *lines, ""]


def _write_report(path: Path, runs: dict[str, Run], results: dict[str, dict[str, Any]]) -> None:
    classes = results["carry"]["classes"]
    predictions = {
        state: run.evaluation_path("test") / "predictions.h5" for state, run in runs.items()
    }
    strips = class_strips(classes, predictions)
    infos = FeatureStore(runs["carry"].config.store).uniform([s.sequence_id for s in strips])
    render(
        path,
        "demo.html",
        title="Longtake demo: carry and reset",
        results=results,
        legend=list(zip(classes, class_colours(classes), strict=True)),
        strips=with_footage(strips, footage(infos)),
        classes=classes,
        confusions={s: confusion_rows(results[s]["confusion"]) for s in results},
        curves=learning_curves({state: run.history for state, run in runs.items()}),
    )
