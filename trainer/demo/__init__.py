"""The command ``demo``: the whole job on videos that it draws itself."""
