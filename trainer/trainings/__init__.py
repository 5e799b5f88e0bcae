"""Trainings in processes of their own: one or several at a time, to be gone on with at any time."""
