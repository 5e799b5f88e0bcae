"""Files and folders: whole, locked, walked, read without believing them; no features, no labels."""
