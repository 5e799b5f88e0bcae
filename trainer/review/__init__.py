"""The command ``review``: what of recordings and labels is worth a person's minutes."""
