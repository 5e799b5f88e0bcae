"""The configurations of the benchmark of defaults: one change each, and changes together."""

from collections.abc import Sequence

# What train is told: a value for each option, None for one that has none.
Configuration = dict[str, str | None]

# What was the default of each option when the study was begun; "s" stands for seconds of the set.
BEFORE: Configuration = {
    "--normalize": "train",
    "--shrinkage": "64",
    "--cell": "lstm",
    "--layers": "1",
    "--units": "128",
    "--dropout": "0.2",
    "--chunk-length": "64",
    "--optimizer": "adam",
    "--learning-rate": "0.001",
    "--schedule": "constant",
    "--epochs": "50",
    "--patience": "10",
}
# One change each.
CHANGES: dict[str, tuple[str, ...]] = {
    "normalize none": ("--normalize", "none"),
    "normalize running, 10 s": ("--normalize", "running", "--shrinkage", "10 s"),
    "normalize running, 30 s": ("--normalize", "running", "--shrinkage", "30 s"),
    "normalize running, 90 s": ("--normalize", "running", "--shrinkage", "90 s"),
    "schedule cosine": ("--schedule", "cosine"),
    "schedule cosine, 20 epochs": ("--schedule", "cosine", "--epochs", "20"),
    "learning-rate 0.003": ("--learning-rate", "0.003"),
    "learning-rate 0.0003": ("--learning-rate", "0.0003"),
    "units 64": ("--units", "64"),
    "units 256": ("--units", "256"),
    "dropout 0": ("--dropout", "0"),
    "dropout 0.5": ("--dropout", "0.5"),
    "layers 2": ("--layers", "2"),
    "layer-norm": ("--layer-norm",),
    "cell gru": ("--cell", "gru"),
    "chunk-length 5 s": ("--chunk-length", "5 s"),
    "chunk-length 30 s": ("--chunk-length", "30 s"),
    "weight-decay 0.01": ("--weight-decay", "0.01"),
    "weight-decay 1": ("--weight-decay", "1"),
    "smooth 0.15": ("--smooth", "0.15"),
    "smooth 1": ("--smooth", "1"),
}
RUNNING = ("--normalize", "running", "--shrinkage", "10 s")
LAYERS, UNITS, DROPOUT = ("--layers", "2"), ("--units", "256"), ("--dropout", "0.5")
COSINE = ("--schedule", "cosine", "--epochs", "20")
TOGETHER_SO_FAR = (*RUNNING, *LAYERS, "--dropout", "0.3")
FAST, SLOW = ("--learning-rate", "0.003"), ("--learning-rate", "0.0003")
# Changes together: what gained alone, with running normalisation, which gained most.
TOGETHER: dict[str, tuple[str, ...]] = {
    "running, layers 2": (*RUNNING, *LAYERS),
    "running, dropout 0.5": (*RUNNING, *DROPOUT),
    "running, layers 2, dropout 0.3": (*RUNNING, *LAYERS, "--dropout", "0.3"),
    "running, layers 2, dropout 0.5": (*RUNNING, *LAYERS, *DROPOUT),
    "running, units 256, dropout 0.5": (*RUNNING, *UNITS, *DROPOUT),
    "running, units 256, dropout 0.5, fast cosine": (*RUNNING, *UNITS, *DROPOUT, *COSINE, *FAST),
    "running, layers 2, units 256, dropout 0.5": (*RUNNING, *LAYERS, *UNITS, *DROPOUT),
    "running, layers 2, dropout 0.5, cosine": (*RUNNING, *LAYERS, *DROPOUT, *COSINE),
    "running, layers 2, dropout 0.5, slow": (*RUNNING, *LAYERS, *DROPOUT, *SLOW),
    "running, layers 2, dropout 0.3, smooth 0.15": (*TOGETHER_SO_FAR, "--smooth", "0.15"),
    "running, layers 2, dropout 0.3, smooth 1": (*TOGETHER_SO_FAR, "--smooth", "1"),
    "running, layers 2, dropout 0.3, smooth 4": (*TOGETHER_SO_FAR, "--smooth", "4"),
}


def configurations() -> dict[str, Configuration]:
    """Returns the options of each configuration by its name."""
    changed = {name: BEFORE | _pairs(change) for name, change in (CHANGES | TOGETHER).items()}
    return {"before": BEFORE, **changed}


def _pairs(change: Sequence[str]) -> Configuration:
    return {change[0]: None} if len(change) == 1 else dict(zip(*[iter(change)] * 2, strict=True))


def flags(configuration: Configuration, fps: float) -> list[str]:
    """Returns a configuration as it is told on the command line.

    Args:
        configuration: one of ``configurations``.
        fps: steps a second, by which seconds are turned into steps.
    """
    told: list[str] = []
    for option, value in configuration.items():
        told += [option] if value is None else [option, _steps(value, fps)]
    return told


def _steps(value: str, fps: float) -> str:
    """Returns a value as it is told; seconds as steps of a set."""
    number, _, unit = value.partition(" ")
    return str(max(1, round(float(number) * fps))) if unit == "s" else value
