"""The command line of ``longtake``: all commands of preprocessing and of the trainer."""

from preprocessing import cli as preprocessing_cli
from preprocessing.terminal import commands
from preprocessing.terminal.commands import Command

COMMANDS = {
    "train": Command(
        "trains a model on a store and labels",
        "trainer.repeats.options:RepeatedTrainConfig",
        "trainer.repeats.command:run_train",
        "trainer.recipes",
    ),
    "evaluate": Command(
        "metrics, predictions and a report on held-out sequences",
        "trainer.evaluation.options:EvaluateConfig",
        "trainer.evaluation.command:run_evaluate",
    ),
    "compare": Command(
        "evaluated runs side by side, sequence by sequence",
        "trainer.evaluation.compare_options:CompareConfig",
        "trainer.evaluation.comparison:run_compare",
    ),
    "predict": Command(
        "labels for videos, or a store, that have none",
        "trainer.labelling.options:PredictConfig",
        "trainer.labelling.command:run_predict",
    ),
    "review": Command(
        "what is worth a look: likely label errors, unsure answers",
        "trainer.review.options:ReviewConfig",
        "trainer.review.command:run_review",
    ),
    "stream": Command(
        "answers for a camera, a stream or a file as it happens",
        "trainer.streaming.options:StreamConfig",
        "trainer.streaming.command:run_stream",
    ),
    "export": Command(
        "a run's model for programs that have no Longtake",
        "trainer.export.options:ExportConfig",
        "trainer.export.command:run_export",
    ),
    "tune": Command(
        "searches options of train for the best on validation",
        "trainer.tuning.options:TuneConfig",
        "trainer.tuning.command:run_tune",
        "trainer.recipes",
    ),
    "cross-validate": Command(
        "a training for each fold, figures over all held-out sequences",
        "trainer.cross_validation.options:CrossValidateConfig",
        "trainer.cross_validation.command:run_cross_validate",
        "trainer.recipes",
    ),
    "ensemble": Command(
        "a run of several, whose models answer together",
        "trainer.ensemble.options:EnsembleConfig",
        "trainer.ensemble.command:run_ensemble",
    ),
    "recipes": Command(
        "sets of options of train, with their reasons",
        "trainer.recipes.options:RecipesConfig",
        "trainer.recipes.command:run_recipes",
    ),
    "doctor": Command(
        "whether all that is needed is on this machine, and works",
        "trainer.doctor.options:DoctorConfig",
        "trainer.doctor.command:run_doctor",
    ),
    "demo": Command(
        "the whole job on sample videos that it makes itself",
        "trainer.demo.options:DemoConfig",
        "trainer.demo.command:run_demo",
    ),
}


def main() -> int:
    """Runs ``longtake`` and returns its exit code."""
    return commands.main("longtake", {**preprocessing_cli.COMMANDS, **COMMANDS})


def trainer_main() -> int:
    """Runs ``python -m trainer`` and returns its exit code."""
    return commands.main("python -m trainer", COMMANDS)
