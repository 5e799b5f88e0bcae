"""Recipes: sets of options of ``train`` for kinds of recordings, and the command ``recipes``."""
