"""The command ``stream``, and learning as data arrive: one step after the other."""
