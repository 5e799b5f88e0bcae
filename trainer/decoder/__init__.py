"""A decoder makes one likely course of classes of raw answers; no model is known here."""
