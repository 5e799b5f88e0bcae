"""The command ``ensemble``: several runs as one, whose models answer together."""
