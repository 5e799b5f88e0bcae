"""Answers to sequences: made by a model, written, read again; not what they are worth."""
