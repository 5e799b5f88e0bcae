"""Labels and splits as people have them; no video is opened for them, nothing is trained."""

from preprocessing.labels.base import LabelOptions, Labels, labelled

__all__ = ["LabelOptions", "Labels", "labelled"]
