"""The command ``inspect``: what is in a store, as a list or a picture; nothing is changed."""
