"""How much longer hypothesis searches if everything is asked for, and where it keeps that."""

LONGER = 10
# Where hypothesis keeps the settings of a test.
SETTINGS = "_hypothesis_internal_use_settings"
