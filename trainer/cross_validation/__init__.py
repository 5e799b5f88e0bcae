"""The command ``cross-validate``: each sequence is answered by a model that has not seen it."""
