"""How a recurrent layer is computed over a chunk, fast and exactly; models are not known here."""
