"""The network: its layers, the carry through them, its file; it is not trained here."""
