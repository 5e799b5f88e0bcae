"""The command ``export``: a model for programs that have no Longtake."""
