"""Recurrent layers over a chunk, computed fast and exactly; models are not known here."""
