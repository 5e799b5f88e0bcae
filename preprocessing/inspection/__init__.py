"""The command ``inspect``: shows a store as a list or a picture, and changes nothing."""
