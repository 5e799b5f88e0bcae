"""Answers drawn into the videos that they are about."""
