"""The command ``predict``: labels for videos and stores that have none."""
