"""Files and folders: whole, locked, walked, read without trust; no features and no labels."""
