"""A store of feature sequences, an HDF5 file each; how features are made is not known here."""

from preprocessing.store.feature_store import FeatureStore

__all__ = ["FeatureStore"]
