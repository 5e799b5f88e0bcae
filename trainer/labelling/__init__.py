"""The command ``predict``: labels for what has none."""
