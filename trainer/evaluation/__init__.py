"""The commands ``evaluate`` and ``compare``: how good answers are."""
