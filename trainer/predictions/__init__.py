"""Answers to sequences: made by a model, written and read again, but not judged."""
