"""Answers as annotations, in the files of the tools that people label with."""
