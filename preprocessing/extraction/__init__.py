"""The command ``extract``: videos into a store, in one process or many."""
