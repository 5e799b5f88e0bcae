"""Metrics: how good predictions are, for each kind of task.

Steps without a label count nowhere. Where nothing can be counted, a value is None.
"""

from trainer.metrics.average_precision import RankedScores
from trainer.metrics.bootstrap import Bootstrap
from trainer.metrics.classification import ClassificationScorer
from trainer.metrics.multilabel import MultilabelScorer
from trainer.metrics.regression import RegressionScorer
from trainer.metrics.relaxed import RelaxedScorer
from trainer.metrics.segmental import Segment, Segments, edit_score, segment_hits, segments
from trainer.metrics.tallies import Tallies

__all__ = [
    "ANSWERED",
    "HEADLINES",
    "Bootstrap",
    "ClassificationScorer",
    "MultilabelScorer",
    "RankedScores",
    "RegressionScorer",
    "RelaxedScorer",
    "Segment",
    "Segments",
    "Tallies",
    "edit_score",
    "segment_hits",
    "segments",
]

_OF_CLASSES = {"precision": "precision", "recall": "recall", "f1": "F1", "jaccard": "Jaccard"}
_OF_RANKS = {"map": "mAP", "cmap": "calibrated mAP"}
# What a person wants to see first of a task, and what it is called.
HEADLINES = {
    "classification": {
        "accuracy": "accuracy",
        **_OF_CLASSES,
        **_OF_RANKS,
        "edit": "edit",
        "f1@10": "F1@10",
        "f1@25": "F1@25",
        "f1@50": "F1@50",
    },
    "multilabel": {**_OF_RANKS, **_OF_CLASSES, "accuracy": "all classes right"},
    "regression": {"mae": "MAE", "rmse": "RMSE", "r2": "R²"},
}
# Those of them that follow from the answers alone, not from how probabilities rank steps: what is
# decoded has these.
ANSWERED = {
    task: {name: label for name, label in names.items() if name not in _OF_RANKS}
    for task, names in HEADLINES.items()
}
