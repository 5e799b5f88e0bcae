"""The command ``tune``: searches the options of ``train``."""
