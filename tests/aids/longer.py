"""The factor by which hypothesis searches longer if everything is asked for."""

LONGER = 10
# Where hypothesis keeps the settings of a test.
SETTINGS = "_hypothesis_internal_use_settings"
