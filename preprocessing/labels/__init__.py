"""Labels and splits in the forms that people have; opens no video and trains nothing."""

from preprocessing.labels.base import LabelOptions, Labels, labelled

__all__ = ["LabelOptions", "Labels", "labelled"]
