"""Formats of label files: one module a format, told apart by what a file holds."""
