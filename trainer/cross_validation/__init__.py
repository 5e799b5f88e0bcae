"""The command ``cross-validate``: each sequence is answered by a model that was not trained on it."""
