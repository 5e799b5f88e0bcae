"""Advice: remarks on what was measured, each with the flag that answers it; it measures nothing."""
