"""Decoded answers: asked for by options, written beside raw ones, said in words."""
