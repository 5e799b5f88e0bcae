"""Pages that show answers and figures; nothing is measured here."""
