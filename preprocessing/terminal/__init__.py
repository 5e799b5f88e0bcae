"""The terminal, options and files of options of every command; no videos and no stores."""
