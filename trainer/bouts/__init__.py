"""Bouts: how often and how long each class is shown, as tables."""
