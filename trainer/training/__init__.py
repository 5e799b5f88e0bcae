"""The command ``train``: data, epochs, updates and what is kept of them."""
