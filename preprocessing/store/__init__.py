"""A store of feature sequences, one HDF5 file each; does not know how features are made."""

from preprocessing.store.feature_store import FeatureStore

__all__ = ["FeatureStore"]
