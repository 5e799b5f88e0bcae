"""A few seconds of video through everything: ``python -m trainer.doctor.journey FOLDER``.

A process of its own, as commands are. FOLDER/stages.jsonl gets a line when a stage is done.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from trainer.config import TrainConfig
from trainer.demo.videos import make_samples
from trainer.doctor.videos import SECONDS, STAGES, VIDEOS
from trainer.evaluation.command import evaluate
from trainer.evaluation.options import EvaluateConfig
from trainer.labelling.command import run_predict
from trainer.labelling.options import PredictConfig
from trainer.streaming.command import run_stream
from trainer.streaming.options import StreamConfig
from trainer.training.command import train


def main(folder: Path) -> None:
    """Makes videos and takes them through everything.

    Args:
        folder: an empty one.
    """
    samples = make_samples(folder / "samples", VIDEOS, SECONDS, 0)
    store, run = folder / "store", folder / "run"
    video = samples.videos / "job000.mp4"
    config = TrainConfig(
        store=store,
        labels=(samples.labels,),
        run=run,
        splits=samples.splits,
        units=16,
        epochs=1,
        tensorboard=False,
    )
    stages: dict[str, Callable[[], Any]] = {
        "extract": lambda: _require_extracted(extract(ExtractConfig((samples.videos,), store))),
        "train": lambda: train(config),
        "evaluate": lambda: evaluate(EvaluateConfig(run)),
        "predict": lambda: _require_done(run_predict(PredictConfig(run, (video,), folder / "out"))),
        "stream": lambda: _require_done(run_stream(StreamConfig(run, str(video)))),
    }
    for name, stage in stages.items():
        start = time.perf_counter()
        stage()
        with (folder / STAGES).open("a") as file:
            row = {"stage": name, "seconds": time.perf_counter() - start}
            file.write(json.dumps(row) + "\n")


def _require_extracted(results: list[Any]) -> None:
    if reasons := [one.message for one in results if one.outcome != "extracted"]:
        raise SystemExit(f"{len(reasons)} of {VIDEOS} videos were not extracted: {reasons[0]}")


def _require_done(code: int) -> None:
    if code:
        raise SystemExit(f"ended with {code}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
