"""The command ``doctor``: whether all that Longtake needs is on this machine, and works."""
