"""The commands ``evaluate`` and ``compare``: what answers are worth."""
