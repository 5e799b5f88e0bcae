"""The command ``import``: features made elsewhere into a store."""
