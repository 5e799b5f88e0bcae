"""What a command says and takes: the terminal, options, their files; no videos, no stores."""
