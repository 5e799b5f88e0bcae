"""The folder of a run: what it holds, checkpoints, its lock; nothing is computed here."""
