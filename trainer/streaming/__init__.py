"""The command ``stream``, and learning from data as they arrive, one step after the other."""
