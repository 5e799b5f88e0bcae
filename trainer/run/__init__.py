"""The folder of a run: its files, its checkpoints and its lock; nothing is computed here."""
