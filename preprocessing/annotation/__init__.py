"""The command ``labels``: what people have said of sequences, looked at by itself."""
