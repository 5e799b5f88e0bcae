"""A run as Python and notebooks use it: what it answers, draws and shows."""
