"""``longtake``: all commands, those of preprocessing and those of the trainer."""

from preprocessing import cli as preprocessing_cli
from preprocessing import console
from preprocessing.console import Command

COMMANDS = {
    "train": Command(
        "trains a model on a store and labels",
        "trainer.config:TrainConfig",
        "trainer.loop:run_train",
    ),
    "evaluate": Command(
        "metrics, predictions and a report on held-out sequences",
        "trainer.evaluate_options:EvaluateConfig",
        "trainer.evaluation:run_evaluate",
    ),
    "compare": Command(
        "evaluated runs side by side, sequence by sequence",
        "trainer.compare_options:CompareConfig",
        "trainer.comparison:run_compare",
    ),
    "predict": Command(
        "labels for videos, or a store, that have none",
        "trainer.predict_options:PredictConfig",
        "trainer.labelling:run_predict",
    ),
    "stream": Command(
        "answers for a camera, a stream or a file as it happens",
        "trainer.stream_options:StreamConfig",
        "trainer.stream:run_stream",
    ),
    "export": Command(
        "a run's model for programs that have no Longtake",
        "trainer.export_options:ExportConfig",
        "trainer.export:run_export",
    ),
    "tune": Command(
        "searches options of train for the best on validation",
        "trainer.search_space:TuneConfig",
        "trainer.tune:run_tune",
    ),
    "demo": Command(
        "the whole job on sample videos that it makes itself",
        "trainer.demo_options:DemoConfig",
        "trainer.demo:run_demo",
    ),
}


def main() -> int:
    """Runs ``longtake`` and returns its exit code."""
    return console.main("longtake", {**preprocessing_cli.COMMANDS, **COMMANDS})


def trainer_main() -> int:
    """Runs ``python -m trainer`` and returns its exit code."""
    return console.main("python -m trainer", COMMANDS)
